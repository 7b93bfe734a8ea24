import type { Page } from 'playwright';
import type { ByteLength } from '../../src/core/brands.js';
import { hashWhole } from '../../src/core/merkle.js';
import { pieceCount, pieceLengthFor } from '../../src/core/pieces.js';
import { originBytes } from './media.js';
import { sha256 } from './sha256.js';

/**
 * What a script in the page can do to the worker's store, which lies in two databases of the site's
 * own origin: `peerfold-pieces` (`<root>/<index>` and `<root>/layer`) and `peerfold-index`.
 */
const PIECES = 'pieces';
const INDEX = 'index';
type Store = typeof PIECES | typeof INDEX;

interface Row {
  readonly key: string;
  readonly value: unknown;
}

interface IndexRecord {
  readonly root: string;
  readonly length: number;
  readonly piece: number;
  tokens: [string, string][];
}

/** Resolves once the store on disk holds every piece of these files of the site. */
export async function stored(page: Page, paths: readonly string[]): Promise<void> {
  const wanted = paths.reduce((sum, path) => {
    const length = originBytes(path).byteLength as ByteLength;
    return sum + pieceCount({ length, piece: pieceLengthFor(length) });
  }, 0);
  await page.waitForFunction(
    async (wanted) => {
      const names = (await indexedDB.databases()).map(({ name }) => name);
      if (!names.includes('peerfold-pieces')) return false;
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open('peerfold-pieces');
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('no database'));
      });
      const keys = await new Promise<IDBValidKey[]>((resolve) => {
        const request = database.transaction('pieces').objectStore('pieces').getAllKeys();
        request.onsuccess = () => resolve(request.result);
      });
      database.close();
      return keys.filter((key) => !String(key).endsWith('/layer')).length >= wanted;
    },
    wanted,
    { polling: 200 },
  );
}

/** Everything in one of the two databases. Byte arrays come as objects: use it for the index. */
export async function rows(page: Page, store: Store): Promise<Row[]> {
  return page.evaluate(async (store) => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(`peerfold-${store}`);
      request.onsuccess = () => resolve(request.result);
    });
    const objects = database.transaction(store).objectStore(store);
    const [keys, values] = await Promise.all(
      [objects.getAllKeys(), objects.getAll()].map(
        (request: IDBRequest<unknown[]>) =>
          new Promise<unknown[]>((resolve) => {
            request.onsuccess = () => resolve(request.result);
          }),
      ),
    );
    database.close();
    return (keys ?? []).map((key, i) => ({ key: String(key), value: values?.[i] }));
  }, store);
}
