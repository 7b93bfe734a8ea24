import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../src/core/clock.js';

/** A file that is written to tells of it many times a second; what comes within this time (ms) is one change. */
const GATHER = 100;

/** Paths that changed, each told once after a short while. */
export class Changes {
  #paths = new Set<string>();
  #folders = new Set<string>();
  #timer: Timer;
  #isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (path: string) => void,
  ) {}

  add(path: string): void {
    this.#paths.add(path);
    this.#wait();
  }

  /** A folder that is new: all that lies in it may have come before it was watched. */
  addFolder(path: string): void {
    this.#folders.add(path);
    this.#wait();
  }

  /** Tells no more. */
  stop(): void {
    this.#isStopped = true;
    this.clock.clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#isStopped) return;
    this.#timer ??= this.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, GATHER);
  }

  async #flush(): Promise<void> {
    const [paths, folders] = [this.#paths, [...this.#folders]];
    this.#paths = new Set();
    this.#folders.clear();
    for (const names of await Promise.all(folders.map(filesIn))) for (const path of names) paths.add(path);
    if (!this.#isStopped) for (const path of paths) this.tell(path);
  }
}

/** Empty for what is gone again, or cannot be read. */
async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => join(folder, name));
}
