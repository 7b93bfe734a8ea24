import { EventEmitter } from 'node:events';
import { hashSlab } from '../../src/core/merkle-slab.js';
import type { HashWorker } from '../../hasher-service/hashing/hash-thread.js';
import type { SlabReply, SlabRequest } from '../../hasher-service/hashing/slab-jobs.js';
import { sha256 } from './sha256.js';

/** A hash thread that works when the test says so. */
export class FakeHashWorker extends EventEmitter implements HashWorker {
  readonly requests: SlabRequest[] = [];
  /** Whether it keeps the process alive, as far as was said. */
  isHeld = true;
  isOver = false;

  postMessage(request: SlabRequest): void {
    this.requests.push(request);
  }

  /** Does its oldest job, as a real thread would: slabs come back. */
  work(): void {
    const request = this.requests.shift();
    if (request?.job.kind !== 'bytes') throw new Error('there is no slab to hash');
    const { slab } = request.job;
    this.reply({ id: request.id, result: { hashes: hashSlab(sha256, slab), slab } });
  }

  reply(reply: SlabReply): void {
    this.emit('message', reply);
  }

  /** Ends as threads do that threw. */
  die(error: Error): void {
    this.emit('error', error);
    this.exit();
  }

  exit(): void {
    this.isOver = true;
    this.emit('exit', 1);
  }

  ref(): void {
    this.isHeld = true;
  }

  unref(): void {
    this.isHeld = false;
  }

  terminate(): Promise<number> {
    this.exit();
    return Promise.resolve(1);
  }
}
