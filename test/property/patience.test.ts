import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../src/core/brands.js';
import { Breaker } from '../../src/page/breaker.js';
import { HttpTime } from '../../src/page/http-time.js';
import { PeerBook } from '../../src/peer/peer-book.js';
import type { TransferReport } from '../../src/protocol/bridge.js';
import { FakeClock } from '../support/fake-clock.js';
import { holds } from '../support/property.js';
import { transferReport } from '../support/reports.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

type Outcome = 'hit' | 'miss' | 'unheld' | 'lost';

const REPORTS: Readonly<Record<Exclude<Outcome, 'lost'>, TransferReport>> = {
  hit: transferReport({ peer: 9 }),
  miss: transferReport({ http: 9, fallback: 'deadline' }),
  unheld: transferReport({ http: 9, fallback: 'no-peers' }),
};

/** Requests, one after the other; `wait` is what passes before each (ms). */
const requests = (outcomes: readonly Outcome[]) =>
  fc.array(fc.record({ wait: fc.integer({ min: 0, max: MINUTE }), outcome: fc.constantFrom(...outcomes) }), {
    maxLength: 150,
  });

describe('the rest that peers are given', () => {
  const run = async (
    steps: readonly { wait: number; outcome: Outcome }[],
    seen: (allowed: boolean, outcome: Outcome, now: number) => void,
  ): Promise<void> => {
    const clock = new FakeClock();
    const breaker = new Breaker(clock);
    for (const [i, { wait, outcome }] of steps.entries()) {
      await clock.advance(wait);
      const allowed = breaker.allows(`${i}`);
      seen(allowed, outcome, clock.ticks());
      // Reports of what was not asked of peers come, too, and say nothing.
      if (outcome !== 'lost') breaker.learn({ ...REPORTS[outcome], url: `${i}` });
    }
  };

  it('never comes without four misses since the last hit or twelve in all, and ends within ten minutes', () =>
    holds(
      fc.asyncProperty(requests(['hit', 'miss', 'unheld', 'lost']), async (steps) => {
        let [misses, inARow, lastAllowed] = [0, 0, 0];
        await run(steps, (allowed, outcome, now) => {
          if (!allowed) {
            expect(inARow >= 4 || misses >= 12).toBe(true);
            expect(now - lastAllowed).toBeLessThan(10 * MINUTE);
            return;
          }
          lastAllowed = now;
          if (outcome === 'miss') [misses, inARow] = [misses + 1, inARow + 1];
          if (outcome === 'hit') inARow = 0;
        });
      }),
      100,
    ));

  it('lets fewer and fewer requests through while all of them miss', () =>
    holds(
      fc.asyncProperty(requests(['miss', 'lost']), async (steps) => {
        const times: number[] = [];
        await run(steps, (allowed, outcome, now) => {
          if (allowed && outcome === 'miss') times.push(now);
        });
        const rests = times.slice(4).map((at, i) => at - (times[i + 3] ?? 0));
        for (const [i, rest] of rests.entries()) {
          expect(rest).toBeGreaterThanOrEqual(Math.min(10 * MINUTE, 30 * SECOND * 2 ** i));
        }
      }),
      100,
    ));
});

describe('the rest that one peer is given', () => {
  const steps = fc.array(fc.record({ wait: fc.nat(20 * SECOND), strikes: fc.nat(5), verified: fc.nat(5) }), {
    maxLength: 100,
  });
  const meet = () => new PeerBook().enter({ key: 'key', pid: 'pid' as PeerId });

  it('is five minutes at most, and never comes to a peer that delivers as often as it fails', () =>
    holds(
      fc.property(steps, fc.boolean(), (all, isFair) => {
        const peer = meet();
        let now = 0;
        for (const { wait, strikes, verified } of all) {
          now += wait;
          for (let i = 0; i < strikes; i++) peer.strike(now);
          peer.count({ ok: isFair ? Math.max(verified, strikes) : verified });
          expect(peer.isResting(now + 5 * MINUTE)).toBe(false);
          if (isFair) expect(peer.rests).toBe(0);
        }
      }),
    ));
});

describe('what HTTP is expected to take', () => {
  const number = fc.oneof(fc.double(), fc.integer({ min: 0, max: 10_000 }));
  const report = fc
    .record(
      {
        destination: fc.constantFrom('image', 'video', ''),
        ...{ http: fc.nat(1e7), peer: fc.constantFrom(0, 0, 9), firstByte: number, duration: number },
        origin: fc.record({ after: number, failed: fc.boolean() }),
      },
      { requiredKeys: ['destination', 'http', 'peer', 'firstByte', 'duration'] },
    )
    .map(transferReport);

  it('is a time between nothing and five seconds, whatever is reported, and more for more bytes', () =>
    holds(
      fc.property(fc.array(report, { maxLength: 40 }), fc.nat(1e9), fc.nat(1e9), (reports, a, b) => {
        const time = new HttpTime();
        for (const one of reports) time.learn(one);
        for (const destination of ['image', 'video']) {
          const usual = time.expect(destination);
          expect(usual >= 0 && usual <= 5000).toBe(true);
          const [less, more] = [Math.min(a, b), Math.max(a, b)];
          expect(time.expect(destination, less)).toBeLessThanOrEqual(time.expect(destination, more));
        }
      }),
    ));
});
