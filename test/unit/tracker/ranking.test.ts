import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../../src/core/bitfield.js';
import { toBase64Url } from '../../../src/protocol/base64.js';
import { closeness, type Place } from '../../../tracker-service/choosing/place.js';
import { bestOf } from '../../../tracker-service/choosing/ranking.js';
import { Candidates } from '../../../tracker-service/holders/candidates.js';
import { PeerNumbers } from '../../../tracker-service/holders/peer-numbers.js';
import { seededRandom } from '../../support/random.js';

const HERE: Place = { address: 1, network: 2, system: 3, country: 4 };
const ELSEWHERE: Place = { address: 0, network: 0, system: 0, country: 0 };
const NO_CHANCE = () => 0.5;

/** Peers at places, each holding the first so many of 40 roots. */
function town(all: readonly { readonly place?: Place; readonly weight?: number; readonly holds?: number }[]) {
  const peers = new PeerNumbers<string>();
  const candidates = new Candidates();
  const numbers = all.map(({ place = ELSEWHERE, weight = 1 }, i) => {
    const number = peers.add(`p${i}`, place);
    peers.weigh(number, weight);
    return number;
  });
  candidates.begin(40, peers.end);
  for (let position = 0; position < 40; position++) {
    const holders = numbers.filter((_, i) => (all[i]?.holds ?? 1) > position);
    candidates.add(position, Uint32Array.from(holders));
  }
  return { peers, candidates };
}

function best(all: Parameters<typeof town>[0], most: number, dice: () => number = NO_CHANCE) {
  const { peers, candidates } = town(all);
  const slots = bestOf(candidates, peers, { place: HERE, most, dice });
  return new Set(slots.map((slot) => peers.peerOf(candidates.peerAt(slot))));
}

describe('the ranking', () => {
  it('prefers those that hold most', () => {
    const all = [{ holds: 1 }, { holds: 40 }, { holds: 33 }];
    expect(best(all, 1)).toEqual(new Set(['p1']));
    expect(best(all, 2)).toEqual(new Set(['p1', 'p2']));
    expect(best(all, 9)).toEqual(new Set(['p0', 'p1', 'p2']));
  });

  it('prefers the near ones: address, network, system, country', () => {
    const near = [
      {},
      { place: { ...ELSEWHERE, country: 4 } },
      { place: { ...ELSEWHERE, country: 4, system: 3 } },
      { place: { ...ELSEWHERE, network: 2 } },
      { place: HERE },
    ];
    for (let most = 1; most <= 5; most++)
      expect(best(near, most)).toEqual(new Set(['p4', 'p3', 'p2', 'p1', 'p0'].slice(0, most)));
  });

  it('takes what is not known for nothing in common', () => {
    expect(closeness(ELSEWHERE, ELSEWHERE)).toBe(1);
    expect(best([{ weight: 0.9 }, { place: ELSEWHERE }], 1)).toEqual(new Set(['p1']));
  });

  it('weighs, and leaves out those that cannot be shown', () => {
    const all = [{ weight: 0.2 }, { weight: 0 }, { weight: 0.8 }];
    expect(best(all, 1)).toEqual(new Set(['p2']));
    expect(best(all, 3)).toEqual(new Set(['p0', 'p2']));
  });

  it('finds the best of a thousand as sorting would', () => {
    const dice = seededRandom(9);
    const places = [ELSEWHERE, { ...ELSEWHERE, country: 4 }, { ...ELSEWHERE, network: 2 }, HERE];
    for (const mostHeld of [1, 3, 40]) {
      const all = Array.from({ length: 1000 }, (_, i) => {
        const place = places[Math.floor(dice() * 4)] ?? HERE;
        const [weight, holds] = [0.01 + 0.99 * dice(), 1 + Math.floor(dice() * mostHeld)];
        return { name: `p${i}`, place, weight, holds, score: weight * holds * closeness(HERE, place) };
      });
      const expected = all.toSorted((a, b) => b.score - a.score).slice(0, 64);
      expect(best(all, 64)).toEqual(new Set(expected.map(({ name }) => name)));
    }
  });

  it('lets chance decide among equals', () => {
    const firsts = new Set<string | undefined>();
    for (let seed = 0; seed < 100; seed++)
      firsts.add(
        best(
          Array.from({ length: 5 }, () => ({})),
          1,
          seededRandom(seed),
        )
          .values()
          .next().value,
      );
    expect(firsts.size).toBe(5);
  });
});

