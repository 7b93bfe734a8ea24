import { beforeEach, describe, expect, it } from 'vitest';
import type { ByteLength, PieceIndex } from '../../../src/core/brands.js';
import type { SignallingLink } from '../../../src/peer/link.js';
import { encodeFrame, type Frame } from '../../../src/protocol/peer.js';
import { FakeClock } from '../../support/fake-clock.js';
import { memoryPair } from '../../support/memory-link.js';
import { ROOT } from '../../support/samples.js';
import { WireWatch } from '../../support/simulation/wire-watch.js';

const KIB = 1024;
const SIZE = 64 * KIB;
const RATE = 100 * KIB;
const piece = 0 as PieceIndex;

let clock: FakeClock;
let watch: WireWatch;
let links: [SignallingLink, SignallingLink];

beforeEach(() => {
  clock = new FakeClock();
  watch = new WireWatch(clock, RATE);
  links = memoryPair(clock);
  for (const link of links) watch.made(link);
  const cut = { length: SIZE as ByteLength, piece: SIZE as ByteLength };
  watch.needed({ id: 1, root: ROOT, cut, pieces: [piece], wait: 1000, layer: false });
});

function sends(link: SignallingLink, frame: Frame): void {
  watch.sent(link, encodeFrame(frame));
}

function hears(link: SignallingLink, frame: Frame): void {
  watch.received(link, encodeFrame(frame));
}

function asks(link: SignallingLink, id: number, begin = 0, length = SIZE): void {
  sends(link, { type: 'request', id, root: ROOT, piece, begin, length });
}

function delivers(link: SignallingLink, id: number): void {
  for (const offset of [0, SIZE / 2])
    hears(link, { type: 'data', id, offset, payload: new Uint8Array(SIZE / 2) });
}

describe('the watch on the wire: a piece asked for again', () => {
  it.each([
    [
      'while it is under way',
      'under-way',
      (): void => {
        hears(links[0], { type: 'data', id: 1, offset: 0, payload: new Uint8Array(SIZE / 2) });
      },
    ],
    [
      'while its verdict is awaited',
      'delivered',
      (): void => {
        delivers(links[0], 1);
      },
    ],
    [
      'though it was right',
      'verified',
      (): void => {
        delivers(links[0], 1);
        watch.judged(ROOT, piece, 'verified');
      },
    ],
  ])('%s has no cause', (_when, state, happens) => {
    asks(links[0], 1);
    happens();
    asks(links[1], 1);
    expect(watch.violations).toEqual([expect.stringContaining(`the last time is ${state}`)]);
  });

  it.each([
    ['link-ended', (): void => watch.closed(links[0])],
    ['rejected', (): void => hears(links[0], { type: 'reject', id: 1 })],
    ['moved', (): void => sends(links[0], { type: 'cancel', id: 1 })],
    [
      'unneeded',
      (): void => {
        sends(links[0], { type: 'cancel', id: 1 });
        watch.needOver(1);
        const cut = { length: SIZE as ByteLength, piece: SIZE as ByteLength };
        watch.needed({ id: 2, root: ROOT, cut, pieces: [piece], wait: 1000, layer: false });
      },
    ],
    [
      'wrong',
      (): void => {
        delivers(links[0], 1);
        watch.judged(ROOT, piece, 'mismatch');
      },
    ],
  ] as const)('after "%s" has one', (cause, happens) => {
    asks(links[0], 1);
    happens();
    asks(links[1], 1);
    expect(watch.violations).toEqual([]);
    expect(watch.causes[cause]).toBe(1);
    expect(watch.asked).toBe(2);
  });
});

describe('the watch on the wire', () => {
  it('notices what is asked for out of turn, and for nobody', () => {
    asks(links[0], 1, 0, SIZE / 4);
    asks(links[0], 2, SIZE / 2, SIZE / 2);
    watch.needOver(1);
    sends(links[0], { type: 'cancel', id: 1 });
    asks(links[1], 1);
    expect(watch.violations).toHaveLength(3);
  });

  it('holds uploads to the cap over any stretch of time', async () => {
    const upload = (bytes: number): void =>
      sends(links[0], { type: 'data', id: 1, offset: 0, payload: new Uint8Array(bytes) });
    upload(32 * KIB);
    upload(32 * KIB);
    await clock.advance(320);
    upload(32 * KIB);
    expect(watch.violations).toEqual([]);
    await clock.advance(160);
    upload(32 * KIB);
    expect(watch.violations).toEqual([expect.stringContaining('in a burst')]);
  });

  it('lets nothing be uploaded at rate 0', () => {
    watch.setRate(0);
    sends(links[0], { type: 'data', id: 1, offset: 0, payload: new Uint8Array(100) });
    expect(watch.violations).toHaveLength(1);
  });
});
