import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/core/bitfield.js';
import { DATA_PAYLOAD, MAX_FRAME } from '../../src/core/limits.js';
import { UploadGate, type Sender } from '../../src/peer/upload-gate.js';
import { decodeFrame } from '../../src/protocol/peer.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeMemory } from '../support/fake-visitor.js';
import { holds } from '../support/property.js';
import { seededRandom } from '../support/random.js';
import { Content, Town } from '../support/swarm-town.js';
import { SwiftClock } from '../support/swift-clock.js';
import { budgetOf, holding } from '../support/upload-budgets.js';

const MIB = 2 ** 20;

/** Frames of random sizes for a link that drains at a rate of its own (bytes/s). */
class RandomSender implements Sender {
  sent = 0;
  #size: number;
  #buffered = 0;

  constructor(
    private readonly random: () => number,
    private readonly traits: { readonly drain: number; readonly largest: number },
  ) {
    this.#size = this.#draw();
  }

  nextSize(): number {
    return this.#isFull ? 0 : this.#size;
  }

  sendNext(): void {
    this.sent += this.#size;
    this.#buffered += this.#size;
    this.#size = this.#draw();
  }

  /** Time passes on the link. True when a full one has room again. */
  drain(ms: number): boolean {
    const wasFull = this.#isFull;
    this.#buffered = Math.max(0, this.#buffered - (this.traits.drain * ms) / 1000);
    return wasFull && !this.#isFull;
  }

  get #isFull(): boolean {
    return this.#buffered >= 2 * MAX_FRAME;
  }

  #draw(): number {
    return 1 + Math.floor(this.traits.largest * this.random());
  }
}

describe('the upload gate', () => {
  const link = fc.record({
    drain: fc.oneof(fc.constant(0), fc.integer({ min: 1000, max: 200_000 }), fc.constant(1e9)),
    largest: fc.integer({ min: 1000, max: MAX_FRAME }),
  });

  it('gives every link its fair share of the bytes, whatever its frames and however slow the others', async () => {
    const property = fc.asyncProperty(
      fc.array(link, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 100_000, max: 2_000_000 }),
      fc.integer(),
      async (links, rate, seed) => {
        const clock = new SwiftClock();
        const gate = new UploadGate({ clock, rate });
        // One that takes all it is given: the measure for the others.
        const traits = [{ drain: 1e9, largest: DATA_PAYLOAD }, ...links];
        const senders = traits.map((one, i) => new RandomSender(seededRandom(seed + i), one));
        const seconds = 20;
        for (let ms = 0; ms < 1000 * seconds; ms += 10) {
          for (const sender of senders) {
            if (sender.drain(10) || ms === 0) gate.enter(sender);
          }
          await clock.advance(10);
        }
        const slack = 4 * MAX_FRAME;
        const most = senders[0]?.sent ?? 0;
        senders.forEach(({ sent }, i) => {
          const able = (traits[i]?.drain ?? 0) * seconds;
          expect(sent).toBeLessThanOrEqual(most + slack);
          expect(sent).toBeGreaterThanOrEqual(Math.min(most, able) - slack);
        });
        const total = senders.reduce((sum, { sent }) => sum + sent, 0);
        expect(total).toBeGreaterThanOrEqual(rate * seconds - slack);
        gate.close();
      },
    );
    await holds(property, 40);
  });
});

