import { createStore, delMany, entries, get, set, setMany } from 'idb-keyval';
import type { Clock } from '../core/clock.js';
import { BackedStore } from './backed.js';
import type { Backing, Loaded } from './backing.js';
import type { PieceStore } from './port.js';

const ENTRY = 'entry:';
const NOTE = 'note:';

/**
 * The store on IndexedDB: one database for pieces and layers, one for the index, which is read whole
 * when the worker starts. Where IndexedDB is missing or fails, the store goes on in memory.
 */
export function indexedDbStore(clock: Clock, quota: number, name = 'peerfold'): PieceStore {
  return new BackedStore({ backing: indexedDbBacking(name), clock, quota });
}

function indexedDbBacking(name: string): Backing {
  const pieces = createStore(`${name}-pieces`, 'pieces');
  const index = createStore(`${name}-index`, 'index');
  return {
    load: async () => sortOut(await entries<string, unknown>(index)),
    get: (key) => get<unknown>(key, pieces),
    putPieces: (added) =>
      setMany(
        added.map(([key, bytes]) => [key, bytes]),
        pieces,
      ),
    removePieces: (keys) => delMany([...keys], pieces),
    putRecords: (records) =>
      setMany(
        records.map((record) => [ENTRY + record.root, record]),
        index,
      ),
    removeRecords: (roots) =>
      delMany(
        roots.map((root) => ENTRY + root),
        index,
      ),
    putNote: (note, text) => set(NOTE + note, text, index),
  };
}

function sortOut(found: readonly (readonly [unknown, unknown])[]): Loaded {
  const records: unknown[] = [];
  const notes = new Map<string, unknown>();
  for (const [key, value] of found) {
    if (typeof key !== 'string') continue;
    if (key.startsWith(ENTRY)) records.push(value);
    if (key.startsWith(NOTE)) notes.set(key.slice(NOTE.length), value);
  }
  return { records, notes };
}
