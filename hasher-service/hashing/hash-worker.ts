import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { concat } from '../../src/core/bytes.js';
import { reasonOf } from '../../src/core/errors.js';
import { hashSlab, type SlabHashes } from '../../src/core/merkle-slab.js';
import { MIN_PIECE_LENGTH } from '../../src/core/pieces.js';
import { nodeSha256 } from './node-sha256.js';
import type { SlabJob, SlabReply, SlabRequest } from './slab-jobs.js';

/** Entry point of a hash thread: answers each request, in the order in which they came. */

/** Files are read in bites that are still in the processor's cache when they are hashed. */
const bite = new Uint8Array(MIN_PIECE_LENGTH);

parentPort?.on('message', ({ id, job }: SlabRequest) => {
  const moved = job.kind === 'bytes' ? [job.slab.buffer] : [];
  parentPort?.postMessage(replyTo(id, job), moved);
});

function replyTo(id: number, job: SlabJob): SlabReply {
  try {
    if (job.kind === 'bytes')
      return { id, result: { hashes: hashSlab(nodeSha256, job.slab), slab: job.slab } };
    const hashes = hashSpan(job.fd, job.start, job.length);
    return hashes ? { id, result: { hashes } } : { id, fault: 'short' };
  } catch (error) {
    return { id, fault: 'failed', reason: reasonOf(error) };
  }
}

/** `undefined` when the file ends before the span does. */
function hashSpan(fd: number, start: number, length: number): SlabHashes | undefined {
  const parts: SlabHashes[] = [];
  for (let at = 0; at < length; at += bite.byteLength) {
    const part = bite.subarray(0, length - at);
    if (!fill(part, fd, start + at)) return undefined;
    parts.push(hashSlab(nodeSha256, part));
  }
  const tail = parts.at(-1)?.tail ?? new Uint8Array(0);
  return { length, pieces: concat(parts.map(({ pieces }) => pieces)), tail };
}

function fill(part: Uint8Array, fd: number, start: number): boolean {
  for (let filled = 0; filled < part.byteLength;) {
    const count = readSync(fd, part, filled, part.byteLength - filled, start + filled);
    if (count === 0) return false;
    filled += count;
  }
  return true;
}
