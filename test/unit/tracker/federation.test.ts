import { beforeAll, describe, expect, it } from 'vitest';
import type { RootPrefix } from '../../../src/core/brands.js';
import { OTHER_SITE, SITE, Signer, TrackerWorld, prefix, type Client } from '../../support/tracker-world.js';

let signer: Signer;
beforeAll(async () => {
  signer = await Signer.create();
});

const [shared, ours, theirs] = [prefix(1), prefix(2), prefix(3)];

async function world(federations = [[OTHER_SITE, SITE]]) {
  const made = new TrackerWorld(signer, {}, [], federations);
  made.vouch(shared, ours, theirs);
  made.authority.only.set(ours, SITE);
  made.authority.only.set(theirs, OTHER_SITE);
  return { made, we: await made.joined(), they: await made.joinedOf(OTHER_SITE) };
}

async function have(made: TrackerWorld, client: Client, ...add: RootPrefix[]): Promise<void> {
  await client.say({ t: 'have', seq: 1, add, del: [] });
  await made.clock.advance(50);
}

async function shownFor(client: Client, ...roots: RootPrefix[]) {
  await client.say({ t: 'want', q: 1, roots, k: 6, live: 30 });
  return client.last('peers')?.peers ?? [];
}

describe('federated sites', () => {
  it('find each other for what both hash services vouch for', async () => {
    const { made, we, they } = await world();
    await have(made, they, shared);
    // Our hash service is asked about it, and a moment later a peer of theirs is pushed to us.
    expect(await shownFor(we, shared)).toEqual([]);
    await made.clock.advance(200);
    expect(we.last('peers')?.peers).toMatchObject([{ pid: they.pid }]);
    expect(made.authority.asked.map(({ site }) => site)).toEqual([OTHER_SITE, SITE]);
  });

  it('signal each other across the sites', async () => {
    const { made, we, they } = await world();
    await have(made, they, shared);
    await have(made, we, shared);
    const [peer] = await shownFor(we, shared);
    await we.say({ t: 'signal', list: [{ to: they.pid, pass: peer?.pass ?? '', box: 'offer' }] });
    const offer = they.last('signal');
    expect(offer).toMatchObject({ from: we.pid, box: 'offer' });
    await they.say({ t: 'signal', list: [{ to: we.pid, pass: offer?.pass ?? '', box: 'answer' }] });
    expect(we.last('signal')).toMatchObject({ from: they.pid, box: 'answer' });
  });

  it('are told nothing of what only the other site has', async () => {
    const { made, we, they } = await world();
    await have(made, they, theirs, shared);
    await shownFor(we, theirs);
    await made.clock.advance(1000);
    expect(we.all('peers').flatMap(({ peers }) => peers)).toEqual([]);
    // Nor does a holder count whose own hash service does not know the root.
    await have(made, they, ours);
    await have(made, we, shared);
    await shownFor(we, ours);
    await made.clock.advance(1000);
    expect(we.all('peers').flatMap(({ peers }) => peers)).toEqual([]);
  });

  it('lose only the holders of the site that takes a root back', async () => {
    const { made, we, they } = await world();
    await have(made, we, shared);
    await have(made, they, shared);
    expect(made.core.census().entries).toBe(2);
    made.authority.only.set(shared, OTHER_SITE);
    for (let minute = 0; minute < 5; minute++) {
      await made.clock.advance(60_000);
      for (const client of [we, they]) client.session.heard();
    }
    await shownFor(we, shared);
    await made.clock.advance(200);
    expect(made.core.census().entries).toBe(1);
  });

  it('are apart where nobody has federated them', async () => {
    const { made, we, they } = await world([]);
    await have(made, they, shared);
    await have(made, we, ours);
    await shownFor(we, shared);
    await made.clock.advance(1000);
    expect(we.all('peers').flatMap(({ peers }) => peers)).toEqual([]);
    expect(made.core.census()).toMatchObject({ sites: 2, visitors: 2 });
  });
});
