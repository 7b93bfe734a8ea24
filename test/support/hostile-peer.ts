import type { BrowserContext } from 'playwright';
import { IMAGES } from './media.js';

declare global {
  interface Window {
    /** Frames that a page of `makeHostile` tampered with, kept back, or made up. */
    tamperedFrames: number;
  }
}

/**
 * How a hostile visitor treats the frames that it owes, by what the one who gets them makes of that: a wrong
 * piece or layer is found by the worker, a breach of the protocol by the engine, and silence by nobody at once.
 */
export const MALICES = {
  banned: ['first-leaf', 'middle-leaf', 'last-leaf', 'other-file', 'false-layer'],
  hostile: ['short', 'long', 'wrong-offset', 'a-byte-a-second', 'noise', 'flood'],
  unnoticed: ['silence'],
} as const;
export type Malice = (typeof MALICES)[keyof typeof MALICES][number];

/**
 * Makes every page of `context` a hostile peer: its real engine runs, but what leaves its data channels
 * is tampered with.
 */
export async function makeHostile(context: BrowserContext, malice: Malice): Promise<void> {
  await context.addInitScript(tamper, { malice, other: IMAGES[0] ?? '' });
}

/**
 * Runs in the page, before any other script. `other` is a file whose bytes some send in place of what was asked
 * for. Frames are those of docs/protocol.md; leaves have 16 KiB, and pieces of pictures four of them.
 */
function tamper({ malice, other }: { malice: Malice; other: string }): void {
  const [HELLO, ASK, DATA, LAYER, BYE, TYPES] = [1, 2, 5, 9, 10, 13] as const;
  const OFFSET = 5;
  const HEADER = 9;
  const LEAF = 16_384;
  const MOST_FRAME = 65_536;
  window.tamperedFrames = 0;
  let seed = 1;
  let otherBytes = new Uint8Array(0);
  if (malice === 'other-file')
    void fetch(other)
      .then((response) => response.arrayBuffer())
      .then((bytes) => (otherBytes = new Uint8Array(bytes)));

  const channel = RTCDataChannel.prototype;
  const send = Reflect.get(channel, 'send') as (this: RTCDataChannel, data: Uint8Array) => void;
  const offsetOf = (frame: Uint8Array): number => new DataView(frame.buffer).getUint32(OFFSET);
  const moved = (frame: Uint8Array, by: number): Uint8Array => {
    new DataView(frame.buffer).setUint32(OFFSET, offsetOf(frame) + by);
    return frame;
  };
  const flipped = (frame: Uint8Array, at: number): Uint8Array => {
    if (at >= 0 && at < frame.byteLength) frame[at] = (frame[at] ?? 0) ^ 1;
    return frame;
  };
  const flipIn = (frame: Uint8Array, place: number): Uint8Array =>
    flipped(frame, HEADER + place - offsetOf(frame));
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((below * seed) / 2 ** 32);
  };
  /** Does something again and again while the channel is there and takes it. */
  const every = (ms: number, to: RTCDataChannel, frames: () => Uint8Array[]): void => {
    setTimeout(() => {
      if (to.readyState !== 'open') return;
      if (to.bufferedAmount < 16 * MOST_FRAME) {
        for (const frame of frames()) {
          window.tamperedFrames++;
          send.call(to, frame);
        }
      }
      every(ms, to, frames);
    }, ms);
  };
  /** Of any type but goodbye, and of all lengths. */
  const noise = (): Uint8Array => {
    const frame = Uint8Array.from({ length: 1 + random(1 + random(MOST_FRAME)) }, () => random(256));
    if (random(2) === 0) frame[0] = random(TYPES);
    return frame[0] === BYE ? new Uint8Array() : frame;
  };
  const question = (): Uint8Array => {
    const frame = Uint8Array.from({ length: 2 + 256 * 32 }, () => random(256));
    frame.set([ASK, 1]);
    return frame;
  };

  type Tampering = (frame: Uint8Array, to: RTCDataChannel) => Uint8Array | undefined;
  const withData: Partial<Record<Malice, Tampering>> = {
    'first-leaf': (frame) => flipIn(frame, 0),
    'middle-leaf': (frame) => flipIn(frame, LEAF + 1),
    'last-leaf': (frame) => flipIn(frame, 4 * LEAF - 1),
    'other-file': (frame) => {
      const from = offsetOf(frame);
      frame.set(otherBytes.subarray(from, from + frame.byteLength - HEADER), HEADER);
      return frame;
    },
    short: (frame) => frame.slice(0, -1),
    long: (frame) => Uint8Array.from([...frame, 0]),
    'wrong-offset': (frame) => moved(frame, 1),
    'a-byte-a-second': (frame, to) => {
      let sent = 0;
      every(1000, to, () => [moved(frame.slice(0, HEADER + 1), sent++)]);
      return undefined;
    },
    silence: () => undefined,
  };
  const withLayer: typeof withData = { 'false-layer': (frame) => flipped(frame, frame.byteLength - 1) };
  const withHello: typeof withData = {
    noise: (frame, to) => {
      every(20, to, () => [noise()]);
      return frame;
    },
    flood: (frame, to) => {
      every(20, to, () => Array.from({ length: 20 }, question));
      return frame;
    },
  };
  const tamperings = new Map<number, typeof withData>([
    [DATA, withData],
    [LAYER, withLayer],
    [HELLO, withHello],
  ]);

  channel.send = function (this: RTCDataChannel, data: unknown): void {
    if (!ArrayBuffer.isView(data)) throw new TypeError('the engine sends views');
    const frame = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    const tampering = tamperings.get(frame[0] ?? 0)?.[malice];
    if (tampering && frame[0] !== HELLO) window.tamperedFrames++;
    const sent = tampering ? tampering(frame, this) : frame;
    if (sent) send.call(this, sent);
  };
}
