import { beforeEach, describe, expect, it } from 'vitest';
import type { RootPrefix } from '../../../src/core/brands.js';
import { LIVE_SECONDS, Wants } from '../../../src/page/wants.js';
import { FakeClock } from '../../support/fake-clock.js';

const prefix = (n: number) => n.toString(16).padStart(32, '0') as RootPrefix;

let clock: FakeClock;
let wants: Wants;

beforeEach(() => {
  clock = new FakeClock();
  wants = new Wants(clock);
});

/** What is sent: the number of a cancelled want, or that of a new one with its roots. */
function take(): (number | { q: number; roots: ReadonlySet<RootPrefix> })[] {
  return wants.take().map((message) => {
    if (message.t === 'cancel') return message.q;
    return { q: message.q, roots: new Set(message.roots) };
  });
}

/** Three wants of which the second is answered. */
function three(): void {
  for (let i = 0; i < 3; i++) {
    wants.add([prefix(i)]);
    take();
  }
  wants.answered(1);
}

describe('wants that came to nothing', () => {
  it('are cancelled and asked once more in one message, answered or not, with what is new', () => {
    three();
    expect(wants.add([prefix(1), prefix(7)], true)).toEqual([]);
    wants.add([prefix(8)]);
    const [newest, ...others] = take().reverse();
    expect(new Set(others)).toEqual(new Set([0, 1, 2]));
    expect(newest).toEqual({ q: 3, roots: new Set([0, 1, 2, 7, 8].map(prefix)) });
    expect(take()).toEqual([]);
  });

  it('are asked again once for each time that it is said', () => {
    three();
    wants.add([prefix(0)], true);
    take();
    wants.add([prefix(9)]);
    expect(take()).toEqual([{ q: 4, roots: new Set([prefix(9)]) }]);
  });

  it('count as unanswered until the new one is answered; a late answer to the old one is none', () => {
    three();
    wants.add([prefix(1)], true);
    take();
    expect(wants.add([prefix(1)])).toEqual([]);
    expect(wants.answered(1)).toBeUndefined();
    expect(wants.answered(3)).toMatchObject({ first: true });
    expect(wants.add([prefix(1)])).toEqual([prefix(1)]);
  });

  it('are only asked, not cancelled, when their time is over', async () => {
    three();
    await clock.advance(LIVE_SECONDS * 1000);
    wants.add([prefix(1)], true);
    expect(take()).toEqual([{ q: 3, roots: new Set([prefix(1)]) }]);
  });

  it('are all unanswered when the tracker goes', () => {
    three();
    wants.add([prefix(1)], true);
    take();
    expect(new Set(wants.drop())).toEqual(new Set([0, 1, 2].map(prefix)));
    expect(wants.waiting).toBe(false);
  });
});
