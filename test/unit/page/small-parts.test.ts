import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../../src/core/bitfield.js';
import type { ByteLength, CanonicalUrl, Root } from '../../../src/core/brands.js';
import { prefixOf } from '../../../src/core/brands.js';
import { Admissions } from '../../../src/page/admissions.js';
import { BackOff } from '../../../src/page/back-off.js';
import { Catalogue, MAX_CATALOGUE } from '../../../src/page/catalogue.js';
import { Holdings, type Holding } from '../../../src/page/holdings.js';
import { Layers, PEER_PATIENCE } from '../../../src/page/layers.js';
import { Ledger, MAX_RESOURCES } from '../../../src/page/ledger.js';
import { ANSWER_TIMEOUT, MAX_QUESTIONS, Questions, WAKE_AFTER } from '../../../src/page/questions.js';
import { IDLE_PATIENCE, isKeptWaiting, PROMPT, whenIdle } from '../../../src/page/quiet.js';
import { PULSE, WorkerLine } from '../../../src/page/worker-line.js';
import { toBase64Url } from '../../../src/protocol/base64.js';
import type { Identity } from '../../../src/protocol/seal.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/random.js';
import { JWS } from '../../support/samples.js';
import { transferReport } from '../../support/reports.js';

const rootOf = (n: number) => n.toString(16).padStart(64, '0').split('').reverse().join('') as Root;
const urlOf = (n: number) => `https://site.example/${n}.jpg` as CanonicalUrl;
const cut = { length: (4 * 65536) as ByteLength, piece: 65536 as ByteLength };

describe('back-off', () => {
  it('is spread over an interval that doubles up to a minute', () => {
    const highest = new BackOff(() => 1);
    expect(Array.from({ length: 9 }, () => highest.next())).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
    const lowest = new BackOff(() => 0);
    expect(Array.from({ length: 9 }, () => lowest.next())).toEqual(Array(9).fill(0));
  });

  it('starts anew when reset, and respects a time that was named', () => {
    const backOff = new BackOff(() => 0.5);
    backOff.next();
    backOff.next();
    backOff.reset();
    expect(backOff.next()).toBe(500);
    expect(backOff.next(30_000)).toBe(31_000);
  });
});

describe('admissions', () => {
  const jws = (exp: unknown) => `e30.${toBase64Url(new TextEncoder().encode(JSON.stringify({ exp })))}.c2ln`;

  function admissionsOf(clock: FakeClock, next: () => string | Promise<string>) {
    const state = { asked: 0 };
    const identity = { publicKey: 'key' } as Identity;
    const request = async () => {
      state.asked++;
      return { admission: await next(), receipt: 'r.e.c' };
    };
    return { state, admissions: new Admissions({ identity, clock, request }) };
  }

  it('are asked for once, and again well before they expire', async () => {
    const clock = new FakeClock();
    const { state, admissions } = admissionsOf(clock, () => jws(clock.now() / 1000 + 600));
    const [a, b] = await Promise.all([admissions.get(), admissions.get()]);
    expect(a).toBe(b);
    expect(a.receipt).toBe('r.e.c');
    expect(state.asked).toBe(1);
    expect(a.renewAt - clock.now()).toBe(510_000);
    await clock.advance(509_999);
    await admissions.get();
    expect(state.asked).toBe(1);
    await clock.advance(1);
    await admissions.get();
    expect(state.asked).toBe(2);
  });

  it.each([undefined, null, 'x', -1, 0, NaN, 1e300])(
    'with exp %s are neither hammered nor kept for ever',
    async (exp) => {
      const clock = new FakeClock();
      const { admissions } = admissionsOf(clock, () => jws(exp));
      const life = (await admissions.get()).renewAt - clock.now();
      expect(life).toBeGreaterThanOrEqual(60_000);
      expect(life).toBeLessThanOrEqual(600_000);
    },
  );

  it('that are no JWS are kept for the shortest time', async () => {
    const clock = new FakeClock();
    for (const text of ['a.b.c', 'a.!!.c', 'x']) {
      const { admissions } = admissionsOf(clock, () => text);
      expect((await admissions.get()).renewAt).toBe(clock.now() + 60_000);
    }
  });

  it('are asked for anew when discarded, and after a failure', async () => {
    const clock = new FakeClock();
    let fails = true;
    const { state, admissions } = admissionsOf(clock, () =>
      fails ? Promise.reject(new Error('down')) : jws(clock.now() / 1000 + 600),
    );
    await expect(admissions.get()).rejects.toThrow('down');
    fails = false;
    await admissions.get();
    admissions.discard();
    await admissions.get();
    expect(state.asked).toBe(3);
  });
});

