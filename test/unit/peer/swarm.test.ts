import { beforeEach, describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../src/core/brands.js';
import { Content, type TestClock, type Town, type Visitor } from '../../support/swarm-town.js';
import { townOfTest } from '../../support/town-of-test.js';

const KIB = 1024;
const MIB = 1024 * KIB;

let clock: TestClock;
let town: Town;

beforeEach(() => {
  town = townOfTest();
  clock = town.clock;
});

/** Requests for one piece that began at its first byte: how often it was asked for. */
function timesAsked(visitor: Visitor, content: Content, index: number): number {
  return visitor.requests.filter(
    ({ root, piece, begin }) => root === content.root && piece === (index as PieceIndex) && begin === 0,
  ).length;
}

describe('transfers', () => {
  it.each([
    ['1 byte', 1],
    ['one leaf and a byte', 16 * KIB + 1],
    ['an image', 300 * KIB + 17],
    ['a file of 256 KiB pieces', 5 * MIB + 3],
  ])('moves %s exactly', async (name, length) => {
    const content = new Content(name, length);
    const [seeder, leecher] = [town.visitor(), town.visitor()];
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content);
    await town.until(() => leecher.has(content));
    expect(leecher.pieces.map(({ index }) => index).sort((a, b) => a - b)).toEqual(content.indexes);
    expect(leecher.swarm.stats()).toMatchObject({ downloaded: length, wasted: 0 });
    expect(seeder.swarm.stats()).toMatchObject({ uploaded: length });
    for (const index of content.indexes) expect(timesAsked(leecher, content, index)).toBe(1);
  });

  it('moves pieces of 1 MiB out of a file beyond 64 MiB', async () => {
    const content = new Content('film', 5 * 2 ** 30 + 12_345);
    const pieces = [0, 4095, 5120].map((index) => index as PieceIndex);
    const [seeder, leecher] = [town.visitor({ bandwidth: 5 * MIB }), town.visitor()];
    seeder.hold(content, pieces);
    await town.link(leecher, seeder);
    leecher.need(content, { pieces });
    await town.until(() => leecher.pieces.length === 3);
    expect(leecher.pieces.map(({ bytes }) => bytes.byteLength).sort((a, b) => a - b)).toEqual([
      12_345,
      MIB,
      MIB,
    ]);
  });

  it('shares what it has just received, piece by piece', async () => {
    const content = new Content('relayed', 2 * MIB);
    const [seeder, middle, last] = [town.visitor({ bandwidth: MIB }), town.visitor(), town.visitor()];
    seeder.holdAll(content);
    await town.link(middle, seeder);
    await town.link(last, middle);
    middle.need(content);
    last.need(content);
    await town.until(() => last.pieces.length > 0);
    expect(middle.has(content)).toBe(false);
    await town.until(() => last.has(content) && middle.has(content));
  });

  it('uses several links at once', async () => {
    const content = new Content('spread', 8 * MIB);
    const leecher = town.visitor();
    const seeders = [1, 2, 3, 4].map(() => town.visitor({ bandwidth: 2 * MIB, latency: 15 }));
    for (const seeder of seeders) {
      seeder.holdAll(content);
      await town.link(leecher, seeder);
    }
    await town.until(() => leecher.swarm.stats().links === 4);
    leecher.need(content);
    const ms = await town.until(() => leecher.has(content));
    // Four times 2 MiB/s is one second; the rest is for the start.
    expect(ms).toBeLessThan(1000 / 0.85);
    expect(leecher.swarm.stats().wasted).toBe(0);
  });

  it('takes the urgent pieces first', async () => {
    const content = new Content('ordered', 4 * MIB);
    const [seeder, leecher] = [town.visitor({ bandwidth: 2 * MIB }), town.visitor()];
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content, { id: 1, pieces: content.indexes.slice(0, 32), wait: 50_000 });
    const urgent = content.indexes.slice(60);
    await clock.advance(100);
    leecher.need(content, { id: 2, pieces: urgent, wait: 5000 });
    await town.until(() => urgent.every((index) => leecher.pieces.some((piece) => piece.index === index)));
    expect(leecher.pieces.length).toBeLessThan(20);
  });

  it('hands over a layer that is wanted, from one peer', async () => {
    const content = new Content('layered', MIB);
    const leecher = town.visitor();
    const seeders = [town.visitor(), town.visitor()];
    for (const seeder of seeders) {
      seeder.hold(content, content.indexes, new Uint8Array(16 * 32));
      await town.link(leecher, seeder);
    }
    leecher.need(content, { layer: true });
    await town.until(() => leecher.has(content));
    expect(leecher.layers.map(({ root }) => root)).toEqual([content.root]);
    expect(seeders.filter(({ swarm }) => swarm.stats().uploaded % (64 * KIB) !== 0)).toHaveLength(1);
  });
});

