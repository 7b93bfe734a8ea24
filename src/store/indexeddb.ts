import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';
import type { Clock } from '../core/clock.js';
import { BackedStore } from './backed.js';
import type { Backing, Loaded } from './backing.js';
import type { PieceStore } from './port.js';
import type { Limit } from './quota.js';

const ENTRY = 'entry:';
const NOTE = 'note:';

/**
 * The store on IndexedDB: one database for pieces and layers, one for the index, which is read whole
 * when the worker starts. Where IndexedDB is missing or fails, the store goes on in memory.
 */
export function indexedDbStore(clock: Clock, quota: Limit, name = 'peerfold'): PieceStore {
  return new BackedStore({ backing: indexedDbBacking(name), clock, quota });
}

function indexedDbBacking(name: string): Backing {
  const pieces = createStore(`${name}-pieces`, 'pieces');
  const index = createStore(`${name}-index`, 'index');
  return {
    load: () => index('readonly', load),
    get: (key) => pieces('readonly', (store) => promisifyRequest<unknown>(store.get(key))),
    putPieces: (added) => write(pieces, added),
    removePieces: (keys) => remove(pieces, keys),
    putRecords: (records) =>
      write(
        index,
        records.map((record) => [ENTRY + record.root, record]),
      ),
    removeRecords: (roots) =>
      remove(
        index,
        roots.map((root) => ENTRY + root),
      ),
    putNote: (note, text) => write(index, [[NOTE + note, text]]),
    clear: async () => {
      await Promise.all([clear(index), clear(pieces)]);
    },
  };
}

/** All or nothing, in one transaction. */
function write(database: UseStore, added: readonly (readonly [string, unknown])[]): Promise<void> {
  return database('readwrite', (store) => {
    for (const [key, value] of added) store.put(value, key);
    return promisifyRequest(store.transaction);
  });
}

function remove(database: UseStore, keys: readonly string[]): Promise<void> {
  return database('readwrite', (store) => {
    for (const key of keys) store.delete(key);
    return promisifyRequest(store.transaction);
  });
}

function clear(database: UseStore): Promise<void> {
  return database('readwrite', (store) => {
    store.clear();
    return promisifyRequest(store.transaction);
  });
}

async function load(store: IDBObjectStore): Promise<Loaded> {
  const [keys, values] = await Promise.all([
    promisifyRequest(store.getAllKeys()),
    promisifyRequest<unknown[]>(store.getAll()),
  ]);
  const records: unknown[] = [];
  const notes = new Map<string, unknown>();
  keys.forEach((key, i) => {
    if (typeof key !== 'string') return;
    if (key.startsWith(ENTRY)) records.push(values[i]);
    if (key.startsWith(NOTE)) notes.set(key.slice(NOTE.length), values[i]);
  });
  return { records, notes };
}
