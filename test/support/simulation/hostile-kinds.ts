import { DATA_PAYLOAD } from '../../../src/core/limits.js';
import type { RequestFrame } from '../../../src/protocol/peer.js';
import { WRONG_BYTES, WRONG_FRAMES } from './hostile-answers.js';
import { FLOODS } from './hostile-floods.js';
import { greet, noise, type HostileKind } from './hostile-kind.js';
import type { Conversation } from './hostile-peer.js';

/** Sends the right bytes a few at a time, one request after the other. */
function drip(size: number, ms: number): Pick<HostileKind, 'opened' | 'requested'> {
  const queues = new WeakMap<Conversation, RequestFrame[]>();
  const next = (talk: Conversation): void => {
    const queue = queues.get(talk);
    const request = queue?.[0];
    if (!queue || !request) return;
    const length = Math.min(size, request.length);
    talk.deliver({ ...request, length });
    queue[0] = { ...request, begin: request.begin + length, length: request.length - length };
    if (length === request.length) queue.shift();
  };
  return {
    opened: (talk) => {
      greet(talk);
      queues.set(talk, []);
      talk.every(ms, () => {
        next(talk);
      });
    },
    requested: (talk, request) => queues.get(talk)?.push(request),
  };
}

const SLUGGISH: readonly HostileKind[] = [
  { name: 'never says hello', ends: 'timeout', opened: () => undefined },
  { name: 'has everything and delivers nothing', ends: 'stalled', requested: () => undefined },
  {
    name: 'refuses everything that it has',
    requested: (talk, { id }) => {
      talk.send({ type: 'reject', id });
    },
  },
  {
    name: 'sends a byte a second',
    ends: 'hostile',
    ...drip(1, 1000),
  },
  {
    name: 'sends as little a second as it may',
    ...drip(4096, 1000),
  },
  {
    name: 'delivers all but the last frame',
    ends: 'hostile',
    requested: (talk, request) => {
      talk.deliver({ ...request, length: Math.max(1, request.length - DATA_PAYLOAD) });
    },
  },
  {
    name: 'has everything one moment and nothing the next',
    asked: (talk, root) => {
      talk.every(50, () => {
        if (talk.count(root) % 2 === 0) talk.haveAll(root);
        else talk.send({ type: 'have', root, pieces: 0, bits: new Uint8Array() });
      });
    },
  },
  {
    name: 'sends a false layer',
    ends: 'banned',
    asked: (talk, root, layers) => {
      talk.haveAll(root);
      const length = talk.file(root)?.layer.byteLength ?? 0;
      if (layers && length > 0) talk.send({ type: 'layer', root, hashes: noise(talk, length) });
    },
  },
];

export const HOSTILE_KINDS: readonly HostileKind[] = [
  ...WRONG_BYTES,
  ...WRONG_FRAMES,
  ...FLOODS,
  ...SLUGGISH,
];