describe('an upload budget', () => {
  const step = fc.oneof(
    fc.record({ tab: fc.nat(2), frames: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ tab: fc.nat(2), end: fc.constantFrom('release', 'crash', 'receive') }),
    fc.record({ days: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ visit: fc.constant(true) }),
  );

  it('of several tabs together never grants more than any cap, whatever closes or crashes', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 80 }),
      fc.record({
        uploadSession: fc.nat(30 * MIB),
        uploadMonth: fc.nat(60 * MIB),
        uploadRatio: fc.constantFrom(0.3, 1, 50),
      }),
      async (steps, options) => {
        const clock = new FakeClock();
        const memory = fakeMemory({ visit: 'visit0@0' });
        const open = () => budgetOf({ memory, clock, options });
        const tabs = [open(), open(), open()];
        const granted = { visit: 0, month: 0 };
        let [visits, received] = [0, 0];
        for (const one of steps) {
          if ('days' in one) {
            const before = new Date(clock.now()).getUTCMonth();
            clock.jump(one.days * 24 * 3600_000);
            if (new Date(clock.now()).getUTCMonth() !== before) granted.month = 0;
          } else if ('visit' in one) {
            memory.set('visit', `visit${++visits}@0`);
            // What a page has counted already belongs to the visit that it was counted in.
            for (const { budget } of tabs) budget.review();
            [granted.visit, received] = [0, 0];
          } else if ('frames' in one) {
            for (let i = 0; i < one.frames && tabs[one.tab]?.budget.take(DATA_PAYLOAD); i++) {
              granted.visit += DATA_PAYLOAD;
              granted.month += DATA_PAYLOAD;
            }
          } else if (one.end === 'release') tabs[one.tab]?.budget.release();
          else if (one.end === 'crash') tabs[one.tab] = open();
          else {
            received += MIB;
            // Whoever leads hears of all that is held.
            for (let i = 0; i < received / MIB; i++)
              for (const { budget } of tabs) budget.receive(holding(i, MIB));
          }
          expect(granted.visit).toBeLessThanOrEqual(options.uploadSession);
          expect(granted.visit).toBeLessThanOrEqual(options.uploadRatio * received);
          expect(granted.month).toBeLessThanOrEqual(options.uploadMonth);
        }
        await Promise.resolve();
      },
    );
    await holds(property, 150);
  });
});

describe('a swarm', () => {
  it('sends not one frame more than its budget, and all of that if asked', async () => {
    const property = fc.asyncProperty(
      fc.record({
        length: fc.integer({ min: 1, max: 2 * MIB }),
        leechers: fc.integer({ min: 1, max: 4 }),
        ratio: fc.constantFrom(0, 0.4, 1, 2.5),
        session: fc.oneof(fc.nat(3 * MIB), fc.constant(1e12)),
        heldFirst: fc.double({ min: 0, max: 1, noNaN: true }),
        latency: fc.integer({ min: 1, max: 80 }),
      }),
      fc.integer(),
      async ({ length, leechers, ratio, session, heldFirst, latency }, seed) => {
        const clock = new SwiftClock();
        const town = new Town(clock);
        const content = new Content(`budget ${seed}`, length);
        const options = { upload: 20 * MIB, uploadRatio: ratio, uploadSession: session };
        const { budget } = budgetOf({ clock, options, memory: fakeMemory({ visit: 'visit1@0' }) });
        let sent = 0;
        const seeder = town.visitor({
          latency,
          uploadRate: 0,
          swarm: { allowance: budget },
          corrupt: (frame) => {
            const parsed = decodeFrame(frame);
            if (parsed?.type === 'data') sent += parsed.payload.byteLength;
            return frame;
          },
        });
        const follow = (): void => {
          seeder.swarm.setUploadRate(budget.rate);
        };
        const others = Array.from({ length: leechers }, () => town.visitor({ latency }));
        for (const other of others) {
          other.meet(seeder);
          other.need(content, { wait: 8000 });
        }
        let received = 0;
        for (const share of [heldFirst, 1]) {
          const pieces = Math.ceil(share * content.indexes.length);
          const bits = new Bitfield(content.indexes.length);
          for (const index of content.indexes.slice(0, pieces)) bits.set(index);
          seeder.hold(content, content.indexes.slice(0, pieces));
          budget.receive({ ...holding(1, 1), root: content.root, cut: content.cut, bits });
          received = Math.min(length, pieces * content.cut.piece);
          for (let ms = 0; ms < 3000; ms += 20) {
            follow();
            await clock.advance(20);
            expect(sent).toBeLessThanOrEqual(Math.min(session, ratio * received));
          }
        }
        const allowed = Math.min(session, ratio * received, leechers * length);
        expect(sent).toBeGreaterThan(allowed - DATA_PAYLOAD - 1);
        expect(seeder.swarm.stats().uploaded).toBe(sent);
        town.close();
      },
    );
    await holds(property, 60);
  });
});
