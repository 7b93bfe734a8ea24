import { fromHex, toHex, type Bytes } from '../core/bytes.js';
import type { PieceIndex, Root, UrlHash } from '../core/brands.js';
import { MAX_ASK_ROOTS, MAX_CONTENT_LENGTH, MAX_FRAME, MAX_TOKEN_LENGTH } from '../core/limits.js';
import { MAX_PIECE_LENGTH, MIN_PIECE_LENGTH } from '../core/pieces.js';
import { isCompactJws, isWhole } from './check.js';

/**
 * What two peers say over a data channel, version 1: binary frames, one per channel message, of at
 * most `MAX_FRAME` bytes. All integers are big-endian. The first byte is the type:
 *
 *     hello    1 | version u8
 *     ask      2 | flags u8 (1: layers too) | roots 32 bytes each, 1 to 256
 *     have     3 | root 32 | pieces u32 | bitfield         pieces = 0: nothing of it, or will not say
 *     request  4 | id u32 | root 32 | piece u32 | begin u32 | length u32      a part of one piece
 *     data     5 | id u32 | offset u32 | payload           offset in the piece; parts come in order
 *     cancel   6 | id u32
 *     reject   7 | id u32
 *     token    8 | url 32 | compact JWS, ASCII
 *     layer    9 | root 32 | hashes end to end
 *     bye     10
 *     seek    11 | urls 32 bytes each (SHA-256 of the canonical URL), 1 to 256
 *
 * A `have` is sent only for roots that were asked for, and again when pieces are added to one.
 * A refusal does not say whether the root is unknown or withheld.
 *
 * A `token` is sent only for a URL that was sought: at once, or when the sender comes to hold pieces of it
 * later. Who has none says nothing.
 *
 * Every request ends in exactly one way: with its last byte of `data`, or with `reject`, which also
 * answers a `cancel` that came in time. So the asker always knows what is still under way. Data comes in
 * the order of the requests, so that a byte kept back is noticed with the next one. A request
 * is for a part of a piece because its size is what congestion control works with: a piece of 1 MiB
 * at once overflows the queue of an ordinary home connection.
 */
export const PEER_PROTOCOL_VERSION = 1;

export type Frame =
  | { readonly type: 'hello'; readonly version: number }
  | { readonly type: 'ask'; readonly layers: boolean; readonly roots: readonly Root[] }
  | { readonly type: 'have'; readonly root: Root; readonly pieces: number; readonly bits: Bytes }
  | RequestFrame
  | { readonly type: 'data'; readonly id: number; readonly offset: number; readonly payload: Bytes }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'reject'; readonly id: number }
  | { readonly type: 'token'; readonly url: UrlHash; readonly token: string }
  | { readonly type: 'seek'; readonly urls: readonly UrlHash[] }
  | { readonly type: 'layer'; readonly root: Root; readonly hashes: Bytes }
  | { readonly type: 'bye' };

export interface RequestFrame {
  readonly type: 'request';
  readonly id: number;
  readonly root: Root;
  readonly piece: PieceIndex;
  /** First byte asked for, counted within the piece, and how many. */
  readonly begin: number;
  readonly length: number;
}

const TYPE = {
  hello: 1,
  ask: 2,
  have: 3,
  request: 4,
  data: 5,
  cancel: 6,
  reject: 7,
  token: 8,
  layer: 9,
  bye: 10,
  seek: 11,
} as const;

const ROOT_BYTES = 32;
const ASK_HEADER = 2;
const HAVE_HEADER = 1 + ROOT_BYTES + 4;
const REQUEST_LENGTH = 1 + 4 + ROOT_BYTES + 4 + 4 + 4;
const DATA_HEADER = 1 + 4 + 4;
const ID_LENGTH = 1 + 4;
const LAYER_HEADER = 1 + ROOT_BYTES;
const TOKEN_HEADER = 1 + ROOT_BYTES;
const SEEK_HEADER = 1;
const MAX_PIECES = MAX_CONTENT_LENGTH / MIN_PIECE_LENGTH;
/** A longer bitfield or layer does not fit a frame; such files get theirs from the hash service. */
export const MAX_HAVE_PIECES = Math.min(MAX_PIECES, (MAX_FRAME - HAVE_HEADER) * 8);
export const MAX_LAYER_BYTES = MAX_FRAME - LAYER_HEADER;

