import { describe, expect, it } from 'vitest';
import {
  BUSY_SHARE,
  CAUTIOUS_UPLOAD,
  DEFAULT_MONTH,
  DEFAULT_SESSION,
  DEFAULT_UPLOAD,
  RESERVE,
} from '../../../src/page/upload-budget.js';
import { UPLOAD_CAP } from '../../../src/page/visitor-cap.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { DESKTOP, fakeMemory } from '../../support/fake-visitor.js';
import { budgetOf, holding } from '../../support/upload-budgets.js';

const MIB = 2 ** 20;
const FRAME = 32 * 1024;
const PHONE = { userAgent: 'Mozilla/5.0 (iPhone) Mobile Safari', maxTouchPoints: 5 };
const on = (type: string) => ({ ...DESKTOP, connection: { type } });
const DAY = 24 * 3600_000;

/** Takes frames until one is refused, or `most` bytes are taken; returns the bytes. */
function drain({ budget }: ReturnType<typeof budgetOf>, most = Infinity, frame = FRAME): number {
  let taken = 0;
  while (taken < most && budget.take(frame)) taken += frame;
  return taken;
}

describe('the rate', () => {
  it.each([
    ['unknown on a desktop, is a cautious one', DESKTOP, {}, CAUTIOUS_UPLOAD, 'network'],
    ['unknown on a desktop, is what the site has set', DESKTOP, { upload: 9e6 }, 9e6, undefined],
    ['unknown on a phone, is none', PHONE, {}, 0, 'network'],
    ['unknown on a phone, is none whatever the site has set', PHONE, { upload: 9e6 }, 0, 'network'],
    ['known to be free, is the full one', on('wifi'), {}, DEFAULT_UPLOAD, undefined],
    ['known to be free, is what the site has set', on('ethernet'), { upload: 5 }, 5, undefined],
    ['cellular, is none', on('cellular'), { upload: 9e6 }, 0, 'network'],
    ['known to be free, is none where the site wants none', on('wifi'), { upload: 0 }, 0, undefined],
  ])('on a network that is %s', (_, device, options, rate, limit) => {
    const { budget } = budgetOf({ device, options });
    budget.receive(holding(1, MIB));
    expect(budget.rate).toBe(rate);
    expect(budget.limit).toBe(limit);
  });

  it.each([
    ['less than the site allows', '300000', {}, 300_000, 'visitor'],
    ['nothing', '0', {}, 0, 'visitor'],
    ['more than the site allows', '9000000', { upload: 5 }, 5, undefined],
    ['as much as the site allows, again', '', {}, DEFAULT_UPLOAD, undefined],
    ['what is no number', 'much', {}, DEFAULT_UPLOAD, undefined],
    ['less than nothing', '-1', {}, DEFAULT_UPLOAD, undefined],
  ])('is at most what the visitor gives, here %s', (_, cap, options, rate, limit) => {
    const memory = fakeMemory({ [UPLOAD_CAP]: cap });
    const { budget } = budgetOf({ device: on('wifi'), options, memory });
    budget.receive(holding(1, MIB));
    expect(budget.rate).toBe(rate);
    expect(budget.limit).toBe(limit);
  });

  it("heeds the visitor's cap at the next look, and on a metered network gives nothing still", () => {
    const memory = fakeMemory();
    const connection = { type: 'wifi' };
    const { budget, rates } = budgetOf({ device: { ...DESKTOP, connection }, memory });
    budget.receive(holding(1, MIB));
    memory.set(UPLOAD_CAP, '1000');
    budget.review();
    connection.type = 'cellular';
    budget.review();
    expect(rates).toEqual([DEFAULT_UPLOAD, 1000, 0]);
  });

  it('follows the network once it is looked at again', () => {
    const connection = { type: 'wifi' };
    const { budget, rates } = budgetOf({ device: { ...DESKTOP, connection } });
    budget.receive(holding(1, MIB));
    connection.type = 'cellular';
    budget.review();
    connection.type = 'wifi';
    budget.review();
    budget.review();
    expect(rates).toEqual([DEFAULT_UPLOAD, 0, DEFAULT_UPLOAD]);
  });

  it("makes way for the pages' own requests, and never ends by them", () => {
    const { budget, rates } = budgetOf({ device: on('wifi') });
    budget.receive(holding(1, MIB));
    budget.busy = true;
    expect(budget.limit).toBe('busy');
    budget.busy = false;
    expect(budget.limit).toBeUndefined();
    expect(rates).toEqual([DEFAULT_UPLOAD, DEFAULT_UPLOAD * BUSY_SHARE, DEFAULT_UPLOAD]);
  });

  it('makes way for a page that still loads', () => {
    const page = Object.assign(new EventTarget(), { document: { readyState: 'interactive' } });
    const { budget } = budgetOf({ device: on('wifi'), page });
    budget.receive(holding(1, MIB));
    expect(budget.rate).toBe(DEFAULT_UPLOAD * BUSY_SHARE);
    page.document.readyState = 'complete';
    page.dispatchEvent(new Event('load'));
    expect(budget.rate).toBe(DEFAULT_UPLOAD);
  });
});