describe('the line to the worker', () => {
  it('has it stay awake while open, and wakes it when it lets a question pass', async () => {
    const clock = new FakeClock();
    let words = 0;
    const line = new WorkerLine(clock, () => words++);
    await clock.advance(PULSE);
    expect(words).toBe(0);
    line.open();
    await clock.advance(2 * PULSE);
    expect(words).toBe(3);
    const heard: number[] = [];
    const asked = line.reads.ask((id) => heard.push(id));
    await clock.advance(WAKE_AFTER - 1);
    expect(words).toBe(3);
    await clock.advance(1);
    expect(words).toBe(4);
    // It starts, and the page says hello: what it was asked before it never heard.
    line.again();
    expect(heard).toEqual([0, 0]);
    line.reads.answer(0, new Uint8Array(1));
    expect(await asked).toHaveLength(1);
    line.again();
    expect(heard).toHaveLength(2);
    line.close();
    expect(clock.pending).toBe(0);
  });
});

describe('questions', () => {
  it('are matched with their answers by number', async () => {
    const questions = new Questions<string>(new FakeClock(), () => undefined);
    const ids: number[] = [];
    const first = questions.ask((id) => ids.push(id));
    const second = questions.ask((id) => ids.push(id));
    questions.answer(ids[1] ?? -1, 'two');
    questions.answer(ids[0] ?? -1, 'one');
    questions.answer(ids[0] ?? -1, 'late');
    questions.answer(999, 'nobody asked');
    expect(await Promise.all([first, second])).toEqual(['one', 'two']);
  });

  it('may be answered from within the asking', async () => {
    const questions = new Questions<string>(new FakeClock(), () => undefined);
    expect(
      await questions.ask((id) => {
        questions.answer(id, 'at once');
      }),
    ).toBe('at once');
  });

  it('are answered with nothing in time, at the limit, and at the end', async () => {
    const clock = new FakeClock();
    let late = 0;
    const questions = new Questions<string>(clock, () => late++);
    const asked = Array.from({ length: MAX_QUESTIONS }, () => questions.ask(() => undefined));
    let posted = false;
    expect(await questions.ask(() => (posted = true))).toBeUndefined();
    expect(posted).toBe(false);
    await clock.advance(ANSWER_TIMEOUT);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([undefined]));
    expect(late, 'words to a worker that may have been stopped').toBe(MAX_QUESTIONS);
    const last = questions.ask(() => undefined);
    questions.close();
    expect(await last).toBeUndefined();
    expect(clock.pending).toBe(0);
  });
});

