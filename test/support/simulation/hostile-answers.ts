import type { PieceIndex } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import { DATA_PAYLOAD, MAX_FRAME } from '../../../src/core/limits.js';
import type { RequestFrame } from '../../../src/protocol/peer.js';
import { fullBitfield } from '../bits.js';
import { greet, noise, someRoot, type HostileKind } from './hostile-kind.js';
import type { Conversation } from './hostile-peer.js';

/** How often (ms) nonsense is sent. */
const EVERY = 20;

function flip(at: (length: number) => number): (talk: Conversation, request: RequestFrame) => void {
  return (talk, request) => {
    talk.deliver(request, (right) => {
      const index = at(right.byteLength);
      right[index] = (right[index] ?? 0) ^ (1 << Math.floor(8 * talk.random()));
      return right;
    });
  };
}

/** A frame of any type but `bye`, of a plausible length, with random contents. */
function plausible(talk: Conversation): Bytes {
  const types = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12];
  const type = types[Math.floor(types.length * talk.random())] ?? 0;
  const lengths = [1, 2, 5, 6, 9, 10, 34, 37, 38, 49, 65, 2000, DATA_PAYLOAD + 9, MAX_FRAME];
  const frame = noise(talk, lengths[Math.floor(lengths.length * talk.random())] ?? 1);
  frame[0] = type;
  return frame;
}

export const WRONG_BYTES: readonly HostileKind[] = [
  { name: 'flips a bit in the first leaf', ends: 'banned', requested: flip(() => 0) },
  { name: 'flips a bit in a middle leaf', ends: 'banned', requested: flip((length) => length >> 1) },
  { name: 'flips a bit in the last leaf', ends: 'banned', requested: flip((length) => length - 1) },
  {
    name: 'sends the bytes of another file',
    ends: 'banned',
    requested: (talk, request) => {
      const other = talk.files.find(({ root }) => root !== request.root);
      talk.deliver(request, (right) => {
        right.set(other?.bytes.subarray(0, right.byteLength) ?? []);
        return right;
      });
    },
  },
  {
    name: 'sends the right bytes in another order',
    ends: 'banned',
    requested: (talk, request) => {
      talk.deliver(request, (right) => right.reverse());
    },
  },
  {
    name: 'sends nothing but zeros',
    ends: 'banned',
    requested: (talk, request) => {
      talk.deliver(request, (right) => right.fill(0));
    },
  },
];

export const WRONG_FRAMES: readonly HostileKind[] = [
  {
    name: 'leaves out the last byte of each answer',
    ends: 'hostile',
    requested: (talk, request) => {
      talk.deliver({ ...request, length: request.length - 1 });
    },
  },
  {
    name: 'sends a byte too many',
    ends: 'hostile',
    requested: (talk, request) => {
      const { id, begin, length } = request;
      talk.send({
        type: 'data',
        id,
        offset: begin,
        payload: noise(talk, Math.min(length + 1, MAX_FRAME - 9)),
      });
    },
  },
  {
    name: 'goes on after the end of its answer',
    ends: 'hostile',
    requested: (talk, request) => {
      talk.deliver(request);
      talk.deliver(request);
    },
  },
  {
    name: 'sends offsets that are one too high',
    ends: 'hostile',
    requested: (talk, { id, begin }) => {
      talk.send({ type: 'data', id, offset: begin + 1, payload: noise(talk, 4096) });
    },
  },
  {
    name: 'sends offsets beyond the piece',
    ends: 'hostile',
    requested: (talk, { id }) => {
      talk.send({ type: 'data', id, offset: 2 ** 32 - 1, payload: noise(talk, 4096) });
    },
  },
  {
    name: 'answers under numbers that nobody used',
    ends: 'hostile',
    requested: (talk, request) => {
      talk.deliver({ ...request, id: request.id + 1000 });
    },
  },
  {
    name: 'refuses what nobody asked for',
    ends: 'hostile',
    requested: (talk, { id }) => {
      talk.send({ type: 'reject', id: id + 1000 });
    },
  },
  {
    name: 'says bitfields of the wrong length',
    ends: 'hostile',
    asked: (talk, root) => {
      const pieces = (talk.file(root)?.indexes.length ?? 0) + 9;
      talk.send({ type: 'have', root, pieces, bits: fullBitfield(pieces).toBytes() });
    },
  },
  {
    name: 'sends layers that nobody asked for',
    ends: 'hostile',
    opened: (talk) => {
      greet(talk);
      talk.send({ type: 'layer', root: someRoot(talk), hashes: noise(talk, 64) });
    },
  },
  {
    name: 'asks for bytes beyond the piece',
    opened: (talk) => {
      greet(talk);
      for (const { root } of talk.files) {
        talk.send({
          type: 'request',
          id: talk.count('id'),
          root,
          piece: 0 as PieceIndex,
          begin: 2 ** 20 - 1,
          length: 1,
        });
      }
    },
  },
  {
    name: 'says hello again and again',
    ends: 'hostile',
    opened: (talk) => {
      greet(talk);
      greet(talk);
    },
  },
  {
    name: 'speaks another version',
    ends: 'version',
    opened: (talk) => {
      talk.send({ type: 'hello', version: 99 });
    },
  },
  {
    name: 'sends frames of random bytes of all sizes',
    ends: 'hostile',
    opened: (talk) => {
      greet(talk);
      talk.every(EVERY, () => {
        talk.sendBytes(noise(talk, Math.floor((MAX_FRAME + 100) * talk.random() ** 4)));
      });
    },
  },
  {
    name: 'sends frames of all types with random contents',
    ends: 'hostile',
    opened: (talk) => {
      greet(talk);
      talk.every(EVERY, () => {
        talk.sendBytes(plausible(talk));
      });
    },
  },
];
