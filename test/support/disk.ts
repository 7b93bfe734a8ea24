import type { Page } from 'playwright';
import type { ByteLength } from '../../src/core/brands.js';
import { hashWhole } from '../../src/core/merkle.js';
import { pieceCount, pieceLengthFor } from '../../src/core/pieces.js';
import { originBytes } from './media.js';
import { sha256 } from './sha256.js';

/**
 * What a script in the page can do to the worker's store, which lies in two databases of the site's
 * own origin: `peerfold-pieces` (keys `<root>/<index>` and `<root>/layer`) and `peerfold-index`
 * (keys `entry:<root>` and `note:<name>`).
 */
interface Disk {
  all(store: Store): Promise<[string, unknown][]>;
  put(store: Store, rows: readonly (readonly [string, unknown])[]): Promise<void>;
}
type Store = 'pieces' | 'index';

interface Entry {
  readonly root: string;
  readonly length: number;
  readonly piece: number;
  readonly tokens: readonly [string, string][];
}

declare global {
  interface Window {
    disk: Disk;
  }
}

/** Resolves once the worker has written every piece of these files of the site. */
export async function stored(page: Page, paths: readonly string[]): Promise<void> {
  const cuts = paths.map((path) => {
    const length = originBytes(path).byteLength as ByteLength;
    return { length, piece: pieceLengthFor(length) };
  });
  const wanted = cuts.reduce((sum, cut) => sum + pieceCount(cut), 0);
  await openDisk(page);
  const count = (): Promise<number> =>
    page.evaluate(async () => {
      // Opening what is not there yet would make it, without the worker's tables.
      const names = (await indexedDB.databases()).map(({ name }) => name);
      const rows = names.includes('peerfold-pieces') ? await window.disk.all('pieces') : [];
      return rows.filter(([key]) => !key.endsWith('/layer')).length;
    });
  while ((await count()) < wanted) await page.waitForTimeout(100);
}

/** Gives scripts of `page` the databases, as `window.disk`. */
export async function openDisk(page: Page): Promise<void> {
  await page.evaluate(() => {
    const settled = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => {
          resolve(request.result);
        };
        request.onerror = () => {
          reject(request.error ?? new Error('IndexedDB failed'));
        };
      });
    window.disk = {
      all: async (store) => {
        const database = await settled(indexedDB.open(`peerfold-${store}`));
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([settled(objects.getAllKeys()), settled(objects.getAll())]);
        database.close();
        return keys.map((key, i) => [key as string, values[i] as unknown]);
      },
      put: async (store, rows) => {
        const database = await settled(indexedDB.open(`peerfold-${store}`));
        const objects = database.transaction(store, 'readwrite').objectStore(store);
        await Promise.all(rows.map(([key, value]) => settled(objects.put(value, key))));
        database.close();
      },
    };
  });
}

/** Other bytes of the same length in place of every piece, and layers that fit them. */
export async function replacePieces(page: Page): Promise<void> {
  const entries = await page.evaluate(async () => {
    const rows = await window.disk.all('index');
    return rows.filter(([key]) => key.startsWith('entry:')).map(([, value]) => value as Entry);
  });
  const zeros = entries.map(async ({ root, length, piece }) => {
    const cut = { length: length as ByteLength, piece: piece as ByteLength };
    const { layer } = await hashWhole((data) => Promise.resolve(sha256(data)), cut, new Uint8Array(length));
    return [root, layer.flatMap((hash) => [...hash])] as const;
  });
  await page.evaluate(
    async (layers) => {
      const rows = await window.disk.all('pieces');
      const zeroed = rows.map(
        ([key, value]) => [key, new Uint8Array((value as Uint8Array).byteLength)] as const,
      );
      const fitting = layers.map(([root, layer]) => [`${root}/layer`, new Uint8Array(layer)] as const);
      await window.disk.put('pieces', [...zeroed, ...fitting]);
    },
    await Promise.all(zeros),
  );
}

/** Other layers only: the pieces are the true ones. */
async function replaceLayers(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const rows = await window.disk.all('pieces');
    const layers = rows.filter(([key]) => key.endsWith('/layer'));
    await window.disk.put(
      'pieces',
      layers.map(([key, value]) => [key, new Uint8Array((value as Uint8Array).byteLength).fill(1)]),
    );
  });
}

/** Each file's pieces and layer under the name of the next file. */
async function movePieces(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const rows = await window.disk.all('pieces');
    const roots = [...new Set(rows.map(([key]) => key.split('/')[0] ?? ''))];
    const next = (root: string): string => roots[(roots.indexOf(root) + 1) % roots.length] ?? '';
    const moved = (key: string): string => {
      const [root = '', part = ''] = key.split('/');
      return `${next(root)}/${part}`;
    };
    await window.disk.put(
      'pieces',
      rows.map(([key, value]) => [moved(key), value]),
    );
  });
}

/** Each URL with the signed token of another: the URLs trade places under their roots. */
async function swapTokens(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const rows = (await window.disk.all('index')).filter(([key]) => key.startsWith('entry:'));
    const entries = rows.map(([, value]) => value as Entry);
    const urls = entries.flatMap(({ tokens }) => tokens.map(([url]) => url));
    const others = new Map(urls.map((url, i) => [url, urls[(i + 1) % urls.length] ?? url]));
    await window.disk.put(
      'index',
      rows.map(([key], i) => {
        const tokens = (entries[i]?.tokens ?? []).map(([url, token]) => [others.get(url) ?? url, token]);
        return [key, { ...entries[i], tokens }];
      }),
    );
  });
}

/** Nothing of it is what it should be. */
async function scribble(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const junk: unknown[] = [
      null,
      7,
      'x',
      [],
      {},
      { root: 'x' },
      new Uint8Array(3),
      { tokens: 5, length: -1 },
    ];
    for (const store of ['index', 'pieces'] as const) {
      const rows = await window.disk.all(store);
      await window.disk.put(
        store,
        rows.map(([key], i) => [key, junk[i % junk.length]]),
      );
    }
  });
}

/** Asks for the deletion of both databases; it happens when nobody has them open any more. */
async function remove(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const store of ['index', 'pieces']) indexedDB.deleteDatabase(`peerfold-${store}`);
  });
}

/** Starts an upgrade of both databases that never ends: whoever opens one waits as long as this page lives. */
async function lock(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (const store of ['index', 'pieces']) {
      await new Promise<void>((resolve) => {
        const request = indexedDB.open(`peerfold-${store}`, 99);
        request.onupgradeneeded = () => {
          const objects = request.transaction?.objectStore(store);
          const hold = (): void => {
            const asked = objects?.count();
            if (asked) asked.onsuccess = hold;
          };
          hold();
          resolve();
        };
      });
    }
  });
}

interface Tampering {
  readonly tamper: (page: Page) => Promise<void>;
  /** What of the store is still true: pieces serve again once a genuine statement about them is here. */
  readonly leaves: 'nothing' | 'pieces';
}

/** Ways to spoil the store, by what they do. */
export const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  'all pieces replaced, with layers that fit': { tamper: replacePieces, leaves: 'nothing' },
  'all layers replaced': { tamper: replaceLayers, leaves: 'pieces' },
  'pieces moved to other files': { tamper: movePieces, leaves: 'nothing' },
  'tokens swapped between URLs': { tamper: swapTokens, leaves: 'pieces' },
  'every record scribbled over': { tamper: scribble, leaves: 'nothing' },
  'both databases deleted': { tamper: remove, leaves: 'nothing' },
  'both databases locked by an upgrade that never ends': { tamper: lock, leaves: 'nothing' },
};