describe('holdings', () => {
  function holdingsOf() {
    const clock = new FakeClock();
    const shared: Holding[] = [];
    const unshared: Root[] = [];
    const holdings = new Holdings(clock, {
      share: (holding) => shared.push(holding),
      unshare: (root) => unshared.push(root),
    });
    const hold = (
      n: number,
      options: { bits?: number[]; until?: number; layer?: Uint8Array<ArrayBuffer> } = {},
    ) => {
      const field = new Bitfield(4);
      for (const bit of options.bits ?? [0]) field.set(bit);
      const { until = clock.now() + 600_000, layer } = options;
      holdings.hold({
        ...{ t: 'held', url: urlOf(n), token: JWS },
        root: rootOf(n),
        ...cut,
        bits: field.toBytes(),
        until,
        ...(layer ? { layer } : {}),
      });
    };
    return { clock, shared, unshared, holdings, hold };
  }

  it('grow, and keep the layer that came the first time', () => {
    const { shared, holdings, hold } = holdingsOf();
    const layer = new Uint8Array(128);
    hold(1, { bits: [0], layer });
    hold(1, { bits: [0, 1, 2, 3] });
    expect(shared.map(({ bits }) => bits.count)).toEqual([1, 4]);
    expect(shared[1]?.layer).toBe(layer);
    expect(holdings.isComplete(rootOf(1))).toBe(true);
    expect(holdings.isComplete(rootOf(2))).toBe(false);
    expect(holdings.all()).toHaveLength(1);
  });

  it('end when the worker says so, once', () => {
    const { unshared, holdings, hold } = holdingsOf();
    hold(1);
    holdings.drop(rootOf(1));
    holdings.drop(rootOf(1));
    expect(unshared).toEqual([rootOf(1)]);
  });

  it('end when they expire, though nobody says so', async () => {
    const { clock, unshared, hold } = holdingsOf();
    hold(1, { until: clock.now() + 5000 });
    hold(2, { until: clock.now() + 200_000 });
    await clock.advance(4999);
    expect(unshared).toEqual([]);
    await clock.advance(60_001);
    expect(unshared).toEqual([rootOf(1)]);
    await clock.advance(200_000);
    expect(unshared).toEqual([rootOf(1), rootOf(2)]);
    expect(clock.pending).toBe(0);
  });

  it('end after a sleep in which the clock jumped', async () => {
    const { clock, unshared, holdings, hold } = holdingsOf();
    hold(1, { until: clock.now() + 500_000 });
    clock.jump(3_600_000);
    expect(holdings.all()).toEqual([]);
    await clock.advance(60_000);
    expect(unshared).toEqual([rootOf(1)]);
  });

  it('are not taken when expired or when their bits do not fit', () => {
    const { clock, shared, holdings, hold } = holdingsOf();
    hold(1, { until: clock.now() });
    const odd = {
      t: 'held',
      url: urlOf(2),
      token: JWS,
      root: rootOf(2),
      ...cut,
      until: clock.now() + 9999,
    } as const;
    holdings.hold({ ...odd, bits: new Uint8Array(2) });
    holdings.hold({ ...odd, bits: new Uint8Array([0xff]) });
    expect(shared).toEqual([]);
  });

  it('are all withdrawn when the worker starts over', () => {
    const { clock, unshared, holdings, hold } = holdingsOf();
    hold(1);
    hold(2);
    holdings.clear();
    expect(unshared).toEqual([rootOf(1), rootOf(2)]);
    expect(clock.pending).toBe(0);
  });
});

describe('catalogue', () => {
  const known = (n: number, until: number) => ({
    url: `https://site.example/${n}` as CanonicalUrl,
    root: rootOf(n),
    cut,
    until,
  });

  it('turns prefixes into roots, and forgets the oldest', () => {
    const clock = new FakeClock();
    const catalogue = new Catalogue(clock);
    for (let n = 1; n <= MAX_CATALOGUE + 1; n++) catalogue.add(known(n, clock.now() + 1000));
    expect(catalogue.rootOf(prefixOf(rootOf(1)))).toBeUndefined();
    expect(catalogue.rootOf(prefixOf(rootOf(2)))).toBe(rootOf(2));
  });

  it('wants what is current and missing, the latest at most 256', async () => {
    const clock = new FakeClock();
    const catalogue = new Catalogue(clock);
    for (let n = 1; n <= 300; n++) catalogue.add(known(n, clock.now() + 1000));
    catalogue.add(known(400, clock.now() + 10));
    await clock.advance(20);
    const wanted = catalogue.wanted((root) => root !== rootOf(300)).map(({ root }) => root);
    expect(wanted).toHaveLength(256);
    expect(wanted.at(-1)).toBe(rootOf(299));
    expect(wanted).not.toContain(rootOf(400));
  });

  it('does not forget a longer validity for a shorter one', async () => {
    const clock = new FakeClock();
    const catalogue = new Catalogue(clock);
    catalogue.add(known(1, clock.now() + 10_000));
    catalogue.add(known(1, clock.now() + 10));
    await clock.advance(100);
    expect(catalogue.wanted(() => true)).toHaveLength(1);
  });
});