export function encodeFrame(frame: Frame): Bytes {
  switch (frame.type) {
    case 'hello':
      return Uint8Array.of(TYPE.hello, frame.version);
    case 'ask':
      return withHashes(Uint8Array.of(TYPE.ask, frame.layers ? 1 : 0), frame.roots);
    case 'have': {
      const bytes = framed(TYPE.have, HAVE_HEADER, frame.bits);
      putHash(bytes, 1, frame.root);
      view(bytes).setUint32(1 + ROOT_BYTES, frame.pieces);
      return bytes;
    }
    case 'request':
      return encodeRequest(frame);
    case 'data': {
      const bytes = framed(TYPE.data, DATA_HEADER, frame.payload);
      view(bytes).setUint32(1, frame.id);
      view(bytes).setUint32(5, frame.offset);
      return bytes;
    }
    case 'cancel':
      return withId(TYPE.cancel, frame.id, ID_LENGTH);
    case 'reject':
      return withId(TYPE.reject, frame.id, ID_LENGTH);
    case 'token': {
      const bytes = framed(TYPE.token, TOKEN_HEADER, new TextEncoder().encode(frame.token));
      putHash(bytes, 1, frame.url);
      return bytes;
    }
    case 'seek':
      return withHashes(Uint8Array.of(TYPE.seek), frame.urls);
    case 'layer': {
      const bytes = framed(TYPE.layer, LAYER_HEADER, frame.hashes);
      putHash(bytes, 1, frame.root);
      return bytes;
    }
    case 'bye':
      return Uint8Array.of(TYPE.bye);
  }
}

/**
 * Parses one frame. `undefined` for a frame that is malformed or over a bound: the sender is broken
 * or hostile and its link is closed. The payload of `data` is a view into `bytes`, not a copy.
 */
export function decodeFrame(bytes: Bytes): Frame | undefined {
  if (bytes.byteLength < 1 || bytes.byteLength > MAX_FRAME) return undefined;
  switch (bytes[0]) {
    case TYPE.hello:
      return bytes.byteLength >= 2 ? { type: 'hello', version: bytes[1] ?? 0 } : undefined;
    case TYPE.ask:
      return decodeAsk(bytes);
    case TYPE.have:
      return decodeHave(bytes);
    case TYPE.request:
      return decodeRequest(bytes);
    case TYPE.data:
      return decodeData(bytes);
    case TYPE.cancel:
      return bytes.byteLength === ID_LENGTH ? { type: 'cancel', id: view(bytes).getUint32(1) } : undefined;
    case TYPE.reject:
      return bytes.byteLength === ID_LENGTH ? { type: 'reject', id: view(bytes).getUint32(1) } : undefined;
    case TYPE.token:
      return decodeToken(bytes);
    case TYPE.layer:
      return decodeLayer(bytes);
    case TYPE.seek:
      return decodeSeek(bytes);
    case TYPE.bye:
      return { type: 'bye' };
    default:
      return undefined;
  }
}

function decodeAsk(bytes: Bytes): Frame | undefined {
  const roots = hashesAfter(bytes, ASK_HEADER) as Root[] | undefined;
  return roots && { type: 'ask', layers: ((bytes[1] ?? 0) & 1) === 1, roots };
}

function decodeSeek(bytes: Bytes): Frame | undefined {
  const urls = hashesAfter(bytes, SEEK_HEADER) as UrlHash[] | undefined;
  return urls && { type: 'seek', urls };
}

