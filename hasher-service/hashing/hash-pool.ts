import { closedError } from './closed-error.js';
import { HashThread, type HashWorker } from './hash-thread.js';
import type { SlabJob, SlabResult } from './slab-jobs.js';

/** One being hashed and one waiting, so that a thread never idles until the next message. */
const JOBS_PER_THREAD = 2;

interface Waiting {
  readonly start: (thread: HashThread) => void;
  readonly reject: (error: unknown) => void;
}

/** A job that a thread has. */
export interface Submitted {
  readonly outcome: Promise<SlabResult>;
}

/**
 * Threads that hash slabs. They are started when there is more to do than the running ones take, and a
 * thread that ended is replaced in the same way. Jobs that find no room wait, first come, first served.
 */
export class HashPool {
  readonly #threads = new Set<HashThread>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  constructor(
    private readonly size: number,
    private readonly startWorker: () => HashWorker,
  ) {}

  /** Jobs that threads have at a time, at most. */
  get capacity(): number {
    return this.size * JOBS_PER_THREAD;
  }

  /** Resolves when a thread has taken the job, which is the time to get the next one ready. */
  submit(job: SlabJob): Promise<Submitted> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const start = (thread: HashThread): void => {
        const outcome = thread.run(job);
        resolve({ outcome });
        void outcome.catch(() => undefined).finally(() => this.#startWaiting());
      };
      this.#waiting.push({ start, reject });
      this.#startWaiting();
    });
  }

  /** Ends all threads and rejects all jobs, those that still come as well. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #startWaiting(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#freeThread();
      if (!thread) return;
      this.#waiting.shift()?.start(thread);
    }
  }

  /** The thread with the least to do, a new one if all are busy; `undefined` when nobody has room. */
  #freeThread(): HashThread | undefined {
    let least: HashThread | undefined;
    for (const thread of this.#threads) if (!least || thread.load < least.load) least = thread;
    if ((!least || least.load > 0) && this.#threads.size < this.size) return this.#start();
    return least && least.load < JOBS_PER_THREAD ? least : undefined;
  }

  #start(): HashThread {
    const thread = new HashThread(this.startWorker(), () => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }
}