describe('layers', () => {
  function layersOf(request: () => Promise<Uint8Array<ArrayBuffer>>) {
    const clock = new FakeClock();
    const seen = { requests: 0, delivered: [] as Root[], failures: 0 };
    const layers = new Layers({
      clock,
      request: () => {
        seen.requests++;
        return request();
      },
      deliver: (root) => seen.delivered.push(root),
      failed: () => seen.failures++,
    });
    return { clock, layers, seen };
  }
  const bytes = new Uint8Array(128);

  it('come from a peer when one is quick', async () => {
    const { clock, layers, seen } = layersOf(() => Promise.resolve(bytes));
    layers.need(rootOf(1), cut, true);
    await clock.advance(PEER_PATIENCE - 1);
    layers.came(rootOf(1), bytes);
    await clock.advance(1000);
    expect(seen).toEqual({ requests: 0, delivered: [rootOf(1)], failures: 0 });
  });

  it('come from the hash service otherwise, once', async () => {
    const { clock, layers, seen } = layersOf(() => Promise.resolve(bytes));
    layers.need(rootOf(1), cut, true);
    layers.need(rootOf(1), cut, true);
    await clock.advance(PEER_PATIENCE);
    expect(seen).toEqual({ requests: 1, delivered: [rootOf(1)], failures: 0 });
  });

  it('are asked for at once where there is no peer to wait for', async () => {
    const { clock, layers, seen } = layersOf(() => Promise.resolve(bytes));
    layers.need(rootOf(1), cut, false);
    await clock.advance(0);
    expect(seen.requests).toBe(1);
  });

  it('are not delivered twice when both answer', async () => {
    let answer: (layer: Uint8Array<ArrayBuffer>) => void = () => undefined;
    const { clock, layers, seen } = layersOf(() => new Promise((resolve) => (answer = resolve)));
    layers.need(rootOf(1), cut, false);
    await clock.advance(0);
    layers.came(rootOf(1), bytes);
    answer(bytes);
    await settle();
    expect(seen.delivered).toEqual([rootOf(1)]);
  });

  it('may fail, and may be needed again then', async () => {
    const { clock, layers, seen } = layersOf(() => Promise.reject(new Error('down')));
    layers.need(rootOf(1), cut, false);
    await clock.advance(0);
    layers.need(rootOf(1), cut, false);
    await clock.advance(0);
    expect(seen).toEqual({ requests: 2, delivered: [], failures: 2 });
    layers.need(rootOf(1), cut, true);
    layers.close();
    expect(clock.pending).toBe(0);
  });
});

describe('ledger', () => {
  it('keeps totals for ever and the latest transfers only', () => {
    const ledger = new Ledger();
    const random = seededRandom(5);
    let peer = 0;
    for (let i = 0; i < MAX_RESOURCES + 10; i++) {
      const bytes = Math.floor(random() * 1000);
      peer += bytes;
      ledger.add(transferReport({ url: `https://site.example/${i}`, peer: bytes, http: 1 }));
    }
    expect(ledger.bytes).toEqual({ peer, store: 0, cache: 0, http: MAX_RESOURCES + 10, wasted: 0 });
    expect(ledger.resources).toHaveLength(MAX_RESOURCES);
    expect(ledger.resources[0]?.url).toBe('https://site.example/10');
  });

  it('hands out copies', () => {
    const ledger = new Ledger();
    ledger.resources.push(transferReport());
    expect(ledger.resources).toEqual([]);
  });
});

describe('an origin that keeps the page waiting', () => {
  const taking = (ms: number, requestStart = 10) => ({ requestStart, responseEnd: requestStart + ms });

  it('is one whose quickest file was slow', () => {
    expect(isKeptWaiting([taking(PROMPT + 1), taking(5000)], 0)).toBe(true);
    expect(isKeptWaiting([taking(PROMPT), taking(5000)], 0)).toBe(false);
  });

  it('is not one that is far away', () => {
    expect(isKeptWaiting([taking(PROMPT + 1)], 0.4)).toBe(false);
    expect(isKeptWaiting([taking(800)], 200)).toBe(false);
    expect(isKeptWaiting([taking(900)], 200)).toBe(true);
  });

  it('is not one of which nothing is known', () => {
    expect(isKeptWaiting([], 0)).toBe(false);
    expect(isKeptWaiting([taking(5000, 0)], 0)).toBe(false);
  });
});

describe('waiting for an idle moment', () => {
  const page = { document: { readyState: 'complete' }, addEventListener: () => undefined };

  it('asks the browser, with an end to its patience', async () => {
    const timeouts: number[] = [];
    await whenIdle(
      {
        ...page,
        requestIdleCallback: (run, { timeout }) => {
          timeouts.push(timeout);
          run();
        },
      },
      new FakeClock(),
    );
    expect(timeouts).toEqual([IDLE_PATIENCE]);
  });

  it('waits a turn where the browser cannot tell', async () => {
    const clock = new FakeClock();
    let idle = false;
    void whenIdle(page, clock).then(() => (idle = true));
    await settle();
    expect(idle).toBe(false);
    await clock.advance(1);
    expect(idle).toBe(true);
  });
});