describe('what was received', () => {
  it('may be uploaded once, and nothing before', async () => {
    const visitor = budgetOf();
    expect(visitor.budget.rate).toBe(0);
    expect(visitor.budget.limit).toBe('ratio');
    expect(visitor.budget.take(1)).toBe(false);
    await settle();
    visitor.budget.receive(holding(1, 10 * FRAME));
    visitor.budget.receive(holding(2, 5 * FRAME));
    expect(visitor.budget.rate).toBe(CAUTIOUS_UPLOAD);
    // The last byte ends the offer: nobody is to ask in vain first.
    expect(drain(visitor, 15 * FRAME)).toBe(15 * FRAME);
    await settle();
    expect(visitor.budget.rate).toBe(0);
    expect(visitor.budget.limit).toBe('ratio');
    expect(drain(visitor)).toBe(0);
  });

  it('counts each piece once, to the byte, the layer included', () => {
    const visitor = budgetOf();
    const length = 2 * 65536 + 77;
    visitor.budget.receive(holding(1, length, 1));
    visitor.budget.receive(holding(1, length, 1));
    expect(drain(visitor, Infinity, 1024)).toBe(65536);
    visitor.budget.receive(holding(1, length));
    visitor.budget.receive({ ...holding(1, length), layer: new Uint8Array(96) });
    expect(drain(visitor, Infinity, 1)).toBe(65536 + 77 + 96);
  });

  it('stays received when it is not held any more', () => {
    const visitor = budgetOf();
    visitor.budget.receive(holding(1, 4 * 65536));
    visitor.budget.receive(holding(1, 4 * 65536, 1));
    expect(drain(visitor)).toBe(4 * 65536);
  });

  it.each([
    [0, 0],
    [0.5, 5],
    [3, 30],
  ])('may be uploaded %s times if the site says so', (uploadRatio, frames) => {
    const visitor = budgetOf({ options: { uploadRatio } });
    visitor.budget.receive(holding(1, 10 * FRAME));
    expect(drain(visitor)).toBe(frames * FRAME);
  });

  it('is not offered again for every piece that comes', async () => {
    const visitor = budgetOf();
    let pieces = 160;
    visitor.budget.receive(holding(1, 100 * MIB, pieces));
    drain(visitor);
    await settle();
    for (; pieces < 800; pieces++) {
      visitor.budget.receive(holding(1, 100 * MIB, pieces));
      drain(visitor, visitor.budget.rate > 0 ? Infinity : 0);
      await settle();
    }
    // 40 MiB came, and were offered in parts of 1 MiB.
    expect(visitor.rates.filter((rate) => rate > 0).length).toBeGreaterThan(30);
    expect(visitor.rates.filter((rate) => rate > 0).length).toBeLessThanOrEqual(41);
  });

  it('ends the offer at a frame that does not fit, until one does', async () => {
    const visitor = budgetOf({ options: { uploadRatio: 1.5 } });
    visitor.budget.receive(holding(1, FRAME));
    expect(drain(visitor)).toBe(FRAME);
    await settle();
    expect(visitor.budget.rate).toBe(0);
    visitor.budget.receive(holding(2, 1000));
    expect(visitor.budget.rate).toBe(0);
    visitor.budget.receive(holding(3, FRAME));
    expect(visitor.budget.rate).toBe(CAUTIOUS_UPLOAD);
  });

  it('begins anew with the visit', () => {
    const memory = fakeMemory({ visit: 'visit1@0' });
    const visitor = budgetOf({ memory });
    visitor.budget.receive(holding(1, 10 * FRAME));
    expect(drain(visitor, 5 * FRAME)).toBe(5 * FRAME);
    memory.set('visit', 'visit2@7200000');
    visitor.budget.review();
    expect(visitor.budget.rate).toBe(0);
    visitor.budget.receive(holding(1, 10 * FRAME));
    expect(drain(visitor)).toBe(10 * FRAME);
  });
});