describe('nobody to ask', () => {
  it('asks for holders at once, in one batch, and misses when none turns up', async () => {
    const leecher = town.visitor();
    const contents = [new Content('a', MIB), new Content('b', MIB)];
    contents.forEach((content, id) => {
      leecher.need(content, { id, wait: 2000 });
    });
    await clock.advance(20);
    expect(leecher.wanted).toEqual([contents.map(({ root }) => root)]);
    await clock.advance(900);
    expect(leecher.misses).toEqual([]);
    await clock.advance(200);
    expect(leecher.misses).toEqual([
      { id: 0, reason: 'no-peers' },
      { id: 1, reason: 'no-peers' },
    ]);
  });

  it('misses at once when the tracker knows nobody either', async () => {
    const leecher = town.visitor();
    const content = new Content('unknown', MIB);
    leecher.need(content);
    await clock.advance(20);
    leecher.swarm.absent([content.root]);
    expect(leecher.misses).toEqual([{ id: 1, reason: 'no-peers' }]);
  });

  it('uses a holder that turns up in time', async () => {
    const [seeder, leecher] = [town.visitor(), town.visitor()];
    const content = new Content('late', 200 * KIB);
    seeder.holdAll(content);
    leecher.need(content, { wait: 3000 });
    await clock.advance(500);
    leecher.meet(seeder);
    await town.until(() => leecher.has(content));
    expect(leecher.misses).toEqual([]);
  });

  it('asks for holders again when the last one leaves, and misses', async () => {
    const [seeder, leecher] = [town.visitor({ bandwidth: 200 * KIB }), town.visitor()];
    const content = new Content('left', 2 * MIB);
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content, { wait: 30_000 });
    await clock.advance(1000);
    expect(leecher.wanted).toEqual([]);
    seeder.swarm.close();
    await clock.advance(50);
    expect(leecher.wanted).toEqual([[content.root]]);
    await town.until(() => leecher.misses.length > 0, 5000);
    expect(leecher.misses).toEqual([{ id: 1, reason: 'no-peers' }]);
  });

  it('misses at once when there is no time at all', () => {
    const leecher = town.visitor();
    leecher.need(new Content('now', MIB), { wait: 0 });
    expect(leecher.misses).toEqual([{ id: 1, reason: 'deadline' }]);
  });
});

describe('slow, stalled and dying links', () => {
  it('says early that a deadline will be missed', async () => {
    const [seeder, leecher] = [town.visitor({ bandwidth: 100 * KIB }), town.visitor()];
    const content = new Content('too slow', 4 * MIB);
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content, { wait: 10_000 });
    const ms = await town.until(() => leecher.misses.length > 0);
    expect(leecher.misses).toEqual([{ id: 1, reason: 'deadline' }]);
    expect(ms).toBeLessThan(3000);
    const [peer] = leecher.swarm.stats().peers;
    expect(peer?.inFlight).toBeLessThanOrEqual(256 * KIB + 64 * KIB);
  });

  it('is carried by the fast links when one is slow', async () => {
    const leecher = town.visitor();
    const content = new Content('mixed', 4 * MIB);
    for (const bandwidth of [30 * KIB, 4 * MIB, 4 * MIB]) {
      const seeder = town.visitor({ bandwidth });
      seeder.holdAll(content);
      await town.link(leecher, seeder);
    }
    leecher.need(content);
    const ms = await town.until(() => leecher.has(content));
    expect(ms).toBeLessThan(2500);
  });

  it('finishes elsewhere what a dying link had under way', async () => {
    const leecher = town.visitor();
    const content = new Content('orphaned', 4 * MIB);
    const [dying, other] = [town.visitor({ bandwidth: MIB }), town.visitor({ bandwidth: MIB })];
    for (const seeder of [dying, other]) {
      seeder.holdAll(content);
      await town.link(leecher, seeder);
    }
    leecher.need(content);
    await clock.advance(300);
    for (const link of town.network.links.slice(0, 2)) link.cut();
    await town.until(() => leecher.has(content));
    expect(leecher.misses).toEqual([]);
    expect(leecher.downs).toMatchObject([{ peer: { key: dying.key }, reason: 'lost' }]);
  });

  it('asks elsewhere when a peer falls silent, and closes its link in the end', async () => {
    const leecher = town.visitor();
    const content = new Content('silent', 2 * MIB);
    let silent = false;
    const mute = town.visitor({ bandwidth: MIB, corrupt: (frame) => (silent ? undefined : frame) });
    const other = town.visitor({ bandwidth: MIB });
    for (const seeder of [mute, other]) {
      seeder.holdAll(content);
      await town.link(leecher, seeder);
    }
    leecher.need(content);
    await clock.advance(150);
    silent = true;
    await town.until(() => leecher.has(content), 5000);
    await town.until(() => leecher.downs.length > 0, 15_000);
    expect(leecher.downs).toMatchObject([{ peer: { key: mute.key }, reason: 'stalled' }]);
    expect(leecher.reports[0]?.slow).toBeGreaterThan(0);
  });

  it('goes on with the same peer after a link broke and was made anew', async () => {
    const [seeder, leecher] = [town.visitor({ bandwidth: MIB }), town.visitor()];
    const content = new Content('again', 2 * MIB);
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content);
    await clock.advance(300);
    town.network.links[0]?.cut();
    await clock.advance(20);
    await town.link(leecher, seeder);
    await town.until(() => leecher.has(content));
  });
});

