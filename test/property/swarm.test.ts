import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../src/core/brands.js';
import { MAX_FRAME } from '../../src/core/limits.js';
import { TokenBucket } from '../../src/core/token-bucket.js';
import { FakeClock } from '../support/fake-clock.js';
import { seededRandom } from '../support/random.js';
import { SEED } from '../support/property.js';
import { Content, Town, type Visitor } from '../support/swarm-town.js';
import { SwiftClock } from '../support/swift-clock.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How often each piece was asked of each peer: one request per piece begins at its first byte. */
function requestsPerPiece(visitor: Visitor): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { root, piece, begin } of visitor.requests) {
    if (begin !== 0) continue;
    const key = `${root}:${piece}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Either may be told of the other. */
function introduceOneWay(leecher: Visitor, seeder: Visitor, i: number): void {
  if (i % 2 === 0) leecher.meet(seeder);
  else seeder.meet(leecher);
}

describe('a token bucket', () => {
  it('never gives out more than burst and rate allow, in any stretch of time', async () => {
    const step = fc.record({ wait: fc.nat(500), amount: fc.integer({ min: 1, max: 1000 }) });
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 5000 }),
      async (steps, rate) => {
        const clock = new FakeClock();
        const bucket = new TokenBucket({ clock, rate, largest: 1000 });
        const taken: { at: number; amount: number }[] = [];
        for (const { wait, amount } of steps) {
          await clock.advance(wait);
          if (bucket.take(amount)) taken.push({ at: clock.ticks(), amount });
        }
        for (const [i, { at }] of taken.entries()) {
          let sum = 0;
          for (const later of taken.slice(i)) {
            sum += later.amount;
            const allowed = bucket.burst + (rate * (later.at - at)) / 1000;
            expect(sum).toBeLessThanOrEqual(allowed + 1e-6);
          }
        }
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: 40 });
  });
});

describe('a small swarm', () => {
  const seeders = fc.array(
    fc.record({
      bandwidth: fc.integer({ min: 50 * KIB, max: 4 * MIB }),
      latency: fc.integer({ min: 1, max: 120 }),
      uploadRate: fc.integer({ min: 100 * KIB, max: 4 * MIB }),
      share: fc.double({ min: 0.2, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 6 },
  );

  it('moves every byte exactly, within the upload caps, asking twice only with cause', async () => {
    const property = fc.asyncProperty(
      seeders,
      fc.integer({ min: 1, max: 3 * MIB }),
      fc.integer(),
      async (traits, length, seed) => {
        const clock = new SwiftClock();
        const town = new Town(clock);
        const random = seededRandom(seed);
        const content = new Content(`property ${seed}`, length);
        const leecher = town.visitor();
        const sources = traits.map(({ share, ...access }, i) => {
          const seeder = town.visitor(access);
          // The first one holds everything, so that the transfer can finish.
          seeder.hold(
            content,
            content.indexes.filter(() => i === 0 || random() < share),
          );
          introduceOneWay(leecher, seeder, i);
          return { seeder, uploadRate: access.uploadRate };
        });
        await town.until(() => leecher.swarm.stats().links === sources.length);
        leecher.need(content, { wait: 120_000 });
        const since = clock.ticks();
        while (!leecher.has(content)) {
          await clock.advance(50);
          if (leecher.misses.length > 0) throw new Error(`missed: ${JSON.stringify(leecher.misses)}`);
          for (const { seeder, uploadRate } of sources) {
            const burst = Math.max(MAX_FRAME, 0.25 * uploadRate);
            const allowed = burst + (uploadRate * (clock.ticks() - since)) / 1000;
            expect(seeder.swarm.stats().uploaded).toBeLessThanOrEqual(allowed);
          }
        }
        const asked = [...requestsPerPiece(leecher).values()].reduce((sum, count) => sum + count, 0);
        leecher.swarm.close();
        const causes = leecher.reports.reduce((sum, { slow }) => sum + slow, 0);
        expect(asked).toBeLessThanOrEqual(content.indexes.length + causes);
        expect(leecher.pieces).toHaveLength(content.indexes.length);
        expect(leecher.downs.every(({ reason }) => reason === 'closed')).toBe(true);
        town.close();
        await clock.advance(20_000);
        expect(clock.pending).toBe(0);
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: 25 });
  });

  it('gets the right bytes although most peers are hostile, and bans those', async () => {
    const kind = fc.constantFrom('flip', 'short', 'long', 'noise', 'silent', 'drop');
    const property = fc.asyncProperty(
      fc.array(kind, { minLength: 5, maxLength: 7 }),
      fc.integer(),
      async (kinds, seed) => {
        const clock = new SwiftClock();
        const town = new Town(clock);
        const content = new Content(`hostile ${seed}`, MIB + 77);
        const leecher = town.visitor();
        const honest = town.visitor({ bandwidth: MIB, latency: 40 });
        const liars = kinds.map((one, i) => town.visitor(hostile(one, seededRandom(seed + i))));
        [...liars, honest].forEach((seeder, i) => {
          seeder.holdAll(content);
          introduceOneWay(leecher, seeder, i);
        });
        await clock.advance(300);
        leecher.need(content, { wait: 60_000 });
        await town.until(() => leecher.has(content), 60_000);
        expect(leecher.misses).toEqual([]);
        const banned = new Set(
          leecher.downs.filter(({ reason }) => reason === 'banned').map(({ peer }) => peer.key),
        );
        expect(banned.has(honest.key)).toBe(false);
        town.close();
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: 25 });
  });
});

function hostile(kind: string, random: () => number): Parameters<Town['visitor']>[0] {
  const mangle = (frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined => {
    if (frame[0] !== 5) return frame;
    if (kind === 'silent') return undefined;
    if (kind === 'drop') return random() < 0.3 ? undefined : frame;
    if (kind === 'short') return frame.slice(0, Math.max(10, frame.byteLength - 1));
    if (kind === 'long') return Uint8Array.from([...frame, 0]);
    return frame.map((byte, i) => (i === 0 ? byte : Math.floor(256 * random())));
  };
  if (kind !== 'flip') return { corrupt: mangle };
  return {
    read: (right) => {
      const at = Math.floor(random() * right.byteLength);
      right[at] = (right[at] ?? 0) ^ (1 << Math.floor(8 * random()));
      return right;
    },
  };
}

/** What a tracker does for live wants: names one more holder to everybody who still lacks one. */
function introduce(
  leechers: readonly Visitor[],
  all: readonly Visitor[],
  content: Content,
  random: () => number,
): void {
  const holders = all.filter(({ held }) => held.has(content.root));
  for (const leecher of leechers) {
    const holder = holders[Math.floor(random() * holders.length)];
    if (holder && holder !== leecher && leecher.wanted.length > 0 && !leecher.has(content))
      leecher.meet(holder);
  }
}

describe('a swarm of a hundred', () => {
  it('spreads a file from two seeders to everybody, peers carrying nearly all of it', async () => {
    const clock = new SwiftClock();
    const town = new Town(clock);
    const random = seededRandom(SEED);
    const content = new Content('flash crowd', MIB);
    const all = Array.from({ length: 100 }, () =>
      town.visitor({ bandwidth: MIB, latency: 5 + Math.floor(random() * 40), uploadRate: MIB }),
    );
    const seeders = all.slice(0, 2);
    for (const seeder of seeders) seeder.holdAll(content);
    all.forEach((visitor, i) => {
      for (let n = 0; n < 4; n++) {
        const other = all[Math.floor(random() * Math.max(1, i))];
        if (other && other !== visitor) visitor.meet(other);
      }
    });
    await clock.advance(500);
    const leechers = all.slice(2);
    for (const leecher of leechers) leecher.need(content, { wait: 60_000 });
    while (!leechers.every((leecher) => leecher.has(content) || leecher.misses.length > 0)) {
      await clock.advance(200);
      introduce(leechers, all, content, random);
    }
    // Who finds all holders full goes to the origin.
    expect(leechers.filter(({ misses }) => misses.length > 0).length).toBeLessThanOrEqual(3);
    const stats = all.map(({ swarm }) => swarm.stats());
    expect(Math.max(...stats.map(({ links }) => links))).toBeLessThanOrEqual(8);
    const fromSeeders = (stats[0]?.uploaded ?? 0) + (stats[1]?.uploaded ?? 0);
    expect(fromSeeders).toBeLessThan(0.3 * leechers.length * MIB);
    const wasted = stats.reduce((sum, one) => sum + one.wasted, 0);
    expect(wasted).toBeLessThan(0.1 * leechers.length * MIB);
    town.close();
    await clock.advance(20_000);
    expect(clock.pending).toBe(0);
  });

  it('answers a need for one piece of every visitor at once', async () => {
    const clock = new SwiftClock();
    const town = new Town(clock);
    const content = new Content('one piece', 8 * MIB);
    const seeder = town.visitor({ swarm: { maxLinks: 8 }, bandwidth: 4 * MIB });
    seeder.holdAll(content);
    const leechers = Array.from({ length: 8 }, () => town.visitor());
    for (const leecher of leechers) leecher.meet(seeder);
    await clock.advance(100);
    leechers.forEach((leecher, i) => {
      leecher.need(content, { pieces: [i as PieceIndex], wait: 5000 });
    });
    await town.until(() => leechers.every(({ pieces }) => pieces.length === 1), 2000);
    town.close();
  });
});
