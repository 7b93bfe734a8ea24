import { beforeEach, describe, expect, it } from 'vitest';
import { SleepyClock } from '../../support/sleepy-clock.js';
import { Content, type Town, type Visitor } from '../../support/swarm-town.js';
import { townOfTest } from '../../support/town-of-test.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const MINUTE = 60_000;
/** When ICE finds out about the end of a path, after waking (ms). */
const ICE = 8000;

let town: Town;
let clock: SleepyClock;
let sleeper: Visitor;
let seeder: Visitor;

beforeEach(async () => {
  town = townOfTest();
  clock = new SleepyClock(town.clock);
  sleeper = town.visitor({ swarm: { clock } });
  seeder = town.visitor({ bandwidth: 300 * KIB });
  await town.link(sleeper, seeder);
});

/** The machine sleeps for a minute; by then its peers have given up on it, and it knows nothing of that. */
async function sleepAMinute(): Promise<void> {
  clock.sleep();
  for (const link of town.network.links) link.darken(MINUTE + ICE);
  await town.clock.advance(MINUTE);
  clock.wake();
}

describe('a sleep of a minute', () => {
  it('ends what was under way at once, and is blamed on nobody', async () => {
    const content = new Content('under way', 2 * MIB);
    seeder.holdAll(content);
    sleeper.need(content, { wait: 10_000 });
    await town.until(() => sleeper.pieces.length > 0);
    await sleepAMinute();
    await town.clock.advance(1);
    expect(sleeper.misses).toEqual([{ id: 1, reason: 'deadline' }]);
    expect(sleeper.downs).toMatchObject([{ reason: 'lost' }]);
    expect(sleeper.reports).toMatchObject([{ pid: seeder.pid, bad: 0, slow: 0 }]);
    seeder.swarm.disconnect();
    await town.link(sleeper, seeder);
    sleeper.need(content, { id: 2 });
    await town.until(() => sleeper.has(content));
  });

  it('leaves links that nobody can tell are dead, and they hold up nothing for long', async () => {
    const content = new Content('later', 256 * KIB);
    const other = town.visitor();
    for (const holder of [seeder, other]) holder.holdAll(content);
    sleeper.swarm.interest([content]);
    await town.clock.advance(100);
    await sleepAMinute();
    sleeper.need(content, { wait: 4000 });
    expect(await town.until(() => sleeper.misses.length > 0)).toBeLessThanOrEqual(4100);
    await town.until(() => sleeper.swarm.stats().links === 0, ICE + 5000);
    await town.link(sleeper, other);
    sleeper.need(content, { id: 2 });
    await town.until(() => sleeper.has(content), 2000);
  });

  it('does not end a need that is to last', async () => {
    const content = new Content('lasting', MIB);
    seeder.holdAll(content);
    sleeper.need(content, { lasting: true, wait: 5 * MINUTE });
    await town.until(() => sleeper.pieces.length > 0);
    await sleepAMinute();
    await town.clock.advance(1);
    expect(sleeper.misses).toEqual([]);
    seeder.swarm.disconnect();
    await town.link(sleeper, seeder);
    await town.until(() => sleeper.has(content));
  });
});

describe('a wait of the same length while the machine is awake', () => {
  it('is blamed on whom it was for', async () => {
    const content = new Content('stalled', 2 * MIB);
    seeder.holdAll(content);
    sleeper.need(content, { wait: 2 * MINUTE });
    await town.until(() => sleeper.pieces.length > 0);
    for (const link of town.network.links) link.darken(MINUTE);
    await town.clock.advance(MINUTE);
    expect(sleeper.downs).toMatchObject([{ reason: 'stalled' }]);
    expect(sleeper.meet(seeder)).toBe(true);
  });
});
