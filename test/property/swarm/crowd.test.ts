import { beforeAll, describe, expect, it } from 'vitest';
import { SEED } from '../../support/property.js';
import { Crowd, type CrowdOptions } from '../../support/simulation/crowd.js';
import { HOSTILE_KINDS } from '../../support/simulation/hostile-kinds.js';
import { brokenPromises } from '../../support/simulation/promises.js';
import type { SimulatedVisitor } from '../../support/simulation/simulated-visitor.js';
import type { SiteFile } from '../../support/simulation/site-file.js';
import { galleryFiles, Simulation } from '../../support/simulation/simulation.js';

/** Milliseconds of virtual time within which everybody has come and gone. */
const LONGEST = 600_000;
/** A failure of hundreds of visitors is told by its first cases. */
const TOLD = 10;

let files: SiteFile[];
beforeAll(async () => {
  files = await galleryFiles(30, SEED);
});

/** Everybody comes, looks around and goes. */
async function run(seed: number, options: CrowdOptions): Promise<{ simulation: Simulation; crowd: Crowd }> {
  const simulation = new Simulation(seed, files);
  const crowd = new Crowd(simulation, options);
  await simulation.until(() => crowd.over, LONGEST);
  await simulation.end();
  return { simulation, crowd };
}

function expectKept({ visitors, clock }: Simulation): void {
  expect(visitors.flatMap(brokenPromises).slice(0, TOLD)).toEqual([]);
  expect(clock.pending).toBe(0);
}

function sum(visitors: readonly SimulatedVisitor[], of: (visitor: SimulatedVisitor) => number): number {
  return visitors.reduce((total, visitor) => total + of(visitor), 0);
}

function received({ worker }: SimulatedVisitor, source: 'peer' | 'http'): number {
  return worker.transfers.reduce((total, { bytes }) => total + bytes[source], 0);
}

describe('a crowd of two hundred that comes within a minute, on lines good and bad that break', () => {
  const options = { visitors: 200, within: 60_000, broken: 0.03, hostile: 0, kinds: [] };

  it.each([SEED, SEED + 1])('gets what it was promised (seed %i)', async (seed) => {
    const { simulation, crowd } = await run(seed, options);
    expectKept(simulation);
    const { visitors } = simulation;
    const banned = visitors.flatMap(({ downs }) =>
      downs.filter(({ reason }) => reason === 'banned' || reason === 'hostile').map(({ peer }) => peer.key),
    );
    expect(banned.filter((key) => !crowd.broken.has(key))).toEqual([]);
    // Below this the crowd would be no test of anything: it is far from the best that could be had.
    const [peer, http] = [
      sum(visitors, (one) => received(one, 'peer')),
      sum(visitors, (one) => received(one, 'http')),
    ];
    expect(peer / (peer + http)).toBeGreaterThan(0.4);
    const wasted = sum(visitors, ({ swarm }) => swarm.stats().wasted);
    expect(wasted / sum(visitors, ({ swarm }) => swarm.stats().downloaded)).toBeLessThan(0.25);
  });
});

describe('a crowd of which nine in ten are hostile, in every way there is', () => {
  const options = { visitors: 80, within: 20_000, broken: 0, hostile: 0.9, kinds: HOSTILE_KINDS };

  it.each([SEED, SEED + 1])('gets what it was promised, and throws offenders out (seed %i)', async (seed) => {
    const { simulation } = await run(seed, options);
    expectKept(simulation);
    const { visitors, hostile } = simulation;
    const honest = new Set(visitors.map(({ key }) => key));
    for (const { downs } of visitors) {
      const thrownOut = downs.filter(({ reason }) => reason === 'banned' || reason === 'hostile');
      const keys = thrownOut.map(({ peer }) => peer.key);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.filter((key) => honest.has(key))).toEqual([]);
    }
    const offences = sum(visitors, ({ downs }) => downs.filter(({ reason }) => reason === 'banned').length);
    expect(offences).toBeGreaterThan(visitors.length / 2);
    expect(hostile.length).toBe(9 * visitors.length);
  });
});