function decodeHave(bytes: Bytes): Frame | undefined {
  if (bytes.byteLength < HAVE_HEADER) return undefined;
  const pieces = view(bytes).getUint32(1 + ROOT_BYTES);
  if (pieces > MAX_HAVE_PIECES || bytes.byteLength !== HAVE_HEADER + Math.ceil(pieces / 8)) return undefined;
  return { type: 'have', root: rootAt(bytes, 1), pieces, bits: bytes.slice(HAVE_HEADER) };
}

function encodeRequest({ id, root, piece, begin, length }: RequestFrame): Bytes {
  const bytes = withId(TYPE.request, id, REQUEST_LENGTH);
  putHash(bytes, ID_LENGTH, root);
  const numbers = view(bytes);
  [piece, begin, length].forEach((value, i) => {
    numbers.setUint32(ID_LENGTH + ROOT_BYTES + 4 * i, value);
  });
  return bytes;
}

function decodeRequest(bytes: Bytes): Frame | undefined {
  if (bytes.byteLength !== REQUEST_LENGTH) return undefined;
  const numberAt = (i: number) => view(bytes).getUint32(ID_LENGTH + ROOT_BYTES + 4 * i);
  const [piece, begin, length] = [numberAt(0), numberAt(1), numberAt(2)];
  if (piece >= MAX_PIECES || length === 0 || begin + length > MAX_PIECE_LENGTH) return undefined;
  return {
    type: 'request',
    id: view(bytes).getUint32(1),
    root: rootAt(bytes, ID_LENGTH),
    piece: piece as PieceIndex,
    begin,
    length,
  };
}

function decodeData(bytes: Bytes): Frame | undefined {
  if (bytes.byteLength <= DATA_HEADER) return undefined;
  const header = view(bytes);
  return {
    type: 'data',
    id: header.getUint32(1),
    offset: header.getUint32(5),
    payload: bytes.subarray(DATA_HEADER),
  };
}

function decodeToken(bytes: Bytes): Frame | undefined {
  const token = new TextDecoder().decode(bytes.subarray(TOKEN_HEADER));
  if (!isCompactJws(token, MAX_TOKEN_LENGTH)) return undefined;
  return { type: 'token', url: hashAt(bytes, 1) as UrlHash, token };
}

function decodeLayer(bytes: Bytes): Frame | undefined {
  const body = bytes.byteLength - LAYER_HEADER;
  if (body <= 0 || body % ROOT_BYTES !== 0) return undefined;
  return { type: 'layer', root: rootAt(bytes, 1), hashes: bytes.slice(LAYER_HEADER) };
}

function view(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function framed(type: number, header: number, body: Uint8Array): Bytes {
  const bytes = new Uint8Array(header + body.byteLength);
  bytes[0] = type;
  bytes.set(body, header);
  return bytes;
}

function withId(type: number, id: number, length: number): Bytes {
  const bytes = new Uint8Array(length);
  bytes[0] = type;
  view(bytes).setUint32(1, id);
  return bytes;
}

type Hash = Root | UrlHash;

function withHashes(header: Bytes, hashes: readonly Hash[]): Bytes {
  const bytes = new Uint8Array(header.byteLength + hashes.length * ROOT_BYTES);
  bytes.set(header);
  hashes.forEach((hash, i) => putHash(bytes, header.byteLength + i * ROOT_BYTES, hash));
  return bytes;
}

/** All that follows a header, when it is as many hashes as one may ask about. */
function hashesAfter(bytes: Bytes, header: number): string[] | undefined {
  const count = (bytes.byteLength - header) / ROOT_BYTES;
  if (!isWhole(count, 1, MAX_ASK_ROOTS)) return undefined;
  return Array.from({ length: count }, (_, i) => hashAt(bytes, header + i * ROOT_BYTES));
}

function putHash(bytes: Bytes, at: number, hash: Hash): void {
  bytes.set(fromHex(hash) ?? [], at);
}

function hashAt(bytes: Bytes, at: number): string {
  return toHex(bytes.subarray(at, at + ROOT_BYTES));
}

function rootAt(bytes: Bytes, at: number): Root {
  return hashAt(bytes, at) as Root;
}
