import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../src/core/clock.js';
import type { DocumentName, Documents } from './documents.js';
import { UNFINISHED, isMissing, readIfThere, writeWhole } from './files.js';
import { lockFile, type HeldLock } from './lock-file.js';

/** Each document is a file `NAME.json` in the data directory, and `NAME.json.lock` while it is changed. */
export class DocumentFiles implements Documents {
  /** Our own changes wait for each other here, not at the lock. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly data: string,
    private readonly clock: Clock,
  ) {}

  async read(name: DocumentName): Promise<string | undefined> {
    return (await readIfThere(this.#pathOf(name)))?.toString('utf8');
  }

  update(name: DocumentName, change: (before?: string) => string): Promise<string> {
    const changed = this.#changes.then(() => this.#change(name, change));
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  async version(name: DocumentName): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#pathOf(name));
      return `${mtimeMs} ${size} ${ino}`;
    } catch (error) {
      if (isMissing(error)) return 'missing';
      throw error;
    }
  }

  async #change(name: DocumentName, change: (before?: string) => string): Promise<string> {
    for (;;) {
      const lock = await lockFile(`${this.#pathOf(name)}.lock`, this.clock);
      try {
        const before = await this.read(name);
        const after = change(before);
        if (after === before || (await this.#replace(name, after, lock))) return after;
      } finally {
        await lock.release();
      }
    }
  }

  /**
   * Whether it was done: on a disk so slow that another writer took the lock for a dead one's, what we read
   * is old by now. So the new text is on the disk before the lock is looked at for the last time.
   */
  async #replace(name: DocumentName, text: string, lock: HeldLock): Promise<boolean> {
    const next = `${this.#pathOf(name)}.${randomUUID()}${UNFINISHED}`;
    await writeWhole(next, text);
    const isOurs = await lock.isOurs();
    if (isOurs) await rename(next, this.#pathOf(name));
    else await rm(next, { force: true });
    return isOurs;
  }

  #pathOf(name: DocumentName): string {
    return join(this.data, `${name}.json`);
  }
}
