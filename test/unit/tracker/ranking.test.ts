import { describe, expect, it } from 'vitest';
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
  return slots.map((slot) => peers.peerOf(candidates.peerAt(slot)));
}

describe('the ranking', () => {
  it('puts those first that hold most', () => {
    expect(best([{ holds: 1 }, { holds: 40 }, { holds: 33 }], 3)).toEqual(['p1', 'p2', 'p0']);
  });

  it('prefers the near ones: address, network, system, country', () => {
    const near = [
      {},
      { place: { ...ELSEWHERE, country: 4 } },
      { place: { ...ELSEWHERE, country: 4, system: 3 } },
      { place: { ...ELSEWHERE, network: 2 } },
      { place: HERE },
    ];
    expect(best(near, 5)).toEqual(['p4', 'p3', 'p2', 'p1', 'p0']);
  });

  it('takes what is not known for nothing in common', () => {
    expect(closeness(ELSEWHERE, ELSEWHERE)).toBe(1);
    expect(best([{ weight: 0.9 }, { place: ELSEWHERE }], 2)).toEqual(['p1', 'p0']);
  });

  it('weighs, and leaves out those that cannot be shown', () => {
    expect(best([{ weight: 0.2 }, { weight: 0 }, { weight: 0.8 }], 3)).toEqual(['p2', 'p0']);
  });

  it('finds the best of a thousand as sorting would', () => {
    const dice = seededRandom(9);
    const all = Array.from({ length: 1000 }, () => ({ weight: 0.01 + dice() }));
    const byWeight = [...all.keys()].sort((a, b) => (all[b]?.weight ?? 0) - (all[a]?.weight ?? 0));
    expect(best(all, 64)).toEqual(byWeight.slice(0, 64).map((i) => `p${i}`));
  });

  it('lets chance decide among equals', () => {
    const firsts = new Set<string | undefined>();
    for (let seed = 0; seed < 100; seed++)
      firsts.add(
        best(
          Array.from({ length: 5 }, () => ({})),
          1,
          seededRandom(seed),
        )[0],
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
