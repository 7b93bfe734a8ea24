import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PeerId } from '../../../src/core/brands.js';
import {
  FakeConnection,
  OTHER_SITE,
  Signer,
  TrackerWorld,
  prefix,
  type Client,
} from '../../support/tracker-world.js';

let signer: Signer;
let world: TrackerWorld;

beforeAll(async () => {
  signer = await Signer.create();
});
beforeEach(() => {
  world = new TrackerWorld(signer);
});

const root = prefix(1);

async function passFor(asker: Client, holder: Client): Promise<string> {
  await asker.say({ t: 'want', q: 1, roots: [root], k: 12, live: 0 });
  const introduction = asker.last('peers')?.peers.find(({ pid }) => pid === holder.pid);
  if (!introduction) throw new Error('not introduced');
  return introduction.pass;
}

describe('signals', () => {
  it('reach the introduced peer, which can answer, and so on', async () => {
    const [holder, asker] = [await world.holder([root]), await world.joined()];
    const pass = await passFor(asker, holder);
    await asker.say({ t: 'signal', list: [{ to: holder.pid, pass, box: 'offer' }] });
    const offer = holder.last('signal');
    expect(offer).toMatchObject({ from: asker.pid, key: asker.identity.publicKey, box: 'offer' });
    expect(offer?.admission).toMatch(/^ey/);
    await holder.say({ t: 'signal', list: [{ to: asker.pid, pass: offer?.pass ?? '', box: 'answer' }] });
    const answer = asker.last('signal');
    expect(answer).toMatchObject({ from: holder.pid, box: 'answer' });
    await world.clock.advance(59_000);
    await asker.say({ t: 'signal', list: [{ to: holder.pid, pass: answer?.pass ?? '', box: 'candidate' }] });
    expect(holder.last('signal')).toMatchObject({ box: 'candidate' });
    expect(world.tally.signals).toBe(3);
  });

  it('need a pass: forged, foreign, reversed, cut and expired ones are refused', async () => {
    const [holder, asker, thief] = [await world.holder([root]), await world.joined(), await world.joined()];
    const pass = await passFor(asker, holder);
    const flipped = pass.slice(0, -2) + (pass.at(-2) === 'A' ? 'B' : 'A') + pass.slice(-1);
    const later = `BBBB${pass.slice(4)}`;
    const tries: [Client, PeerId, string][] = [
      [asker, holder.pid, flipped],
      [asker, holder.pid, later],
      [asker, holder.pid, pass.slice(0, -4)],
      [asker, holder.pid, 'AAAA'],
      [asker, holder.pid, `${pass}AAAA`],
      [thief, holder.pid, pass],
      [holder, asker.pid, pass],
      [asker, thief.pid, pass],
    ];
    for (const [from, to, used] of tries) {
      await from.say({ t: 'signal', list: [{ to, pass: used, box: 'x' }] });
      expect(from.last('error')).toMatchObject({ re: 'signal', code: 'bad-pass' });
    }
    await world.clock.advance(61_000);
    await asker.say({ t: 'signal', list: [{ to: holder.pid, pass, box: 'late' }] });
    expect(asker.all('error').at(-1)).toMatchObject({ code: 'bad-pass' });
    expect(world.tally.signals).toBe(0);
    expect(holder.all('signal')).toEqual([]);
  });

  it('do not cross from one tracker to another with another secret', async () => {
    const [holder, asker] = [await world.holder([root]), await world.joined()];
    const pass = await passFor(asker, holder);
    const elsewhere = new TrackerWorld(signer);
    const other = await elsewhere.joined();
    await other.say({ t: 'signal', list: [{ to: holder.pid, pass, box: 'x' }] });
    expect(other.last('error')).toMatchObject({ code: 'bad-pass' });
  });

  it('to a peer that has left: gone', async () => {
    const [holder, asker] = [await world.holder([root]), await world.joined()];
    const pass = await passFor(asker, holder);
    holder.drop();
    await asker.say({ t: 'signal', list: [{ to: holder.pid, pass, box: 'x' }] });
    expect(asker.last('error')).toMatchObject({ re: 'signal', code: 'gone' });
  });

  it('to a peer that does not read are not queued', async () => {
    const [holder, asker] = [await world.holder([root]), await world.joined()];
    const pass = await passFor(asker, holder);
    holder.connection.bufferedAmount = 65 * 1024;
    await asker.say({ t: 'signal', list: [{ to: holder.pid, pass, box: 'x' }] });
    expect(asker.last('error')).toMatchObject({ code: 'full', retry: 1000 });
    expect(holder.all('signal')).toEqual([]);
  });

  it('reach few strangers in a minute, while answers are not counted', async () => {
    world = new TrackerWorld(signer, { signalTargetsPerMinute: 3, offersPerSecond: 100 });
    const holders: Client[] = [];
    for (let i = 0; i < 5; i++) holders.push(await world.holder([root]));
    const asker = await world.joined();
    for (const holder of holders) {
      const pass = await passFor(asker, holder);
      for (let i = 0; i < 2; i++)
        await asker.say({ t: 'signal', list: [{ to: holder.pid, pass, box: 'x' }] });
    }
    expect(holders.filter((holder) => holder.all('signal').length === 2)).toHaveLength(3);
    expect(asker.last('error')).toMatchObject({ re: 'signal', code: 'rate' });
    expect(asker.last('error')?.retry).toBeLessThanOrEqual(60_000);

    const popular = holders[0] ?? asker;
    const callers: Client[] = [];
    for (let i = 0; i < 6; i++) {
      const caller = await world.joined();
      callers.push(caller);
      const pass = await passFor(caller, popular);
      await caller.say({ t: 'signal', list: [{ to: popular.pid, pass, box: 'offer' }] });
      const back = popular.last('signal')?.pass ?? '';
      await popular.say({ t: 'signal', list: [{ to: caller.pid, pass: back, box: 'answer' }] });
    }
    expect(callers.every((caller) => caller.all('signal').length === 1)).toBe(true);
  });

  it('reach another site with no pass that can be had', async () => {
    const holder = await world.holder([root]);
    const stranger = await world.client(new FakeConnection({ origin: OTHER_SITE }));
    const admission = await signer.admission(world.clock.now(), stranger.identity.publicKey, {
      site: OTHER_SITE,
    });
    await stranger.join({ site: OTHER_SITE, admission });
    await stranger.say({ t: 'want', q: 1, roots: [root], k: 12, live: 0 });
    expect(stranger.last('peers')?.peers).toEqual([]);
    await stranger.say({ t: 'signal', list: [{ to: holder.pid, pass: 'A'.repeat(48), box: 'x' }] });
    expect(stranger.last('error')).toMatchObject({ code: 'bad-pass' });
  });
});

