import { beforeEach, describe, expect, it } from 'vitest';
import { MOST_TURN, OriginQueue, type QueueOptions } from '../../../sw/origin-queue.js';
import { deferred, type Deferred } from '../../../sw/timers.js';
import { Traffic } from '../../../sw/traffic.js';
import { SLOW } from '../../../src/core/deadline.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

/** One entry, in the hands of the test: begun when its turn comes, over when the test says so. */
interface Item {
  readonly name: string;
  readonly work: Deferred<undefined>;
  readonly over: Deferred<undefined>;
  readonly taken: Promise<void>;
}

/** What `random` gives so that number `at` of `waiting` is next. */
const inPlace = (at: number, waiting: number): number[] => [0.99, (at + 0.5) / waiting];

let clock: FakeClock;
let traffic: Traffic;
let queue: OriginQueue;
/** What `random` gives next; when there is nothing here, what was asked for last is next. */
let dice: number[];
let begun: string[];

beforeEach(() => {
  clock = new FakeClock();
  traffic = new Traffic(clock, () => undefined);
  dice = [];
  queue = new OriginQueue(clock, traffic, () => dice.shift() ?? 0);
  begun = [];
});

function enter(name: string, options: Partial<QueueOptions> = {}): Item {
  const [work, over] = [deferred<undefined>(), deferred<undefined>()];
  const taken = queue.take(
    async () => {
      begun.push(name);
      await work.promise;
    },
    { over: over.promise, patient: false, slow: true, ...options },
  );
  taken.catch(() => undefined);
  return { name, work, over, taken };
}

function enterAll(names: string, options: Partial<QueueOptions> = {}): Item[] {
  return Array.from(names, (name) => enter(name, options));
}

async function finish(...items: (Item | undefined)[]): Promise<void> {
  for (const item of items) item?.work.resolve(undefined);
  await settle();
}

/** A request that does not end, for long; returns what ends it. */
async function overrun(): Promise<() => Promise<void>> {
  const { promise, resolve } = deferred<undefined>();
  const counted = traffic.count(promise);
  await clock.advance(SLOW + 1);
  return async () => {
    resolve(undefined);
    await counted;
  };
}

describe('in front of the origin', () => {
  it('nobody waits while it is quick', async () => {
    enterAll('abcdefgh', { slow: false });
    await settle();
    expect(begun.join('')).toBe('abcdefgh');
  });

  it.each([
    ['the page finds', true],
    ['requests under way tell', false],
  ])('three at a time are let through when %s it slow', async (_, slow) => {
    if (!slow) await overrun();
    const items = enterAll('abcdef', { slow });
    await settle();
    expect(begun.join('')).toBe('abc');
    await finish(items[1]);
    expect(begun.join('')).toBe('abcf');
    await finish(items[0], items[2], items[5]);
    expect(begun.join('')).toBe('abcfed');
    await finish(...items);
    await Promise.all(items.map(({ taken }) => taken));
  });

  it('all go that only its requests held up, once these are over', async () => {
    const recover = await overrun();
    const items = enterAll('abcdef', { slow: false });
    await recover();
    await settle();
    expect(begun.join('')).toBe('abc');
    await finish(items[0]);
    expect(begun.join('')).toBe('abcdef');
  });

  it('what was asked for last goes first about half of the time, else anything at random', async () => {
    const [first, second, third] = enterAll('abcdefgh');
    dice = [0.49];
    await finish(first);
    expect(begun.at(-1)).toBe('h');
    dice = inPlace(2, 4);
    await finish(second);
    expect(begun.at(-1)).toBe('f');
    dice = inPlace(0, 3);
    await finish(third);
    expect(begun.at(-1)).toBe('d');
  });

  it('what peers are about to bring lets others go first', async () => {
    const [first, second, third] = enterAll('abc');
    enter('d', { patient: true });
    enter('e');
    enter('f', { patient: true });
    await finish(first);
    expect(begun.at(-1)).toBe('e');
    await finish(second, third);
    expect(begun.slice(4).sort()).toEqual(['d', 'f']);
  });
});

describe('a place in the queue', () => {
  it.each(['resolve', 'reject'] as const)(
    'is given back when it is over before its turn: %s',
    async (how) => {
      const items = enterAll('abcdef');
      const [first, second, third, , , last] = items;
      last?.over[how](undefined);
      await last?.taken;
      await finish(first, second, third);
      expect(begun.join('')).toBe('abced');
    },
  );

  it.each(['resolve', 'reject'] as const)('lasts to the end of the work that was begun: %s', async (how) => {
    const [first] = enterAll('abcd');
    first?.over[how](undefined);
    await settle();
    expect(begun.join('')).toBe('abc');
    await finish(first);
    expect(begun.join('')).toBe('abcd');
  });

  it('is no place any more when it is over at the very moment of its turn', async () => {
    const items = enterAll('abcde');
    const [first, second, , fourth] = items;
    fourth?.over.resolve(undefined);
    first?.work.resolve(undefined);
    await settle();
    // Whichever was noticed first, it is begun at most once, and the turn is not lost.
    await finish(fourth, second);
    expect(begun.filter((name) => name === 'd').length).toBeLessThan(2);
    expect(begun).toContain('e');
  });

  it('passes on after a while when the work hangs, once, and that goes on', async () => {
    const [first, second, third] = enterAll('abcdefgh');
    await finish(second, third);
    expect(begun.join('')).toBe('abchg');
    await clock.advance(MOST_TURN - 1);
    expect(begun.join('')).toBe('abchg');
    await clock.advance(1);
    expect(begun.join('')).toBe('abchgfed');
    enterAll('ij');
    await finish(first);
    expect(begun.join('')).toBe('abchgfed');
    await expect(first?.taken).resolves.toBeUndefined();
  });

  it('passes on when the work fails, and the failure goes to who asked', async () => {
    const [first, second] = enterAll('abcd');
    first?.work.reject(new Error('refused'));
    await expect(first?.taken).rejects.toThrow('refused');
    expect(begun.join('')).toBe('abcd');
    const throwing = (): never => {
      throw new Error('at once');
    };
    const options = { over: new Promise(() => undefined), patient: false, slow: true };
    const thrown = expect(queue.take(throwing, options)).rejects.toThrow('at once');
    await finish(second);
    await thrown;
    enter('e');
    await settle();
    expect(begun.at(-1)).toBe('e');
  });
});
