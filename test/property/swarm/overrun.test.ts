import { beforeAll, describe, expect, it } from 'vitest';
import { SEED } from '../../support/property.js';
import { SharedLine } from '../../support/simulation/shared-line.js';
import { SiteFile } from '../../support/simulation/site-file.js';
import { WholeSite } from '../../support/simulation/whole-site.js';
import { useStillPages } from '../../support/still-pages.js';
import { WholeVisitor } from '../../support/simulation/whole-visitor.js';

const KIB = 1024;
const SECOND = 1000;
const VISITORS = 10;
const IMAGES = 20;
/** What the origin sends to all of them together (bytes/s): less than any one of them could take. */
const LINE = 250 * KIB;
/** Pixels that everybody scrolls at a time, and how often (ms). */
const SCROLL = 350;
const SCROLL_EVERY = 500;
/** Milliseconds within which everybody has everything, even over HTTP alone. */
const LONGEST = 120 * SECOND;
/**
 * What a single image may come later (ms) than it would have over HTTP alone, because others had their turns
 * first: a fifth of what the crowd would take. Everything together comes sooner.
 */
const LATER = 15 * SECOND;

let files: SiteFile[];
beforeAll(async () => {
  const make = (_: unknown, i: number): Promise<SiteFile> =>
    SiteFile.make(`/media/${i}.jpg`, 50_000 + ((i * 37) % IMAGES) * 5000, i);
  files = await Promise.all(Array.from({ length: IMAGES }, make));
});
useStillPages();

interface Crowd {
  readonly visitors: readonly WholeVisitor[];
  /** Bytes that left the origin. */
  readonly sent: number;
}

/** One visitor a second comes and reads the page to its end; all stay until everybody has everything. */
async function crowd(seed: number, alone: boolean): Promise<Crowd> {
  const site = await WholeSite.open(files, seed);
  const line = (site.line = new SharedLine(site.clock, LINE));
  for (let i = 0; i < VISITORS; i++) {
    const traits = {
      ...{ latency: site.between(5, 40), bandwidth: site.between(500, 2000) * KIB, upload: 1250 * KIB },
      ...{ origin: { latency: 60, rate: 2000 * KIB }, alone },
    };
    site.clock.setTimeout(() => {
      const visitor = new WholeVisitor(site, i, traits);
      site.visitors.push(visitor);
      read(site, visitor);
    }, i * SECOND);
  }
  const { visitors } = site;
  const isOver = (): boolean => visitors.length === VISITORS && visitors.every(hasAll);
  await site.until(isOver, LONGEST);
  await site.close();
  expect(site.services.troubles).toEqual([]);
  return { visitors, sent: line.sent };
}

function read(site: WholeSite, visitor: WholeVisitor): void {
  visitor.look();
  if (visitor.page.atEnd) return;
  site.clock.setTimeout(() => {
    visitor.page.scroll(SCROLL);
    read(site, visitor);
  }, SCROLL_EVERY);
}

function hasAll({ page }: WholeVisitor): boolean {
  return page.images.every(({ complete }) => complete);
}

/** What each image took (ms), in the order in which the visitor asked for them. */
function waitsOf({ viewings }: WholeVisitor): number[] {
  return viewings.map(({ since, endedAt = Infinity }) => endedAt - since);
}

/** How long after coming a visitor had everything (ms). */
function whole({ viewings }: WholeVisitor): number {
  const came = viewings[0]?.since ?? 0;
  return Math.max(...viewings.map(({ endedAt = Infinity }) => endedAt - came));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

describe('a crowd in front of an origin of little bandwidth', () => {
  it.each([SEED, SEED + 1])(
    'has everything sooner than over HTTP alone, and costs the origin less (seed %i)',
    async (seed) => {
      const [alone, together] = [await crowd(seed, true), await crowd(seed, false)];
      const { visitors } = together;
      expect(visitors.flatMap(({ viewings }) => viewings.flatMap(({ problem }) => problem ?? []))).toEqual(
        [],
      );
      expect(visitors.flatMap(({ faults, watch }) => [...faults, ...watch.violations])).toEqual([]);
      const length = files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
      expect(alone.sent).toBeGreaterThanOrEqual(VISITORS * length);
      expect(together.sent / alone.sent).toBeLessThan(0.85);
      for (const [i, visitor] of visitors.entries()) {
        const other = alone.visitors[i];
        if (!other) throw new RangeError(`no visitor ${i}`);
        expect(whole(visitor)).toBeLessThan(whole(other));
        const waits = waitsOf(other);
        for (const [at, wait] of waitsOf(visitor).entries()) {
          expect(wait - (waits[at] ?? Number.NaN)).toBeLessThan(LATER);
        }
      }
      const waits = [alone, together].map((one) => median(one.visitors.flatMap(waitsOf)));
      expect((waits[0] ?? 0) / (waits[1] ?? 0)).toBeGreaterThan(1.5);
    },
  );
});
