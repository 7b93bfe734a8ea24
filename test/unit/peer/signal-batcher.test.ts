import { describe, expect, it } from 'vitest';
import type { Signal } from '../../../src/peer/link.js';
import { MAX_BATCH, SignalBatcher } from '../../../src/peer/signal-batcher.js';
import { FakeClock } from '../../support/fake-clock.js';

const offer: Signal = { type: 'offer', sdp: 'v=0' };
const candidate = (n: number): Signal => ({
  type: 'candidate',
  candidate: { candidate: `candidate:${n}`, sdpMid: '0', sdpMLineIndex: 0 },
});

function start(): { clock: FakeClock; batches: (readonly Signal[])[]; batcher: SignalBatcher } {
  const clock = new FakeClock();
  const batches: (readonly Signal[])[] = [];
  return { clock, batches, batcher: new SignalBatcher(clock, (batch) => batches.push(batch)) };
}

describe('signal batches', () => {
  it('hold the description and what comes within 20 ms, then what comes within 100 ms', async () => {
    const { clock, batches, batcher } = start();
    batcher.add(offer);
    batcher.add(candidate(1));
    await clock.advance(20);
    expect(batches).toEqual([[offer, candidate(1)]]);
    batcher.add(candidate(2));
    await clock.advance(99);
    batcher.add(candidate(3));
    await clock.advance(1);
    expect(batches[1]).toEqual([candidate(2), candidate(3)]);
    expect(clock.pending).toBe(0);
  });

  it('begin with the description even when candidates were first', async () => {
    const { clock, batches, batcher } = start();
    batcher.add(candidate(1));
    await clock.advance(500);
    expect(batches).toEqual([]);
    batcher.add(offer);
    await clock.advance(20);
    expect(batches).toEqual([[offer, candidate(1)]]);
  });

  it('are bounded', async () => {
    const { clock, batches, batcher } = start();
    for (let i = 0; i < 2 * MAX_BATCH + 3; i++) batcher.add(candidate(i));
    batcher.add(offer);
    await clock.advance(1000);
    expect(batches.map((batch) => batch.length)).toEqual([MAX_BATCH, MAX_BATCH, 4]);
    expect(batches.flat()).toHaveLength(2 * MAX_BATCH + 4);
  });

  it('end when stopped', async () => {
    const { clock, batches, batcher } = start();
    batcher.add(offer);
    batcher.stop();
    await clock.advance(1000);
    expect(batches).toEqual([]);
  });
});
