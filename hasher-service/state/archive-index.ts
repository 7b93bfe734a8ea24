import { isWhole } from '../../src/protocol/check.js';
import type { Statement } from '../signing/statements.js';
import { readEntry, writeEntry, type IndexEntry } from './index-entries.js';
import { Journal } from './journal.js';
import type { StatementFiles } from './statement-files.js';

/** Versions are reserved this far ahead (ms): one synced write a second at most, however many are signed. */
const RESERVED_AHEAD = 1000;

/** What the index knew at a start. */
export interface Recollection {
  /** Entries whose files are there. */
  readonly entries: readonly IndexEntry[];
  /** Names of the files that have no entry. */
  readonly unknown: readonly string[];
  /** The highest version that may have been used. */
  readonly used: number;
}

/**
 * The derived index of the archive: a journal of entries, the one with the highest `ver` counting for each
 * file, and of numbers, the versions up to which all may be used up.
 */
export class ArchiveIndex {
  #reserving: Promise<void> | undefined;

  private constructor(
    private readonly files: StatementFiles,
    private readonly journal: Journal,
    /** Up to here (ms) versions may be used up, whatever happens to this run. */
    private reserved: number,
  ) {}

  static async open(
    path: string,
    files: StatementFiles,
  ): Promise<{ index: ArchiveIndex; recollection: Recollection }> {
    const found = new Map<string, IndexEntry>();
    let used = 0;
    const journal = await Journal.open(path, (value) => {
      if (isWhole(value, 0, Number.MAX_SAFE_INTEGER)) used = Math.max(used, value);
      const entry = readEntry(value);
      if (!entry) return;
      used = Math.max(used, entry.ver);
      if ((found.get(entry.name)?.ver ?? 0) <= entry.ver) found.set(entry.name, entry);
    });
    const recollection = { ...compare(found, await files.names()), used };
    return { index: new ArchiveIndex(files, journal, used), recollection };
  }

  async add(statement: Statement): Promise<void> {
    await this.journal.append(this.#entryOf(statement));
  }

  /** Resolves when not even a power cut can make a later run use `ver` or a lower one. */
  async reserve(ver: number): Promise<void> {
    while (ver > this.reserved) {
      this.#reserving ??= this.#raise(ver + RESERVED_AHEAD).finally(() => (this.#reserving = undefined));
      await this.#reserving;
    }
  }

  /** Replaces the index by what `fill` adds, and what is added meanwhile; see `Journal.rewrite`. */
  async rewrite(fill: (add: (statement: Statement) => Promise<void>) => Promise<void>): Promise<void> {
    await this.journal.rewrite(async (append) => {
      await append(this.reserved);
      await fill((statement) => append(this.#entryOf(statement)));
    });
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  #entryOf(statement: Statement): unknown {
    return writeEntry(this.files.nameOf(statement.claims.aud, statement.claims.sub), statement);
  }

  async #raise(ver: number): Promise<void> {
    await this.journal.append(ver, true);
    this.reserved = ver;
  }
}

function compare(
  found: ReadonlyMap<string, IndexEntry>,
  names: readonly string[],
): Pick<Recollection, 'entries' | 'unknown'> {
  const entries: IndexEntry[] = [];
  const unknown: string[] = [];
  for (const name of names) {
    const entry = found.get(name);
    if (entry) entries.push(entry);
    else unknown.push(name);
  }
  return { entries, unknown };
}
