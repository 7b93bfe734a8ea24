import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Signer, TrackerWorld, prefix, type Client } from '../../support/tracker-world.js';

let signer: Signer;
let world: TrackerWorld;
let asker: Client;
const [a, b] = [prefix(1), prefix(2)];

beforeAll(async () => {
  signer = await Signer.create();
});
beforeEach(async () => {
  world = new TrackerWorld(signer);
  world.vouch(a, b);
  asker = await world.joined();
});

function want(live = 30): Promise<void> {
  return asker.say({ t: 'want', q: 1, roots: [a, b], k: 6, live });
}

describe('a node under pressure', () => {
  it('pushes nothing at level 1, and does it later', async () => {
    await want();
    world.pressure.level = 1;
    const holder = await world.holder([a]);
    await world.clock.advance(5000);
    expect(asker.all('peers')).toHaveLength(1);
    world.pressure.level = 0;
    await world.clock.advance(200);
    expect(asker.last('peers')?.peers).toMatchObject([{ pid: holder.pid }]);
  });

  it('introduces two peers at a time at level 2', async () => {
    for (let i = 0; i < 5; i++) await world.holder([a]);
    world.pressure.level = 2;
    await want(0);
    expect(asker.last('peers')?.peers).toHaveLength(2);
    world.pressure.level = 1;
    await want(0);
    expect(asker.last('peers')?.peers).toHaveLength(5);
  });

  it('refuses wants at level 3, each until another moment, and goes on with the rest', async () => {
    await world.holder([a]);
    const other = await world.joined();
    world.pressure.level = 3;
    await want();
    await other.say({ t: 'want', q: 1, roots: [a], k: 6, live: 0 });
    const refusals = [asker, other].map((client) => client.last('error'));
    for (const refusal of refusals) expect(refusal).toMatchObject({ re: 'want', code: 'rate' });
    const [first, second] = refusals.map((refusal) => refusal?.retry ?? 0);
    expect(first).toBeGreaterThanOrEqual(5000);
    expect(second).not.toBe(first);
    await other.say({ t: 'have', seq: 5, add: [b], del: [] });
    expect(other.last('ok')).toEqual({ t: 'ok', seq: 5 });
    await world.clock.advance(50);
    world.pressure.level = 0;
    await want();
    expect(asker.last('peers')?.peers).toHaveLength(2);
  });
});
