import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanonicalUrl, Site } from '../../../src/core/brands.js';
import { compareQuantiles } from '../../../hasher-service/beacons/comparison.js';
import { Frequency } from '../../../hasher-service/beacons/frequency.js';
import { Sample } from '../../../hasher-service/beacons/sample.js';
import { SiteHour } from '../../../hasher-service/beacons/site-hour.js';
import { MAX_TOP, TopList } from '../../../hasher-service/beacons/top-list.js';
import { BEACON_BYTES, parseBeacon, type Beacon } from '../../../src/protocol/beacon.js';
import { parseTrackerReport } from '../../../src/protocol/figures.js';
import { holds } from '../../support/property.js';
import { seededRandom } from '../../support/random.js';

const time = fc.oneof(fc.nat({ max: 600_000 }), fc.nat({ max: 3 }), fc.nat({ max: 1000 }));
const times = fc.array(time, { maxLength: 50 });
const bytes = fc.nat({ max: 2 ** 36 });
// As many as are counted one by one: what is beyond goes to who came first.
const words = fc.dictionary(
  fc.constantFrom(...'a b c d e f g h i j k l m n o p q r s t'.split(' ')),
  fc.nat({ max: 10_000 }),
  {
    maxKeys: 5,
  },
);
const resource = fc.record({
  url: fc.nat({ max: 60 }).map((n) => `https://site.example/${n}.jpg` as CanonicalUrl),
  peer: bytes,
  http: bytes,
});
const beacon: fc.Arbitrary<Beacon> = fc.record(
  {
    v: fc.constant(1 as const),
    site: fc.constant('https://site.example' as Site),
    group: fc.constantFrom('peers' as const, 'control' as const),
    // Powers of two: their sums are exact in any order.
    share: fc.constantFrom(1, 0.5, 0.25, 0.125, 1 / 64),
    seconds: fc.nat({ max: 1000 }),
    paint: time,
    images: times,
    playback: fc.record({
      starts: fc.array(time, { maxLength: 10 }),
      stalls: fc.nat({ max: 20 }),
      stalled: fc.nat({ max: 100_000 }),
      // Parts of an hour that are exact, too.
      played: fc.nat({ max: 64 }).map((n) => (n * 3_600_000) / 64),
    }),
    bytes: fc.record(
      Object.fromEntries(BEACON_BYTES.map((name) => [name, bytes])) as unknown as Record<
        (typeof BEACON_BYTES)[number],
        typeof bytes
      >,
    ),
    links: fc.nat({ max: 8 }),
    reasons: words,
    errors: words,
    resources: fc.array(resource, { maxLength: 5 }),
  },
  {
    requiredKeys: [
      'v',
      'site',
      'group',
      'share',
      'seconds',
      'images',
      'playback',
      'bytes',
      'links',
      'reasons',
      'errors',
      'resources',
    ],
  },
);
const slotted = fc.array(fc.tuple(beacon, fc.nat({ max: 11 })), { maxLength: 12 });

function hourOf(all: readonly (readonly [Beacon, number])[]): SiteHour {
  const hour = new SiteHour();
  for (const [one, slot] of all) hour.add(one, slot, (url) => url);
  return hour;
}

/** What is written down, in an order that does not depend on that of what came. */
function written(hour: SiteHour): unknown {
  const plain = JSON.parse(JSON.stringify(hour)) as [
    unknown[],
    unknown[],
    object,
    object,
    unknown[],
    unknown[],
  ];
  const [peers, control, reasons, errors, resources, rows] = plain;
  return [[peers, control].map(sortedBins), reasons, errors, resources.map(String).sort(), rows];
}

function sortedBins(group: unknown): unknown {
  const [beacons, paint, images, starts, stalls] = group as number[][];
  const bins = (sample: number[] = []) =>
    Array.from({ length: (sample.length - 3) / 4 }, (_, i) =>
      sample.slice(3 + 4 * i, 7 + 4 * i).join(),
    ).sort();
  const samples = [paint, images, starts].map((sample = []) => [sample.slice(0, 3), bins(sample)]);
  return [beacons, samples, stalls];
}

