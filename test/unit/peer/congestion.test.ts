import { describe, expect, it } from 'vitest';
import type { AccessOptions } from '../../support/memory-access.js';
import { Content, Town } from '../../support/swarm-town.js';
import { SwiftClock } from '../../support/swift-clock.js';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Real milliseconds for tens of megabytes through a simulation on a busy machine. */
const SIMULATION_TIMEOUT = 60_000;

/** Bytes per second that one seeder behind `access` reaches, with pieces of `piece` bytes. */
async function throughput(access: AccessOptions, piece: number, length: number): Promise<number> {
  const town = new Town(new SwiftClock());
  const content = new Content('long', length, piece);
  const [seeder, leecher] = [town.visitor(access), town.visitor(access.latency === 0 ? { latency: 0 } : {})];
  seeder.holdAll(content);
  leecher.meet(seeder);
  await town.until(() => leecher.swarm.stats().links === 1);
  leecher.need(content, { wait: 100_000 });
  const ms = await town.until(() => leecher.has(content), 100_000);
  expect(leecher.misses).toEqual([]);
  town.close();
  return (1000 * length) / ms;
}

describe(
  'the request window on a path of 40 ms, 50 Mbit/s and a queue of 256 KB',
  { timeout: SIMULATION_TIMEOUT },
  () => {
    const home = { latency: 15, bandwidth: 6_250_000, queue: 256_000 };

    it.each([64 * KIB, 256 * KIB, MIB])('reaches 5 MB/s with pieces of %i bytes', async (piece) => {
      expect(await throughput(home, piece, 40 * MIB)).toBeGreaterThan(5e6);
    });

    it('keeps going over the renewal of its base delay', async () => {
      expect(await throughput(home, 256 * KIB, 90 * MIB)).toBeGreaterThan(5e6);
    });
  },
);

describe('the request window elsewhere', { timeout: SIMULATION_TIMEOUT }, () => {
  it.each([
    ['a slow uplink', { latency: 20, bandwidth: 250_000, queue: 256_000 }, 4 * MIB, 0.85],
    ['a long path', { latency: 95, bandwidth: 2_500_000, queue: 256_000 }, 20 * MIB, 0.75],
    ['a local network', { latency: 0, bandwidth: 30_000_000 }, 60 * MIB, 0.9],
  ])('uses %s', async (_name, access, length, share) => {
    expect(await throughput(access, 256 * KIB, length)).toBeGreaterThan(share * access.bandwidth);
  });
});
