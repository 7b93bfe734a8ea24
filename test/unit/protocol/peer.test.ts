import { describe, expect, it } from 'vitest';
import type { PieceIndex, Root, UrlHash } from '../../../src/core/brands.js';
import { fromHex, toHex } from '../../../src/core/bytes.js';
import { DATA_PAYLOAD, MAX_ASK_ROOTS, MAX_FRAME } from '../../../src/core/limits.js';
import { MAX_LAYER_BYTES, decodeFrame, encodeFrame, type Frame } from '../../../src/protocol/peer.js';
import { JWS, ROOT } from '../../support/samples.js';

const OTHER = 'f0'.repeat(32) as Root;
const URL_HASH = '5c'.repeat(32) as UrlHash;

const frames: Frame[] = [
  { type: 'hello', version: 1 },
  { type: 'ask', layers: true, roots: [ROOT, OTHER] },
  { type: 'ask', layers: false, roots: Array.from({ length: MAX_ASK_ROOTS }, () => ROOT) },
  { type: 'have', root: ROOT, pieces: 0, bits: new Uint8Array(0) },
  { type: 'have', root: ROOT, pieces: 13, bits: Uint8Array.of(0xff, 0xf8) },
  { type: 'request', id: 0xffff_ffff, root: ROOT, piece: 7 as PieceIndex, begin: 32_768, length: 65_536 },
  { type: 'data', id: 3, offset: 0xffff_ffff, payload: Uint8Array.of(1, 2, 3) },
  { type: 'data', id: 3, offset: 0, payload: new Uint8Array(DATA_PAYLOAD) },
  { type: 'cancel', id: 4 },
  { type: 'reject', id: 0x8000_0000 },
  { type: 'token', url: URL_HASH, token: JWS },
  { type: 'seek', urls: [URL_HASH] },
  { type: 'seek', urls: Array.from({ length: MAX_ASK_ROOTS }, () => URL_HASH) },
  { type: 'layer', root: OTHER, hashes: new Uint8Array(64) },
  { type: 'bye' },
];

describe('frames', () => {
  it.each(frames)('come back as they were: %#', (frame) => {
    const bytes = encodeFrame(frame);
    expect(bytes.byteLength).toBeLessThanOrEqual(MAX_FRAME);
    expect(decodeFrame(bytes)).toEqual(frame);
  });

  it.each(frames)('are read from the middle of a larger buffer: %#', (frame) => {
    const bytes = encodeFrame(frame);
    const room = new Uint8Array(bytes.byteLength + 20).fill(0xee);
    room.set(bytes, 10);
    expect(decodeFrame(room.subarray(10, 10 + bytes.byteLength))).toEqual(frame);
  });

  it('are laid out as documented, integers big-endian', () => {
    const hex = (frame: Frame): string => toHex(encodeFrame(frame));
    expect(hex({ type: 'hello', version: 1 })).toBe('0101');
    expect(hex({ type: 'ask', layers: true, roots: [ROOT] })).toBe(`0201${ROOT}`);
    expect(hex({ type: 'have', root: ROOT, pieces: 9, bits: Uint8Array.of(0x80, 0x80) })).toBe(
      `03${ROOT}000000098080`,
    );
    const request: Frame = {
      type: 'request',
      id: 258,
      root: ROOT,
      piece: 3 as PieceIndex,
      begin: 4,
      length: 5,
    };
    expect(hex(request)).toBe(`0400000102${ROOT}000000030000000400000005`);
    expect(hex({ type: 'data', id: 258, offset: 65536, payload: Uint8Array.of(170) })).toBe(
      '050000010200010000aa',
    );
    expect(hex({ type: 'cancel', id: 258 })).toBe('0600000102');
    expect(hex({ type: 'reject', id: 258 })).toBe('0700000102');
    expect(hex({ type: 'token', url: URL_HASH, token: 'a.b.c' })).toBe(`08${URL_HASH}612e622e63`);
    expect(hex({ type: 'seek', urls: [URL_HASH] })).toBe(`0b${URL_HASH}`);
    expect(hex({ type: 'layer', root: ROOT, hashes: new Uint8Array(32) })).toBe(
      `09${ROOT}${'00'.repeat(32)}`,
    );
    expect(hex({ type: 'bye' })).toBe('0a');
  });

  it('give the payload of data as a view, everything else as copies', () => {
    const data = encodeFrame({ type: 'data', id: 1, offset: 0, payload: Uint8Array.of(1) });
    const layer = encodeFrame({ type: 'layer', root: ROOT, hashes: new Uint8Array(32) });
    const [one, two] = [decodeFrame(data), decodeFrame(layer)];
    data.fill(9);
    layer.fill(9);
    expect(one).toMatchObject({ payload: Uint8Array.of(9) });
    expect(two).toMatchObject({ hashes: new Uint8Array(32), root: ROOT });
  });

  it('carry the largest layer that fits, and no larger one', () => {
    const hashes = new Uint8Array(Math.floor(MAX_LAYER_BYTES / 32) * 32);
    expect(decodeFrame(encodeFrame({ type: 'layer', root: ROOT, hashes }))).toBeDefined();
    const more = new Uint8Array(hashes.byteLength + 32);
    expect(decodeFrame(encodeFrame({ type: 'layer', root: ROOT, hashes: more }))).toBeUndefined();
  });
});

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(hex);
  if (!bytes) throw new Error('not hexadecimal');
  return bytes;
}