describe('figures of an hour', () => {
  it('add up in any order and any grouping', () =>
    holds(
      fc.property(slotted, slotted, slotted, (a, b, c) => {
        const [left, right] = [hourOf(a), hourOf(c)];
        left.merge(hourOf(b));
        left.merge(hourOf(c));
        right.merge(hourOf(b));
        right.merge(hourOf(a));
        expect(written(left)).toEqual(written(hourOf([...a, ...b, ...c])));
        expect(written(right)).toEqual(written(left));
      }),
      100,
    ));

  it('are what they were when they are read again', () =>
    holds(
      fc.property(slotted, (all) => {
        const hour = hourOf(all);
        const text = JSON.stringify(hour);
        expect(JSON.stringify(SiteHour.read(JSON.parse(text)))).toBe(text);
      }),
      100,
    ));

  it('hold the sums of all pages, each by its share', () =>
    holds(
      fc.property(slotted, (all) => {
        const hour = hourOf(all);
        const peers = all.filter(([{ group }]) => group === 'peers');
        for (const source of BEACON_BYTES) {
          const expected = peers.reduce((sum, [one]) => sum + one.bytes[source] / one.share, 0);
          const found = Array.from({ length: 12 }, (_, slot) => hour.row(slot)[source]);
          expect(found.reduce((sum, count) => sum + count, 0)).toBe(expected);
        }
        expect(hour.peers.beacons).toBe(peers.length);
      }),
      100,
    ));

  it('stay small whatever is told', () => {
    const hour = new SiteHour();
    const random = seededRandom(7);
    const letters = (): string =>
      Array.from({ length: 6 }, () => String.fromCharCode(97 + random() * 26)).join('');
    const some = hourOf([]);
    expect(JSON.stringify(some).length).toBeLessThan(1000);
    for (let i = 0; i < 5000; i++) {
      const [one] = fc.sample(beacon, { numRuns: 1, seed: i });
      if (!one) continue;
      const url = `https://site.example/${letters()}` as CanonicalUrl;
      const made = {
        reasons: { [letters()]: 1 },
        errors: { [letters()]: 1 },
        resources: [{ url, peer: 1e11, http: 0 }],
      };
      hour.add({ ...one, ...made }, i % 12, (name) => name);
    }
    // As if every bin of every histogram were full.
    expect(JSON.stringify(hour).length).toBeLessThan(120_000);
    expect(hour.resources.size).toBe(MAX_TOP);
    expect(hour.reasons.sorted.length).toBeLessThanOrEqual(41);
  });

  it('are never read from what is anything else', () =>
    holds(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => SiteHour.read(value)).toThrow(TypeError);
      }),
    ));
});

describe('a sample', () => {
  it('has the quantiles of its times, but for half a bin', () =>
    holds(
      fc.property(
        fc.array(times, { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (pages, share) => {
          const sample = new Sample();
          for (const page of pages) sample.add(page);
          const sorted = pages.flat().sort((a, b) => a - b);
          const exact = sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)];
          const found = sample.quantile(share);
          expect(sample.count).toBe(sorted.length);
          if (exact === undefined || found === undefined)
            expect([exact, found]).toEqual([undefined, undefined]);
          else {
            expect(found).toBeGreaterThanOrEqual(exact / 1.051);
            expect(found).toBeLessThanOrEqual(exact * 1.051 + 1e-9);
          }
        },
      ),
    ));

  it('knows how much less pages of many times say, as counting page by page does', () =>
    holds(
      fc.property(fc.array(times, { minLength: 2, maxLength: 20 }), (pages) => {
        const filled = pages.filter((page) => page.length > 0);
        fc.pre(filled.length > 1);
        const sample = new Sample();
        for (const page of filled) sample.add(page);
        for (const share of [0.5, 0.9])
          expect(sample.designEffect(share)).toBeCloseTo(effectByHand(filled, share), 6);
      }),
    ));
});

/** The variance of the share of times in the bins up to the one nearest the quantile, over that of independent times. */
function effectByHand(pages: readonly (readonly number[])[], wanted: number): number {
  const binOf = (ms: number): number => (ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(1.05)));
  const all = pages.flat();
  const small = pages.length / (pages.length - 1);
  let best = {
    distance: 0.8 * Math.min(wanted, 1 - wanted),
    effect: pages.reduce((sum, page) => sum + page.length ** 2, 0) / all.length,
  };
  for (const edge of [...new Set(all.map(binOf))].sort((a, b) => a - b)) {
    const share = all.filter((ms) => binOf(ms) <= edge).length / all.length;
    const distance = Math.abs(share - wanted);
    if (distance >= best.distance) continue;
    const apart = pages.map((page) => page.filter((ms) => binOf(ms) <= edge).length - share * page.length);
    const variance = apart.reduce((sum, one) => sum + one * one, 0);
    best = { distance, effect: variance / (all.length * share * (1 - share)) };
  }
  return Math.max(1, best.effect * small);
}