describe('cancelling', () => {
  it('stops what was under way for that need only', async () => {
    const [seeder, leecher] = [town.visitor({ bandwidth: MIB }), town.visitor()];
    const [kept, dropped] = [new Content('kept', MIB), new Content('dropped', 4 * MIB)];
    for (const content of [kept, dropped]) seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(dropped, { id: 1 });
    leecher.need(kept, { id: 2 });
    await clock.advance(200);
    leecher.swarm.cancel(1);
    const ms = await town.until(() => leecher.has(kept));
    expect(ms).toBeLessThan(1500);
    const { downloaded, wasted } = leecher.swarm.stats();
    await clock.advance(2000);
    expect(leecher.swarm.stats()).toMatchObject({ downloaded, wasted });
    expect(downloaded).toBeLessThan(2 * MIB);
    expect(leecher.has(dropped)).toBe(false);
  });

  it('keeps a piece that another need lists too', async () => {
    const [seeder, leecher] = [town.visitor({ bandwidth: MIB }), town.visitor()];
    const content = new Content('shared', MIB);
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content, { id: 1 });
    leecher.need(content, { id: 2 });
    await clock.advance(100);
    leecher.swarm.cancel(1);
    await town.until(() => leecher.has(content));
    expect(leecher.swarm.stats().wasted).toBe(0);
  });
});

