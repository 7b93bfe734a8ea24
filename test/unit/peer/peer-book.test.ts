import { beforeEach, describe, expect, it } from 'vitest';
import type { PeerId } from '../../../src/core/brands.js';
import { PeerBook, type PeerRecord } from '../../../src/peer/peer-book.js';

const SECOND = 1000;
const pid = 'pid-1' as PeerId;

let peer: PeerRecord;

beforeEach(() => {
  peer = new PeerBook().enter({ key: 'key-1', pid });
});

/** Strikes once a second from `from` (ms) on; returns when the last one fell. */
function strikes(count: number, from: number): number {
  for (let i = 0; i < count; i++) peer.strike(from + i * SECOND);
  return from + (count - 1) * SECOND;
}

describe('a peer', () => {
  it('is given a rest after three strikes', () => {
    strikes(2, 0);
    expect(peer.isResting(2 * SECOND)).toBe(false);
    const at = strikes(1, 2 * SECOND);
    expect(peer.isResting(at)).toBe(true);
    expect(peer.isResting(at + 10 * SECOND - 1)).toBe(true);
    expect(peer.isResting(at + 10 * SECOND)).toBe(false);
  });

  it('is struck once for what goes wrong at once', () => {
    for (let i = 0; i < 50; i++) peer.strike(i * 10);
    expect(peer.isResting(500)).toBe(false);
    expect(peer.takeReport()).toMatchObject({ slow: 50 });
  });

  it('makes up for a strike with every verified piece', () => {
    for (let i = 0; i < 20; i++) {
      strikes(2, i * 10 * SECOND);
      peer.count({ ok: 1 });
      peer.count({ ok: 1, bytes: 10 });
    }
    expect(peer.rests).toBe(0);
    peer.count({ ok: 1000 });
    strikes(3, 300 * SECOND);
    expect(peer.rests).toBe(1);
  });

  it('rests twice as long each time, up to five minutes, and is hopeless from the third time on', () => {
    let now = 0;
    for (const [i, seconds] of [10, 20, 40, 80, 160, 300, 300].entries()) {
      now = strikes(3, now);
      expect(peer.isResting(now + seconds * SECOND - 1)).toBe(true);
      expect(peer.isHopeless(now)).toBe(i >= 2);
      now += seconds * SECOND;
      expect(peer.isResting(now)).toBe(false);
      expect(peer.isHopeless(now)).toBe(false);
    }
  });
});
