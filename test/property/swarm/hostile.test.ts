import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { SEED } from '../../support/property.js';
import { eventLoopTurn } from '../../support/swift-clock.js';
import { RELENTLESS_KINDS } from '../../support/simulation/hostile-floods.js';
import type { HostileKind } from '../../support/simulation/hostile-kind.js';
import { HOSTILE_KINDS } from '../../support/simulation/hostile-kinds.js';
import { brokenPromises } from '../../support/simulation/promises.js';
import type { SiteFile } from '../../support/simulation/site-file.js';
import { galleryFiles, Simulation } from '../../support/simulation/simulation.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const ORIGIN = { latency: 80, rate: MIB };

let files: SiteFile[];
beforeAll(async () => {
  files = await galleryFiles(8, SEED);
});

function named(kinds: readonly HostileKind[]): [string, HostileKind][] {
  return kinds.map((kind) => [kind.name, kind]);
}

/** A visitor meets a peer of this kind first, then an honest one that is farther and slower, and sees all files. */
async function meeting(kind: HostileKind) {
  const simulation = new Simulation(SEED, files);
  const { clock } = simulation;
  const liar = simulation.hostilePeer({ kind, latency: 1, bandwidth: 8 * MIB });
  liar.arrive();
  const victim = simulation.visitor({ latency: 10, uploadRate: MIB, origin: ORIGIN });
  victim.expect(files);
  await clock.advance(500);
  const honest = simulation.visitor({
    ...{ latency: 30, bandwidth: 2 * MIB, uploadRate: 2 * MIB, origin: ORIGIN },
  });
  for (const file of files) honest.view(file, 0);
  await clock.advance(1500);
  for (const file of files) {
    victim.view(file, 3000);
    await clock.advance(1500);
  }
  await clock.advance(20_000);
  await simulation.end();
  return { simulation, honest, liar, victim };
}

describe('a peer that', () => {
  it.each(named(HOSTILE_KINDS))('%s', async (_name, kind) => {
    const { simulation, honest, liar, victim } = await meeting(kind);
    expect([...brokenPromises(victim), ...brokenPromises(honest)]).toEqual([]);
    const ends = victim.downs.filter(({ peer }) => peer.key === liar.key).map(({ reason }) => reason);
    // Nearly all still comes from the honest one: being hostile is not a way to make others useless.
    expect(victim.worker.transfers.filter(({ http }) => http !== undefined).length).toBeLessThanOrEqual(1);
    if (kind.ends) expect(ends).toContain(kind.ends);
    const isProven = kind.ends === 'banned' || kind.ends === 'hostile';
    if (isProven) {
      // It comes back a dozen times, and finds no link; and the tracker has heard of it.
      expect(liar.met.get(victim.key)).toBe(1);
      expect(victim.reports.find(({ pid }) => pid === liar.pid)?.bad).toBe(1);
    } else expect(ends).not.toContain('banned');
    expect(victim.downs.some(({ peer, reason }) => peer.key === honest.key && reason !== 'closed')).toBe(
      false,
    );
    expect(simulation.clock.pending).toBe(0);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that this process holds, after all was collected that can be. */
async function memory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await eventLoopTurn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('eight links full of peers that stay within what is allowed, each of which', () => {
  /** What eight sessions may hold (bytes): what each peer asked about, and the little that there is to read. */
  const BOUND = 12 * MIB;
  /** What they may seem to hold more ten seconds later: remembering each frame would take 7 MB. */
  const GROWTH = 2 * MIB;

  it.each(named(RELENTLESS_KINDS))('%s, take up bounded memory', async (_name, kind) => {
    const simulation = new Simulation(SEED, files.slice(-2));
    const { clock } = simulation;
    const victim = simulation.visitor({ latency: 10, uploadRate: MIB, origin: ORIGIN });
    for (const file of simulation.files) victim.view(file, 0);
    for (let i = 0; i < 8; i++) simulation.hostilePeer({ kind, latency: 5, bandwidth: MIB });
    await clock.advance(1000);
    const before = await memory();
    for (const peer of simulation.hostile) peer.approach(victim);
    // By now their tables are full.
    await clock.advance(6000);
    expect(victim.swarm.stats().links).toBe(8);
    const during = await memory();
    await clock.advance(10_000);
    const after = await memory();
    expect(during - before).toBeLessThan(BOUND);
    expect(after - during).toBeLessThan(GROWTH);
    await simulation.end();
    expect(brokenPromises(victim)).toEqual([]);
  });
});
