import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import { OriginFault } from '../origin/fault.js';
import type { SlabJob, SlabReply, SlabRequest, SlabResult } from './slab-jobs.js';

/** The part of a `Worker` of Node that is used; tests replace it. */
export interface HashWorker {
  postMessage(request: SlabRequest, transfer: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (reply: SlabReply) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

interface Pending {
  readonly resolve: (result: SlabResult) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread and the jobs it was given. It keeps the process alive only while it has some. */
export class HashThread {
  readonly #jobs = new Map<number, Pending>();
  #lastId = 0;
  #cause: unknown = 'no reason was given';

  constructor(
    private readonly worker: HashWorker,
    onEnd: () => void,
  ) {
    worker.unref();
    worker.on('message', (reply) => this.#settle(reply));
    worker.on('error', (error) => (this.#cause = error));
    worker.on('exit', () => {
      onEnd();
      this.#fail();
    });
  }

  get load(): number {
    return this.#jobs.size;
  }

  /** Rejects with `worker-failed` when the thread ends first, `OriginFault('changed')` when a file is too short. */
  run(job: SlabJob): Promise<SlabResult> {
    const id = ++this.#lastId;
    this.worker.ref();
    return new Promise((resolve, reject) => {
      this.#jobs.set(id, { resolve, reject });
      this.worker.postMessage({ id, job }, job.kind === 'bytes' ? [job.slab.buffer] : []);
    });
  }

  /** Ends the thread; its jobs have been rejected when this resolves. */
  async end(): Promise<void> {
    this.#cause = 'hashing was closed';
    await this.worker.terminate();
  }

  #settle(reply: SlabReply): void {
    const job = this.#jobs.get(reply.id);
    this.#jobs.delete(reply.id);
    if (this.#jobs.size === 0) this.worker.unref();
    if ('result' in reply) job?.resolve(reply.result);
    else if (reply.fault === 'short') job?.reject(new OriginFault('changed'));
    else job?.reject(new PeerfoldError('worker-failed', `a hash thread failed: ${reply.reason}`));
  }

  #fail(): void {
    const message = `a hash thread ended before its work: ${reasonOf(this.#cause)}`;
    const error = new PeerfoldError('worker-failed', message, {}, { cause: this.#cause });
    for (const { reject } of this.#jobs.values()) reject(error);
    this.#jobs.clear();
  }
}