/** How far (logarithms) lines differ, and pictures over one line. */
const LINES = 0.8;
const PICTURES = 0.3;

/** Times of pages that are alike: a visitor's line is fast or slow for all pictures. */
function pagesOf(random: () => number, count: number, factor: number): Sample {
  const sample = new Sample();
  for (let i = 0; i < count; i++) {
    const line = Math.exp(normal(random) * LINES);
    const length = 1 + Math.floor(random() * 20);
    sample.add(Array.from({ length }, () => 300 * factor * line * Math.exp(normal(random) * PICTURES)));
  }
  return sample;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

describe('the interval of a difference', () => {
  it.each([
    { share: 0.5, deviations: 0 },
    { share: 0.9, deviations: 1.2816 },
  ])(
    'of the quantile $share holds the truth 95 times of 100, though the times of a page are alike',
    ({ share, deviations }) => {
      const random = seededRandom(20260101);
      const truth = -0.2 * 300 * Math.exp(deviations * Math.hypot(LINES, PICTURES));
      let held = 0;
      for (let run = 0; run < 400; run++) {
        const { difference } = compareQuantiles(
          'images',
          share,
          pagesOf(random, 80, 0.8),
          pagesOf(random, 60, 1),
        );
        if (difference && difference.low <= truth && truth <= difference.high) held++;
      }
      expect(held / 400).toBeGreaterThan(0.925);
      expect(held / 400).toBeLessThan(0.99);
    },
  );

  it('calls equal groups better or worse 5 times of 100', () => {
    const random = seededRandom(4);
    let wrong = 0;
    for (let run = 0; run < 400; run++) {
      const { verdict } = compareQuantiles('paint', 0.5, pagesOf(random, 60, 1), pagesOf(random, 60, 1));
      if (verdict !== 'unclear') wrong++;
    }
    expect(wrong / 400).toBeLessThan(0.075);
  });

  it('of rates sees that stalls come in clumps', () => {
    const random = seededRandom(5);
    let held = 0;
    for (let run = 0; run < 400; run++) {
      const frequency = new Frequency();
      // One page in ten stalls, and then ten times.
      for (let i = 0; i < 200; i++) frequency.add(random() < 0.1 ? 10 : 0, 0.25 + random() / 2);
      const half = 1.96 * Math.sqrt(frequency.variance);
      if (Math.abs((frequency.rate ?? 0) - 2) <= half) held++;
    }
    expect(held / 400).toBeGreaterThan(0.91);
  });
});

describe('a list of the largest', () => {
  it('has whatever has more than a hundredth of all, and says no more of it than there was', () =>
    holds(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 150 }), fc.nat({ max: 1000 })), { maxLength: 600 }),
        fc.nat(),
        (all, cut) => {
          const [one, other] = [new TopList(), new TopList()];
          const sums = new Map<string, number>();
          all.forEach(([n, weight], i) => {
            const url = `https://site.example/${n}`;
            sums.set(url, (sums.get(url) ?? 0) + weight);
            (i < cut % 600 ? one : other).add(url, weight, 0);
          });
          one.merge(other);
          const total = [...sums.values()].reduce((sum, weight) => sum + weight, 0);
          const top = new Map(one.top(MAX_TOP).map(({ url, peer }) => [url, peer]));
          expect(one.size).toBeLessThanOrEqual(MAX_TOP);
          for (const [url, weight] of sums) {
            if (weight > total / MAX_TOP) expect(top.has(url)).toBe(true);
            expect(top.get(url) ?? 0).toBeLessThanOrEqual(weight);
          }
        },
      ),
      100,
    ));
});

describe('what strangers send', () => {
  it('is read as it was sent, or refused', () =>
    holds(
      fc.property(beacon, (sent) => {
        const text = JSON.stringify(sent);
        expect(parseBeacon(text)).toEqual(text.length <= 16 * 1024 ? sent : undefined);
      }),
    ));

  it('is refused without a fault, whatever it is', () =>
    holds(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.jsonValue().map((value) =>
            JSON.stringify({
              v: 1,
              site: 'https://site.example',
              group: 'peers',
              share: 1,
              images: value,
              bytes: value,
              playback: value,
            }),
          ),
        ),
        (text) => {
          expect(parseBeacon(text)).toBeUndefined();
          expect(parseTrackerReport(text)).toBeUndefined();
        },
      ),
    ));
});
