import { beforeAll, describe, expect, it } from 'vitest';
import { SEED } from '../../support/property.js';
import { isShare } from '../../support/simulation/crowd.js';
import { MALICES, tamper } from '../../support/simulation/malice.js';
import type { SiteFile } from '../../support/simulation/site-file.js';
import { galleryFiles } from '../../support/simulation/simulation.js';
import { brokenWholePromises } from '../../support/simulation/whole-promises.js';
import { useStillPages } from '../../support/still-pages.js';
import { WholeSite } from '../../support/simulation/whole-site.js';
import type { WholeTraits, WholeVisitor } from '../../support/simulation/whole-visitor.js';

const KIB = 1024;
/** Milliseconds of virtual time within which everybody has come and gone. */
const LONGEST = 300_000;
/** Images of the page that are in view, or nearly, before anything is known of peers. */
const ABOVE = 3;

let files: SiteFile[];
beforeAll(async () => {
  files = await galleryFiles(14, SEED);
});
useStillPages();

function traitsOf(site: WholeSite): WholeTraits {
  return {
    ...{ latency: site.between(2, 60), bandwidth: site.between(500, 4000) * KIB, upload: 1250 * KIB },
    origin: { latency: site.between(40, 200), rate: site.between(500, 2000) * KIB },
  };
}

/** `count` visitors come `apart` ms apart, read the page to its end, stay for a while, and go. */
async function readers(
  seed: number,
  {
    count,
    apart,
    traits,
  }: { count: number; apart: number; traits: (site: WholeSite, i: number) => WholeTraits },
): Promise<WholeSite> {
  const site = await WholeSite.open(files, seed);
  let come = 0;
  for (let i = 0; i < count; i++) {
    site.clock.setTimeout(() => {
      come++;
      site.visit(traits(site, i), site.between(2000, 30_000));
    }, i * apart);
  }
  await site.clock.advance(1);
  site.loseLinks();
  await site.until(() => come === count && site.isEmpty, LONGEST);
  await site.close();
  expect(site.services.troubles).toEqual([]);
  return site;
}

/** Share of the bytes below the fold that came from peers. */
function shareOfPeers(visitors: readonly WholeVisitor[]): number {
  const reports = visitors.flatMap((visitor) => visitor.reports.slice(ABOVE));
  const from = (source: 'peer' | 'http'): number =>
    reports.reduce((sum, { bytes }) => sum + bytes[source], 0);
  return from('peer') / (from('peer') + from('http'));
}

describe('visitors with the real engine and the real worker, over the real tracker', () => {
  it.each([SEED, SEED + 1])('get what they were promised, mostly from each other (seed %i)', async (seed) => {
    const site = await readers(seed, { count: 20, apart: 1500, traits: traitsOf });
    expect(site.visitors.flatMap(brokenWholePromises)).toEqual([]);
    // Lines are poor and break here; what matters is that most of it is peers' work at all.
    expect(shareOfPeers(site.visitors.slice(1))).toBeGreaterThan(0.6);
  });

  it('get what they were promised though nine in ten are hostile', async () => {
    const malices = Object.values(MALICES);
    const site = await readers(SEED, {
      ...{ count: 20, apart: 1000 },
      traits: (one, i) => {
        const malice = isShare(0.9, i) ? malices[i % malices.length] : undefined;
        return { ...traitsOf(one), ...(malice ? { corrupt: tamper(malice, one.random) } : {}) };
      },
    });
    expect(site.visitors.flatMap(brokenWholePromises)).toEqual([]);
    const thrownOut = site.visitors.flatMap(({ downs }) => downs.filter((why) => why === 'banned'));
    expect(thrownOut.length).toBeGreaterThan(site.visitors.length / 2);
  });
});
