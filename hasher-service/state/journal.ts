import { createReadStream } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { isMissing, unfinished } from './files.js';

/** A record is an entry of our index: a URL of 4 KiB in JSON, and some more. What is longer is none. */
const MAX_RECORD = 32 * 1024;
const READ_AT_ONCE = 1024 * 1024;
const NEWLINE = 10;

/** A file that takes the journal's place when it is complete. Until then, records go to both. */
interface Successor {
  readonly file: FileHandle;
  failure?: unknown;
}

/**
 * JSON values in a file that only grows: one a line, each with a checksum. The newline comes first, so
 * that what a crash or a full disk left half-written becomes a line of its own, which the checksum gives
 * away, and spoils no other. A record that was lost or torn must only cost time, never truth.
 */
export class Journal {
  #file: FileHandle;
  #successor: Successor | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly path: string,
    file: FileHandle,
  ) {
    this.#file = file;
  }

  /** Opens a journal, making it when there is none. `visit` is given every whole record, in order. */
  static async open(path: string, visit: (value: unknown) => void): Promise<Journal> {
    await readLines(path, (line) => {
      const value = read(line);
      if (value !== undefined) visit(value);
    });
    return new Journal(path, await open(path, 'a'));
  }

  /** Resolves when the record is written; when it is `durable`, not even a power cut takes it away. */
  append(value: unknown, durable = false): Promise<void> {
    return this.#inTurn(async () => {
      const record = recordOf(value);
      await this.#file.appendFile(record);
      if (durable) await this.#file.datasync();
      await this.#appendToSuccessor(record);
    });
  }

  /**
   * Replaces the journal by one that holds what `fill` appends, and what is appended meanwhile. `fill`
   * runs to its end even when the successor cannot be written; then the journal stays as it is, and the
   * promise rejects.
   */
  async rewrite(fill: (append: (value: unknown) => Promise<void>) => Promise<void>): Promise<void> {
    const path = unfinished(this.path);
    const successor: Successor = { file: await open(path, 'ax') };
    await this.#inTurn(() => Promise.resolve((this.#successor = successor)));
    try {
      await fill((value) => this.#inTurn(() => this.#appendToSuccessor(recordOf(value))));
      await this.#inTurn(() => this.#succeed(successor, path));
    } catch (error) {
      await this.#inTurn(() => Promise.resolve((this.#successor = undefined)));
      await successor.file.close();
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#inTurn(() => this.#file.close());
  }

  async #appendToSuccessor(record: string): Promise<void> {
    const successor = this.#successor;
    if (!successor || successor.failure !== undefined) return;
    await successor.file.appendFile(record).catch((error: unknown) => {
      successor.failure = error;
    });
  }

  async #succeed(successor: Successor, path: string): Promise<void> {
    if (successor.failure !== undefined)
      throw new Error('the journal could not be rewritten', { cause: successor.failure });
    await successor.file.datasync();
    await rename(path, this.path);
    const before = this.#file;
    this.#file = successor.file;
    this.#successor = undefined;
    // It is no longer the journal, whatever closing it brings to light.
    await before.close().catch(() => undefined);
  }

  /** One write at a time, and no write while files change places. */
  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(job, job);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

function recordOf(value: unknown): string {
  const text = JSON.stringify(value);
  return `\n${checksumOf(text)} ${text}`;
}

/** The value of a line that is whole; a value is never `undefined`. */
function read(line: string): unknown {
  const [checksum, text] = [line.slice(0, 8), line.slice(9)];
  if (text === '' || checksum !== checksumOf(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // The checksum fits what was never JSON: not written by us, and so no record.
    return undefined;
  }
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** Gives `visit` every line of a file, those that are too long cut off; none when there is no file. */
async function readLines(path: string, visit: (line: string) => void): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: READ_AT_ONCE })) {
      const bytes = Buffer.concat([rest, chunk as Buffer]);
      const end = bytes.lastIndexOf(NEWLINE);
      if (end >= 0) bytes.toString('utf8', 0, end).split('\n').forEach(visit);
      // Of a line without an end, enough is kept to see that it is none of ours.
      rest = bytes.subarray(end + 1).subarray(0, MAX_RECORD + 1);
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  visit(rest.toString('utf8'));
}