describe('links', () => {
  it('are made once per peer, never to oneself, and up to five eighths of the bound', async () => {
    const centre = town.visitor({ swarm: { maxLinks: 5 } });
    const others = [1, 2, 3, 4, 5].map(() => town.visitor());
    expect(centre.meet(centre)).toBe(false);
    expect(others.map((other) => centre.meet(other))).toEqual([true, true, true, true, false]);
    expect(others.map((other) => centre.meet(other))).toEqual([false, false, false, false, false]);
    await town.until(() => centre.swarm.stats().links === 4);
  });

  it('leave places to those who call, and fill them when somebody is needed', async () => {
    const centre = town.visitor({ swarm: { maxLinks: 8 } });
    const others = Array.from({ length: 10 }, () => town.visitor());
    const [late, later, ...early] = others;
    for (const other of early) centre.meet(other);
    await town.until(() => centre.swarm.stats().links === 5);
    expect(late?.meet(centre)).toBe(true);
    await town.until(() => centre.swarm.stats().links === 6);
    centre.need(new Content('that nobody has', KIB));
    await clock.advance(200);
    expect(later && centre.meet(later)).toBe(true);
    await town.until(() => centre.swarm.stats().links === 7);
  });

  it('decline an offer when there is no room, so that the other side need not wait', async () => {
    const full = town.visitor({ swarm: { maxLinks: 1 } });
    const [friend, stranger] = [town.visitor(), town.visitor()];
    await town.link(full, friend);
    stranger.meet(full);
    await clock.advance(50);
    expect(stranger.downs).toMatchObject([{ reason: 'declined' }]);
    expect(full.swarm.stats().links).toBe(1);
  });

  it('become one when both sides offer at once', async () => {
    const [a, b] = [town.visitor(), town.visitor()];
    expect([a.meet(b), b.meet(a)]).toEqual([true, true]);
    await town.until(() => a.swarm.stats().links === 1 && b.swarm.stats().links === 1);
    await clock.advance(1000);
    expect([a.swarm.stats().links, b.swarm.stats().links]).toEqual([1, 1]);
    expect([a.ups.length, b.ups.length]).toEqual([1, 1]);
  });

  it('make room for a peer by closing one that is of no use', async () => {
    const centre = town.visitor({ swarm: { maxLinks: 1 } });
    const [idle, fresh] = [town.visitor(), town.visitor()];
    await town.link(centre, idle);
    expect(centre.meet(fresh)).toBe(false);
    await clock.advance(21_000);
    expect(centre.meet(fresh)).toBe(true);
    expect(centre.downs).toMatchObject([{ peer: { key: idle.key }, reason: 'replaced' }]);
  });

  it('make room by closing one that is far slower than the others, and not before', async () => {
    const centre = town.visitor({ swarm: { maxLinks: 4 } });
    const [slow, fresh] = [town.visitor({ bandwidth: 50 * KIB }), town.visitor()];
    const quick = [town.visitor({ bandwidth: MIB }), town.visitor({ bandwidth: MIB })];
    const contents = [0, 1, 2].map((i) => new Content(`of ${i}`, MIB));
    for (const [i, seeder] of [slow, ...quick].entries()) {
      const content = contents[i] ?? new Content('never', 1);
      seeder.holdAll(content);
      await town.link(centre, seeder);
      centre.need(content, { id: i });
      await town.until(() => centre.has(content));
    }
    // Else all of them would be of no use.
    centre.swarm.interest(contents);
    expect(centre.meet(fresh)).toBe(false);
    await clock.advance(21_000);
    expect(centre.meet(fresh)).toBe(true);
    expect(centre.downs).toMatchObject([{ peer: { key: slow.key }, reason: 'replaced' }]);
    const another = town.visitor();
    await clock.advance(21_000);
    expect(centre.meet(another)).toBe(true);
    expect(centre.downs).toMatchObject([{}, { peer: { key: fresh.key } }]);
  });

  it('end when they are of no use to either side for minutes', async () => {
    const centre = town.visitor();
    const [idle, useful] = [town.visitor(), town.visitor()];
    const content = new Content('of use', MIB);
    useful.holdAll(content);
    await town.link(centre, idle);
    await town.link(centre, useful);
    centre.swarm.interest([content]);
    idle.swarm.interest([]);
    useful.swarm.interest([]);
    await clock.advance(100_000);
    expect(centre.downs).toEqual([]);
    await clock.advance(50_000);
    expect(centre.downs).toMatchObject([{ peer: { key: idle.key } }]);
  });

  it('are limited for the whole visit', async () => {
    const centre = town.visitor({ swarm: { maxConstructed: 2 } });
    const others = [1, 2, 3].map(() => town.visitor());
    for (const other of others.slice(0, 2)) await town.link(centre, other);
    centre.swarm.disconnect();
    await clock.advance(100);
    expect(others.map((other) => centre.meet(other))).toEqual([false, false, false]);
  });

  it('time out when nobody answers', async () => {
    const lonely = town.visitor();
    lonely.swarm.connect({ pid: town.visitor().pid, key: 'nobody' }, () => undefined);
    await clock.advance(11_000);
    expect(lonely.downs).toMatchObject([{ reason: 'timeout' }]);
    expect(lonely.ups).toEqual([]);
  });

  it('report a factory that fails, and go on', () => {
    const broken = town.visitor({
      swarm: {
        factory: {
          create: () => {
            throw new Error('no WebRTC');
          },
        },
      },
    });
    expect(broken.meet(town.visitor())).toBe(false);
    expect(broken.faults).toHaveLength(1);
    broken.faults.length = 0;
  });

  it('can be closed and made again; needs miss meanwhile', async () => {
    const [a, b] = [town.visitor(), town.visitor()];
    const content = new Content('paused', MIB);
    b.holdAll(content);
    await town.link(a, b);
    a.need(content);
    a.swarm.disconnect();
    expect(a.misses).toEqual([{ id: 1, reason: 'no-peers' }]);
    expect(a.downs).toMatchObject([{ reason: 'closed' }]);
    await clock.advance(100);
    await town.link(a, b);
    a.need(content, { id: 2 });
    await town.until(() => a.has(content));
  });
});

