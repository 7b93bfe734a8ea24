import { beforeEach, describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../src/core/brands.js';
import { Content, type TestClock, type Town, type Visitor } from '../../support/swarm-town.js';
import { townOfTest } from '../../support/town-of-test.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
/** The longest that a holder is waited for before it is said that there is none (ms). */
const MOST_HOLDER_WAIT = 4000;

let clock: TestClock;
let town: Town;

beforeEach(() => {
  town = townOfTest();
  clock = town.clock;
});

/** A visitor who needs all of `content`, and goes on needing it though nobody is there. */
function lacking(content: Content, wait = 60 * SECOND): Visitor {
  const visitor = town.visitor();
  visitor.need(content, { lasting: true, wait });
  return visitor;
}

function holder(content: Content, options: Parameters<Town['visitor']>[0] = {}): Visitor {
  const visitor = town.visitor(options);
  visitor.holdAll(content);
  return visitor;
}

const NO_PEERS = { id: 1, reason: 'no-peers' };
const DEADLINE = { id: 1, reason: 'deadline' };

describe('a lasting need', () => {
  it('says once that there is nobody, and is filled by a holder who turns up long after', async () => {
    const content = new Content('late', 200 * KIB);
    const leecher = lacking(content);
    await clock.advance(MOST_HOLDER_WAIT - 100);
    expect(leecher.misses).toEqual([]);
    await clock.advance(40 * SECOND);
    expect(leecher.misses).toEqual([NO_PEERS]);
    await town.link(leecher, holder(content));
    await town.until(() => leecher.has(content), 2 * SECOND);
    expect(leecher.misses).toEqual([NO_PEERS]);
  });

  it('says at once what the tracker says, and is filled all the same', async () => {
    const content = new Content('unknown', 200 * KIB);
    const leecher = lacking(content);
    await clock.advance(20);
    leecher.swarm.absent([content.root]);
    leecher.swarm.absent([content.root]);
    expect(leecher.misses).toEqual([NO_PEERS]);
    await clock.advance(10 * SECOND);
    await town.link(leecher, holder(content));
    await town.until(() => leecher.has(content), 2 * SECOND);
    expect(leecher.misses).toEqual([NO_PEERS]);
  });

  it('is filled by a peer linked long ago that comes to have it', async () => {
    const content = new Content('relayed', 200 * KIB);
    const [leecher, friend] = [lacking(content), town.visitor()];
    await town.link(leecher, friend);
    await clock.advance(20 * SECOND);
    expect(leecher.misses).toEqual([NO_PEERS]);
    friend.holdAll(content);
    await town.until(() => leecher.has(content), 2 * SECOND);
  });

  it.each([
    ['alone', undefined],
    ['with a holder that is much too slow', 4 * KIB],
  ])('is over at its deadline, not before: %s', async (_, bandwidth) => {
    const content = new Content('hopeless', MIB);
    const leecher = town.visitor();
    if (bandwidth) await town.link(leecher, holder(content, { bandwidth }));
    leecher.need(content, { lasting: true, wait: 20 * SECOND });
    await clock.advance(19 * SECOND);
    expect(leecher.misses).not.toContainEqual(DEADLINE);
    await clock.advance(1200);
    expect(leecher.misses.filter(({ reason }) => reason === 'deadline')).toEqual([DEADLINE]);
    const before = leecher.pieces.length;
    await town.link(leecher, holder(content));
    await clock.advance(5 * SECOND);
    expect(leecher.pieces).toHaveLength(before);
  });

  it('that is no lasting one is over as soon as there is nobody', async () => {
    const content = new Content('over', 200 * KIB);
    const leecher = town.visitor();
    leecher.need(content);
    await clock.advance(20);
    leecher.swarm.absent([content.root]);
    await town.link(leecher, holder(content));
    await clock.advance(5 * SECOND);
    expect(leecher.misses).toEqual([NO_PEERS]);
    expect(leecher.pieces).toEqual([]);
  });

  it('is over when it is cancelled, or all links are closed', async () => {
    const content = new Content('dropped', 200 * KIB);
    const [one, other] = [lacking(content), lacking(content)];
    await clock.advance(10 * SECOND);
    one.swarm.cancel(1);
    other.swarm.disconnect();
    expect(other.misses).toEqual([NO_PEERS, NO_PEERS]);
    for (const leecher of [one, other]) await town.link(leecher, holder(content));
    await clock.advance(5 * SECOND);
    expect([one, other].map(({ pieces }) => pieces)).toEqual([[], []]);
  });

  it('asks for holders anew when the one that turned up leaves, and takes the rest from the next', async () => {
    const content = new Content('two halves', 2 * MIB);
    const leecher = lacking(content);
    await clock.advance(10 * SECOND);
    const first = holder(content, { bandwidth: 200 * KIB });
    await town.link(leecher, first);
    await town.until(() => leecher.pieces.length > 3);
    const asked = leecher.wanted.length;
    first.swarm.close();
    await clock.advance(50);
    expect(leecher.wanted.slice(asked)).toEqual([[content.root]]);
    await clock.advance(10 * SECOND);
    await town.link(leecher, holder(content));
    await town.until(() => leecher.has(content), 5 * SECOND);
    expect(leecher.misses).toEqual([NO_PEERS]);
    const taken = leecher.pieces.map(({ index }) => index);
    expect(new Set(taken).size).toBe(taken.length);
  });

  it('throws out who turns up with a wrong piece, and goes on', async () => {
    const content = new Content('poisoned', 200 * KIB);
    const leecher = lacking(content);
    await clock.advance(10 * SECOND);
    const liar = holder(content, { read: (right) => right.map((byte) => byte ^ 1) });
    await town.link(leecher, liar);
    await town.until(() => leecher.downs.length > 0, 5 * SECOND);
    expect(leecher.downs).toMatchObject([{ peer: { key: liar.key }, reason: 'banned' }]);
    await clock.advance(5 * SECOND);
    expect(leecher.misses).toEqual([NO_PEERS]);
    await town.link(leecher, holder(content));
    await town.until(() => leecher.has(content), 2 * SECOND);
  });

  it('may use the places for links that are left to callers otherwise', async () => {
    const content = new Content('crowded', 200 * KIB);
    const leecher = lacking(content);
    for (let i = 0; i < 8; i++) {
      await town.link(leecher, town.visitor());
      // Until this one has said what it holds, it may be the one.
      await clock.advance(200);
    }
    expect(leecher.swarm.stats().links).toBe(8);
    expect(leecher.misses.length).toBeLessThan(2);
  });

  it('and one that is not, of the same pieces, end each in its own way', async () => {
    const content = new Content('shared', 200 * KIB);
    const leecher = lacking(content);
    leecher.need(content, { id: 2, pieces: [0 as PieceIndex], wait: 2 * SECOND });
    await clock.advance(10 * SECOND);
    expect(leecher.misses).toEqual([{ id: 2, reason: 'no-peers' }, NO_PEERS]);
    await town.link(leecher, holder(content));
    await town.until(() => leecher.has(content), 2 * SECOND);
    expect(leecher.pieces).toHaveLength(content.indexes.length);
  });
});
