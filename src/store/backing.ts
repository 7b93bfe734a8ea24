import type { Bytes } from '../core/bytes.js';
import type { EntryRecord } from './record.js';

/** What is on disk besides pieces: the index and a few small texts. Unchecked, as it was read. */
export interface Loaded {
  readonly records: readonly unknown[];
  readonly notes: ReadonlyMap<string, unknown>;
}

/** Where a store keeps its bytes: plain keys and values, any of which may fail by rejecting. */
export interface Backing {
  load(): Promise<Loaded>;
  get(key: string): Promise<unknown>;
  putPieces(pieces: readonly (readonly [string, Bytes])[]): Promise<void>;
  removePieces(keys: readonly string[]): Promise<void>;
  putRecords(records: readonly EntryRecord[]): Promise<void>;
  removeRecords(roots: readonly string[]): Promise<void>;
  putNote(name: string, text: string): Promise<void>;
  clear(): Promise<void>;
}