describe('sharing', () => {
  it('ends at once when a root is dropped', async () => {
    const [seeder, leecher] = [town.visitor({ bandwidth: MIB }), town.visitor()];
    const content = new Content('withdrawn', 4 * MIB);
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content, { wait: 3000 });
    await clock.advance(500);
    seeder.swarm.unshare(content.root);
    const { uploaded } = seeder.swarm.stats();
    await town.until(() => leecher.misses.length > 0);
    expect(seeder.swarm.stats().uploaded).toBe(uploaded);
  });

  it('offers nothing at rate 0, and starts when the rate is raised', async () => {
    const [seeder, leecher] = [town.visitor({ uploadRate: 0 }), town.visitor()];
    const content = new Content('off', MIB);
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content, { wait: 1000 });
    await clock.advance(1500);
    expect(leecher.misses).toEqual([{ id: 1, reason: 'no-peers' }]);
    seeder.swarm.setUploadRate(MIB);
    leecher.need(content, { id: 2 });
    await town.until(() => leecher.has(content));
    expect(leecher.requests.length).toBeGreaterThan(0);
  });

  it('tells of contents that the page is interested in before they are needed', async () => {
    const [seeder, leecher] = [town.visitor(), town.visitor()];
    const content = new Content('expected', 60 * KIB);
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.swarm.interest([content]);
    await clock.advance(100);
    leecher.need(content);
    expect(leecher.swarm.stats().peers[0]?.inFlight).toBe(60 * KIB);
    await town.until(() => leecher.has(content));
  });
});

describe('verdicts', () => {
  it('ban the peer that sent wrong bytes, and its piece comes from another', async () => {
    const leecher = town.visitor();
    const content = new Content('poisoned', 2 * MIB);
    const liar = town.visitor({
      read: (right) => {
        right[7] = (right[7] ?? 0) ^ 1;
        return right;
      },
    });
    const honest = town.visitor({ bandwidth: 2 * MIB });
    for (const seeder of [liar, honest]) {
      seeder.holdAll(content);
      await town.link(leecher, seeder);
    }
    leecher.need(content);
    await town.until(() => leecher.has(content));
    expect(leecher.downs).toMatchObject([{ peer: { key: liar.key }, reason: 'banned' }]);
    expect(leecher.reports).toMatchObject([{ pid: liar.pid, ok: 0 }]);
    expect(leecher.meet(liar)).toBe(false);
    liar.meet(leecher);
    await clock.advance(100);
    expect(liar.downs.at(-1)).toMatchObject({ reason: 'declined' });
  });

  it('ban the peer that sent a layer which is none', async () => {
    const leecher = town.visitor();
    const content = new Content('forged', MIB);
    const forger = town.visitor();
    forger.hold(content, content.indexes, new Uint8Array(16 * 32));
    await town.link(leecher, forger);
    leecher.need(content, { layer: true });
    await town.until(() => leecher.layers.length > 0);
    leecher.swarm.verdict(leecher.layers[0]?.from ?? -1, content.root, undefined, 'mismatch');
    expect(leecher.downs).toMatchObject([{ peer: { key: forger.key }, reason: 'banned' }]);
    expect(leecher.reports).toMatchObject([{ pid: forger.pid, bad: 1 }]);
    expect(leecher.meet(forger)).toBe(false);
  });

  it('credit verified bytes', async () => {
    const [seeder, leecher] = [town.visitor(), town.visitor()];
    const content = new Content('credited', 200 * KIB);
    seeder.holdAll(content);
    await town.link(leecher, seeder);
    leecher.need(content);
    await town.until(() => leecher.has(content));
    leecher.swarm.close();
    expect(leecher.reports).toEqual([{ pid: seeder.pid, ok: 4, bad: 0, slow: 0, bytes: 200 * KIB }]);
  });

  it('about peers and pieces that are unknown change nothing', () => {
    const leecher = town.visitor();
    const { root } = new Content('x', 1);
    leecher.swarm.verdict(99, root, 0 as PieceIndex, 'mismatch');
    leecher.swarm.verdict(99, root, 0 as PieceIndex, 'verified');
    expect(leecher.reports).toEqual([]);
  });
});