describe('candidates', () => {
  it('are collected anew each time, whatever was left from before', () => {
    const candidates = new Candidates();
    for (let round = 0; round < 20; round++) {
      candidates.begin(100, 50);
      candidates.add(round, Uint32Array.of(7, 9));
      candidates.add(99, Uint32Array.of(9));
      expect(candidates.count).toBe(2);
      expect(candidates.positionsAt(0)).toEqual([round]);
      expect(candidates.positionsAt(1)).toEqual([round, 99]);
      expect([candidates.gainAt(0), candidates.gainAt(1)]).toEqual([1, 2]);
    }
  });

  it('tell all positions of a want, also the 32nd of each word', () => {
    const candidates = new Candidates();
    candidates.begin(300, 10);
    for (let position = 0; position < 300; position++) candidates.add(position, Uint32Array.of(3));
    expect(candidates.positionsAt(0)).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('tell what they hold as the protocol does', () => {
    const dice = seededRandom(3);
    for (const roots of [1, 7, 8, 31, 32, 33, 100, 300]) {
      const candidates = new Candidates();
      for (let round = 0; round < 20; round++) {
        candidates.begin(roots, 10);
        const field = new Bitfield(roots);
        for (let position = 0; position < roots; position++)
          if (dice() < 0.3 && field.set(position)) candidates.add(position, Uint32Array.of(4));
        const other = candidates.addOther([roots - 1]);
        const last = new Bitfield(roots);
        last.set(roots - 1);
        if (other > 0) expect(candidates.bitfieldAt(0)).toBe(toBase64Url(field.toBytes()));
        expect(candidates.bitfieldAt(other)).toBe(toBase64Url(last.toBytes()));
      }
    }
  });

  it('of other nodes stand beside those of this one', () => {
    const candidates = new Candidates();
    candidates.begin(40, 10);
    candidates.add(2, Uint32Array.of(8, 5, 6, 7), 1, 3);
    const other = candidates.addOther([39, 2, 2]);
    expect([candidates.count, candidates.peerAt(0), candidates.peerAt(1)]).toEqual([3, 5, 6]);
    expect([candidates.gainAt(other), candidates.positionsAt(other)]).toEqual([2, [2, 39]]);
  });

  it('grow with the crowd', () => {
    const candidates = new Candidates();
    candidates.begin(300, 20_000);
    for (let position = 0; position < 300; position++)
      candidates.add(
        position,
        Uint32Array.from({ length: 64 }, (_, i) => position * 64 + i),
      );
    expect(candidates.count).toBe(19_200);
    expect([candidates.peerAt(19_199), candidates.positionsAt(19_199)]).toEqual([19_199, [299]]);
  });
});

describe('peer numbers', () => {
  it('are given again, with nothing left of whoever had them before', () => {
    const peers = new PeerNumbers<string>();
    const numbers = Array.from({ length: 1000 }, (_, i) => peers.add(`p${i}`, HERE));
    for (const number of numbers) peers.weigh(number, 1);
    peers.remove(500);
    expect([peers.peerOf(500), peers.weightOf(500), peers.size]).toEqual([undefined, 0, 999]);
    expect(peers.add('new', ELSEWHERE)).toBe(500);
    expect([peers.peerOf(500), peers.weightOf(500), peers.networkOf(500)]).toEqual(['new', 0, 0]);
    expect(peers.closenessTo(HERE, 500)).toBe(1);
    expect([peers.peerOf(999), peers.closenessTo(HERE, 999), peers.end]).toEqual(['p999', 1.3, 1000]);
  });
});
