import type { Bytes } from '../../../src/core/bytes.js';

/** A `data` frame (docs/protocol.md): type, id u32, offset u32, payload. */
const DATA = 5;
const HEADER = 9;
const OFFSET = 5;

type Malice = (frame: Bytes, random: () => number) => Bytes | undefined;

/** What a peer with a real engine makes of the data frames that it owes others. */
export const MALICES: Readonly<Record<string, Malice>> = {
  'flips a bit': (frame, random) => {
    const at = HEADER + Math.floor(random() * (frame.byteLength - HEADER));
    frame[at] = (frame[at] ?? 0) ^ (1 << Math.floor(8 * random()));
    return frame;
  },
  'sends noise': (frame, random) => {
    for (let at = HEADER; at < frame.byteLength; at += 97) frame[at] = Math.floor(256 * random());
    return frame;
  },
  'keeps back a byte': (frame) => frame.slice(0, Math.max(HEADER + 1, frame.byteLength - 1)),
  'adds a byte': (frame) => Uint8Array.from([...frame, 0]),
  'moves the offset': (frame) => {
    frame[OFFSET] = 0xff;
    return frame;
  },
  'delivers nothing': () => undefined,
  'delivers some frames': (frame, random) => (random() < 0.7 ? frame : undefined),
};

/** Tampers with what leaves a visitor. */
export function tamper(malice: Malice, random: () => number): (frame: Bytes) => Bytes | undefined {
  return (frame) => (frame[0] === DATA ? malice(frame, random) : frame);
}
