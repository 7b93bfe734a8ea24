import type { Bytes } from '../../src/core/bytes.js';
import type { Backing } from '../../src/store/backing.js';

/** A disk that works, forgets everything with the process, and keeps no index. */
export function memoryBacking(): Backing {
  const pieces = new Map<string, Bytes>();
  return {
    load: () => Promise.resolve({ records: [], notes: new Map() }),
    get: (key) => Promise.resolve(pieces.get(key)),
    putPieces: (added) => {
      for (const [key, bytes] of added) pieces.set(key, bytes);
      return Promise.resolve();
    },
    removePieces: (keys) => {
      for (const key of keys) pieces.delete(key);
      return Promise.resolve();
    },
    putRecords: () => Promise.resolve(),
    removeRecords: () => Promise.resolve(),
    putNote: () => Promise.resolve(),
    clear: () => {
      pieces.clear();
      return Promise.resolve();
    },
  };
}
