import { readFile, stat } from 'node:fs/promises';
import type { Clock, Timer } from '../../src/core/clock.js';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';

export interface LiveFilesOptions {
  /** What the files are, for messages, such as `tlsCert, tlsKey`. */
  readonly what: string;
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** Takes the contents, in the order of the paths, into use. Throws when they are no good. */
  readonly take: (contents: readonly Buffer[]) => void;
  /** New contents are in use. */
  readonly renewed: () => void;
  /** New contents are no good or not there: the old ones stay in use. */
  readonly failed: (error: unknown) => void;
}

/**
 * Files are looked at this often (ms). A look is a `stat`: it follows the links by which certificates are
 * renewed, and misses no change while nobody listened.
 */
const LOOK_EVERY = 60_000;

/** Files of the operator that are used, and used anew when they change. */
export class LiveFiles {
  #seen = '';
  #timer: Timer;
  #closed = false;

  private constructor(private readonly options: LiveFilesOptions) {}

  /** Reads the files once. Rejects with `bad-config` and a sentence when they cannot be used. */
  static async open(options: LiveFilesOptions): Promise<LiveFiles> {
    const files = new LiveFiles(options);
    files.#seen = await files.#signature().catch(() => '');
    await files.#use();
    files.#arm();
    return files;
  }

  close(): void {
    this.#closed = true;
    this.options.clock.clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer = this.options.clock.setTimeout(() => {
      void this.#look().finally(() => {
        this.#arm();
      });
    }, LOOK_EVERY);
  }

  /** The signature is taken before the contents: what changes in between is read again next time. */
  async #look(): Promise<void> {
    const { failed, renewed } = this.options;
    try {
      const signature = await this.#signature();
      if (signature === this.#seen || this.#closed) return;
      this.#seen = signature;
      await this.#use();
      renewed();
    } catch (error) {
      failed(error);
    }
  }

  async #signature(): Promise<string> {
    const all = await Promise.all(this.options.paths.map((path) => stat(path)));
    return all.map(({ ino, size, mtimeMs }) => `${ino}:${size}:${mtimeMs}`).join();
  }

  async #use(): Promise<void> {
    const { what, paths, take } = this.options;
    try {
      take(await Promise.all(paths.map((path) => readFile(path))));
    } catch (cause) {
      const message = `${what}: ${paths.join(' and ')} cannot be used: ${reasonOf(cause)}`;
      throw new PeerfoldError('bad-config', message, {}, { cause });
    }
  }
}
