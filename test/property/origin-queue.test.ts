import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OriginQueue } from '../../sw/origin-queue.js';
import { deferred, type Deferred } from '../../sw/timers.js';
import { SLOW } from '../../src/core/deadline.js';
import { Traffic } from '../../sw/traffic.js';
import { FakeClock } from '../support/fake-clock.js';
import { holds } from '../support/property.js';
import { seededRandom } from '../support/random.js';

/** What happens next: somebody comes, or what is done to number `at` of those who came. */
type Step =
  | { readonly does: 'enter'; readonly patient: boolean; readonly slow: boolean }
  | { readonly does: 'finish' | 'fail' | 'end' | 'break'; readonly at: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ does: fc.constant('enter' as const), patient: fc.boolean(), slow: fc.boolean() }),
    fc.record({ does: fc.constantFrom('finish', 'fail', 'end', 'break'), at: fc.nat({ max: 30 }) }),
  ),
  { maxLength: 80 },
) as fc.Arbitrary<Step[]>;

class Item {
  readonly #work: Deferred<undefined> = deferred();
  readonly #over: Deferred<undefined> = deferred();
  readonly taken: Promise<unknown>;
  begun = 0;
  /** Whether the work is done, or needs not be done any more. */
  isOver = false;

  constructor(queue: OriginQueue, { patient, slow }: Step & { does: 'enter' }) {
    const work = async (): Promise<void> => {
      this.begun++;
      await this.#work.promise;
    };
    this.taken = queue
      .take(work, { over: this.#over.promise, patient, slow })
      .then(() => 'taken')
      .catch((error: unknown) => error);
  }

  get isUnderWay(): boolean {
    return this.begun > 0 && !this.isOver;
  }

  do(does: Exclude<Step['does'], 'enter'>): void {
    const isOfWork = does === 'finish' || does === 'fail';
    if (isOfWork !== this.begun > 0) return;
    this.isOver = true;
    if (does === 'finish') this.#work.resolve(undefined);
    if (does === 'fail') this.#work.reject('failed');
    if (does === 'end') this.#over.resolve(undefined);
    if (does === 'break') this.#over.reject('broken');
  }
}

/** Every chain of promises in here is shorter. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe('the queue in front of an origin that is slow', () => {
  it('lets three through at a time, whatever comes, fails, and is over, and everybody in the end', () =>
    holds(
      fc.asyncProperty(steps, fc.nat(), async (all, seed) => {
        const clock = new FakeClock();
        const traffic = new Traffic(clock, () => undefined);
        void traffic.count(new Promise(() => undefined));
        await clock.advance(SLOW + 1);
        const queue = new OriginQueue(clock, traffic, seededRandom(seed));
        const items: Item[] = [];
        const check = (): void => {
          const underWay = items.filter((item) => item.isUnderWay).length;
          const waiting = items.filter(({ begun, isOver }) => begun === 0 && !isOver).length;
          expect(underWay).toBe(Math.min(3, underWay + waiting));
        };
        for (const step of all) {
          if (step.does === 'enter') items.push(new Item(queue, step));
          else items[step.at]?.do(step.does);
          await rest();
          check();
        }
        while (items.some(({ isOver }) => !isOver)) {
          for (const item of items) if (item.isUnderWay) item.do('finish');
          await rest();
          check();
        }
        await Promise.all(items.map(({ taken }) => taken));
        for (const { begun } of items) expect(begun).toBeLessThan(2);
      }),
      100,
    ));
});
