import { readdirSync, readFileSync } from 'node:fs';

/** How often a process is looked at (ms). */
const TICK = 2;
/** What it may save up while it has nothing to do (ms of processor time). */
const BURST = 20;

/**
 * Holds a process to a share of one core, as a container's limit does: it is stopped when it has had more
 * than its share, and goes on when it has waited for it. Linux only.
 */
export class CpuShare {
  readonly #timer: NodeJS.Timeout;
  #credit = BURST;
  #isStopped = false;
  #lookedAt = performance.now();
  #used: number;

  constructor(
    private readonly pid: number,
    private readonly share: number,
  ) {
    this.#used = processorTime(pid);
    this.#timer = setInterval(() => {
      this.#look();
    }, TICK);
  }

  /** The process has all it wants again. */
  lift(): void {
    clearInterval(this.#timer);
    if (this.#isStopped) process.kill(this.pid, 'SIGCONT');
  }

  #look(): void {
    const [now, used] = [performance.now(), processorTime(this.pid)];
    const earned = (now - this.#lookedAt) * this.share;
    this.#credit = Math.min(BURST, this.#credit + earned - (used - this.#used));
    [this.#lookedAt, this.#used] = [now, used];
    if (this.#credit >= 0 === !this.#isStopped) return;
    this.#isStopped = !this.#isStopped;
    process.kill(this.pid, this.#isStopped ? 'SIGSTOP' : 'SIGCONT');
  }
}

/** Milliseconds of all threads so far, to the nanosecond: `/proc/<pid>/stat` counts in hundredths of a second. */
function processorTime(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`))
    sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]);
  return sum / 1e6;
}