describe('the caps', () => {
  const plenty = { uploadRatio: 1e6 };

  it('have defaults', () => {
    const session = budgetOf({ options: plenty });
    session.budget.receive(holding(1, 64 * MIB));
    expect(drain(session, Infinity, MIB)).toBe(DEFAULT_SESSION);
    const month = budgetOf({ options: { ...plenty, uploadSession: 1e15 } });
    month.budget.receive(holding(1, 64 * MIB));
    expect(drain(month, Infinity, RESERVE)).toBe(DEFAULT_MONTH);
  });

  it('of a visit ends with the visit, that of a month does not', async () => {
    const memory = fakeMemory({ visit: 'visit1@0' });
    const options = { ...plenty, uploadSession: 5 * FRAME, uploadMonth: 8 * FRAME };
    const first = budgetOf({ memory, options });
    first.budget.receive(holding(1, MIB));
    expect(drain(first)).toBe(5 * FRAME);
    await settle();
    expect(first.budget.limit).toBe('session');
    memory.set('visit', 'visit2@0');
    const second = budgetOf({ memory, options });
    second.budget.receive(holding(1, MIB));
    expect(drain(second)).toBe(3 * FRAME);
    await settle();
    expect(second.budget.limit).toBe('month');
  });

  it('of a month is there again in the next, and a reserve of the old one is not', async () => {
    const clock = new FakeClock();
    const memory = fakeMemory({ visit: 'visit1@0' });
    const visitor = budgetOf({ memory, clock, options: { ...plenty, uploadMonth: 8 * FRAME } });
    visitor.budget.receive(holding(1, MIB));
    expect(drain(visitor, FRAME)).toBe(FRAME);
    clock.jump(31 * DAY - 1);
    expect(drain(visitor, FRAME)).toBe(FRAME);
    clock.jump(1);
    expect(drain(visitor)).toBe(8 * FRAME);
    await settle();
    expect(visitor.budget.rate).toBe(0);
    clock.jump(28 * DAY);
    visitor.budget.review();
    expect(visitor.budget.rate).toBe(CAUTIOUS_UPLOAD);
  });

  it('hold over pages, tabs and crashes', () => {
    const memory = fakeMemory({ visit: 'visit1@0' });
    const options = { ...plenty, uploadSession: 3 * RESERVE };
    const tab = () => {
      const one = budgetOf({ memory, options });
      one.budget.receive(holding(1, MIB));
      return one;
    };
    const [left, crashed, last] = [tab(), tab(), tab()];
    expect(drain(left, RESERVE / 2)).toBe(RESERVE / 2);
    left.budget.release();
    left.budget.release();
    expect(drain(crashed, FRAME)).toBe(FRAME);
    // The crashed page has counted a whole reserve.
    expect(drain(last)).toBe(3 * RESERVE - RESERVE / 2 - RESERVE);
  });

  it('are counted before they are used, and written once in a few megabytes', () => {
    const memory = fakeMemory({ visit: 'visit1@0' });
    let writes = 0;
    const counting = {
      ...memory,
      set: (name: string, value: string) => {
        writes++;
        memory.set(name, value);
      },
    };
    const visitor = budgetOf({ memory: counting, options: plenty });
    visitor.budget.receive(holding(1, MIB));
    expect(visitor.budget.take(FRAME)).toBe(true);
    expect(memory.get('uploaded')).toBe(`visit1 ${RESERVE} 2026-01 ${RESERVE}`);
    drain(visitor, 3 * RESERVE - FRAME);
    expect(writes).toBe(3);
    visitor.budget.take(FRAME);
    visitor.budget.release();
    const used = 3 * RESERVE + FRAME;
    expect(memory.get('uploaded')).toBe(`visit1 ${used} 2026-01 ${used}`);
  });

  it.each([
    '',
    'nonsense',
    'visit1 -5 2026-01 -5',
    'visit1 NaN 2026-01 NaN',
    'visit1 1e99 2026-01 1e99',
    '[]',
  ])('take what is unreadable (%s) for nothing, and write over it', (kept) => {
    const memory = fakeMemory({ visit: 'visit1@0', uploaded: kept });
    const visitor = budgetOf({ memory });
    visitor.budget.receive(holding(1, 2 * FRAME));
    expect(drain(visitor)).toBe(2 * FRAME);
    expect(memory.get('uploaded')).toBe(`visit1 ${2 * FRAME} 2026-01 ${2 * FRAME}`);
  });

  it('believe counts beyond all caps', () => {
    const memory = fakeMemory({ visit: 'visit1@0', uploaded: 'visit1 0 2026-01 999999999999999' });
    const visitor = budgetOf({ memory });
    visitor.budget.receive(holding(1, MIB));
    expect(visitor.budget.rate).toBe(0);
    expect(visitor.budget.limit).toBe('month');
  });
});