describe('a dropped visitor', () => {
  it('comes back as the same peer with what it held', async () => {
    const [holder, asker] = [await world.holder([root]), await world.joined()];
    const { pid } = holder;
    const secret = holder.welcome?.resume;
    holder.drop();
    await world.clock.advance(59_000);
    await holder.rejoin();
    expect(holder.pid).toBe(pid);
    expect(holder.welcome?.resume).not.toBe(secret);
    await asker.say({ t: 'want', q: 1, roots: [root], k: 6, live: 0 });
    expect(asker.last('peers')?.peers.map((peer) => peer.pid)).toEqual([pid]);
  });

  it('is forgotten after a minute, with all it held', async () => {
    const holder = await world.holder([root]);
    const { pid } = holder;
    holder.drop();
    await world.clock.advance(61_000);
    expect(world.core.census()).toEqual({ sessions: 0, sites: 0, visitors: 0, roots: 0, entries: 0 });
    await holder.rejoin();
    expect(holder.pid).not.toBe(pid);
  });

  it('takes over from its own half-dead socket', async () => {
    const holder = await world.holder([root]);
    const { pid, connection } = holder;
    await holder.rejoin();
    expect(holder.pid).toBe(pid);
    expect(connection.closedWith).toMatchObject({ code: 4410 });
    expect(world.core.census()).toMatchObject({ sessions: 1, visitors: 1, entries: 1 });
  });

  it('is nobody else: a stolen secret with another key gives another pid', async () => {
    const [holder, thief] = [await world.holder([root]), await world.client()];
    const stolen = holder.welcome?.resume ?? '';
    holder.drop();
    await thief.join({ resume: stolen });
    expect(thief.pid).not.toBe(holder.pid);
    await holder.rejoin({ resume: stolen });
    expect(world.core.census()).toMatchObject({ visitors: 2, entries: 1 });
  });

  it('starts anew with a wrong or used secret', async () => {
    const holder = await world.holder([root]);
    const { pid } = holder;
    const used = holder.welcome?.resume ?? '';
    await holder.rejoin();
    await holder.rejoin({ resume: used });
    expect(holder.pid).not.toBe(pid);
    expect(world.core.census()).toMatchObject({ visitors: 1, entries: 0 });
  });

  it('that said bye does not come back', async () => {
    const holder = await world.holder([root]);
    const { pid } = holder;
    await holder.say({ t: 'bye' });
    expect(world.core.census()).toMatchObject({ visitors: 0, entries: 0 });
    await holder.rejoin();
    expect(holder.pid).not.toBe(pid);
  });
});

describe('time', () => {
  it('ends sessions that show no sign of life for a lease', async () => {
    const [quiet, alive] = [await world.joined(), await world.joined()];
    await world.clock.advance(60_000);
    alive.session.heard();
    await world.clock.advance(31_000);
    expect(quiet.connection.closedWith).toMatchObject({ code: 4409 });
    expect(alive.connection.closedWith).toBeUndefined();
  });

  it('ends a session with its admission, and lets it come back with a new one', async () => {
    const holder = await world.holder([root]);
    const { pid } = holder;
    for (let minute = 0; minute < 11; minute++) {
      await world.clock.advance(60_000);
      holder.session.heard();
    }
    expect(holder.last('error')).toMatchObject({ re: 'hello', code: 'bad-admission', retry: 0 });
    expect(holder.connection.closedWith).toMatchObject({ code: 4401 });
    await holder.rejoin();
    expect(holder.pid).toBe(pid);
  });

  it('says goodbye with a spread, ends every session and leaves no timer', async () => {
    const clients = [await world.holder([root]), await world.joined(), await world.client()];
    world.core.close();
    world.core.close();
    for (const client of clients) {
      const [min, max] = client.last('bye')?.retry ?? [0, 0];
      expect(max - min).toBeGreaterThanOrEqual(2_000);
      expect(client.connection.closedWith).toMatchObject({ code: 1001 });
    }
    expect(world.clock.pending).toBe(0);
    const late = await world.client();
    expect(late.connection.closedWith).toMatchObject({ code: 1001 });
    expect(world.clock.pending).toBe(0);
  });
});