describe('broken frames', () => {
  it.each([
    ['nothing', ''],
    ['type 0', '00'],
    ['an unknown type', '0b'],
    ['type 255', `ff${ROOT}`],
    ['hello without a version', '01'],
    ['ask without roots', '0201'],
    ['ask with half a root', `0201${ROOT.slice(2)}`],
    ['ask with a root and a bit', `0201${ROOT}00`],
    ['have cut in its root', `03${ROOT.slice(2)}`],
    ['have without a count', `03${ROOT}`],
    ['have with too few bits', `03${ROOT}0000000980`],
    ['have with too many bits', `03${ROOT}000000088080`],
    ['have with bits for nothing', `03${ROOT}0000000080`],
    ['have with a count that would need 512 MiB', `03${ROOT}ffffffff80`],
    ['request cut', `0400000102${ROOT}0000000300000000000001`],
    ['request too long', `0400000102${ROOT}00000003000000000000000100`],
    ['request for a piece no file has', `0400000102${ROOT}010000000000000000000001`],
    ['request for no bytes', `0400000102${ROOT}000000030000000400000000`],
    ['request past the longest piece', `0400000102${ROOT}000000030000000100100000`],
    ['request whose end overflows 32 bits', `0400000102${ROOT}00000003ffffffffffffffff`],
    ['data without payload', '050000010200010000'],
    ['data cut in its header', '05000001'],
    ['cancel cut', '06000001'],
    ['cancel too long', '060000010200'],
    ['reject cut', '07'],
    ['token cut in its URL', '08aa'],
    ['an empty token', `08${URL_HASH}`],
    ['a token of two parts', `08${URL_HASH}612e62`],
    ['a token of other characters', `08${URL_HASH}612e622e0a`],
    ['a token that is not ASCII', `08${URL_HASH}c3a42e622e63`],
    ['a token that is not UTF-8', `08${URL_HASH}ff2e622e63`],
    ['a seek for nothing', '0b'],
    ['a seek for half a URL', `0b${URL_HASH}${'00'.repeat(16)}`],
    ['a seek for too much', `0b${URL_HASH.repeat(MAX_ASK_ROOTS + 1)}`],
    ['layer without hashes', `09${ROOT}`],
    ['layer with half a hash', `09${ROOT}${'00'.repeat(16)}`],
    ['layer cut in its root', '09aa'],
  ])('%s', (_what, hex) => {
    expect(decodeFrame(bytesOf(hex))).toBeUndefined();
  });

  it('too many roots in an ask', () => {
    expect(decodeFrame(bytesOf(`0200${ROOT.repeat(MAX_ASK_ROOTS + 1)}`))).toBeUndefined();
  });

  it('a token beyond its bound', () => {
    const token = (length: number) =>
      encodeFrame({ type: 'token', url: URL_HASH, token: `a.b.${'c'.repeat(length - 4)}` });
    expect(decodeFrame(token(8192))).toBeDefined();
    expect(decodeFrame(token(8193))).toBeUndefined();
  });

  it('anything over the frame bound', () => {
    const payload = new Uint8Array(MAX_FRAME - 9);
    expect(decodeFrame(encodeFrame({ type: 'data', id: 1, offset: 0, payload }))).toBeDefined();
    const longer = new Uint8Array(MAX_FRAME - 8);
    expect(decodeFrame(encodeFrame({ type: 'data', id: 1, offset: 0, payload: longer }))).toBeUndefined();
  });

  it('every cut of every frame either fails or is another valid frame', () => {
    for (const frame of frames.filter(({ type }) => type !== 'data' && type !== 'token')) {
      const bytes = encodeFrame(frame);
      for (let length = 0; length < bytes.byteLength; length += Math.ceil(bytes.byteLength / 200)) {
        const cut = decodeFrame(bytes.slice(0, length));
        if (cut) expect(encodeFrame(cut)).toEqual(bytes.slice(0, length));
      }
    }
  });

  it('leave room for later versions only in hello and bye', () => {
    expect(decodeFrame(bytesOf('0102ffff'))).toEqual({ type: 'hello', version: 2 });
    expect(decodeFrame(bytesOf('0a01'))).toEqual({ type: 'bye' });
  });
});
