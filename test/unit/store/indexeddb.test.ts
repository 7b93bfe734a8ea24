import 'fake-indexeddb/auto';
import { createStore, keys, set } from 'idb-keyval';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ByteLength, CanonicalUrl, PieceIndex, Root } from '../../../src/core/brands.js';
import { BackedStore } from '../../../src/store/backed.js';
import type { Backing } from '../../../src/store/backing.js';
import { indexedDbStore } from '../../../src/store/indexeddb.js';
import { memoryBacking } from '../../support/memory-backing.js';
import { FakeClock } from '../../support/fake-clock.js';

const PIECE = 65_536;
const ROOT = 'a'.repeat(64) as Root;
const what = { root: ROOT, cut: { length: (4 * PIECE) as ByteLength, piece: PIECE as ByteLength } };
const URL_A = 'https://site.example/a' as CanonicalUrl;
const at = (index: number): PieceIndex => index as PieceIndex;
const data = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array(PIECE).fill(value);

describe('across restarts of the worker', () => {
  it('everything is there again, and still of its visit', async () => {
    const first = indexedDbStore(new FakeClock(), 2 ** 24, 'restart');
    await first.ready;
    first.beginVisit('v1');
    first.write(what, at(2), data(3));
    first.writeLayer(what, new Uint8Array(128));
    first.keepToken(ROOT, URL_A, 'token');
    first.remember('allowed', 'true');
    await first.flush();
    const second = indexedDbStore(new FakeClock(), 2 ** 24, 'restart');
    await second.ready;
    expect(second.usedInVisit().map(({ root }) => root)).toEqual([ROOT]);
    second.beginVisit('v1');
    expect(second.find(ROOT)?.used.has(2)).toBe(true);
    expect(await second.read(ROOT, at(2))).toEqual(data(3));
    expect(await second.readLayer(ROOT)).toEqual(new Uint8Array(128));
    expect(second.tokenFor(URL_A)).toBe('token');
    expect(second.recall('allowed')).toBe('true');
    const third = indexedDbStore(new FakeClock(), 2 ** 24, 'restart');
    await third.ready;
    third.use(ROOT, at(2));
    third.beginVisit('v2');
    expect(third.usedInVisit().map(({ root }) => root)).toEqual([ROOT]);
  });

  it('what is dropped is gone from the disk', async () => {
    const first = indexedDbStore(new FakeClock(), 2 ** 24, 'drop');
    first.write(what, at(0), data(1));
    await first.flush();
    first.drop(ROOT);
    await first.flush();
    const second = indexedDbStore(new FakeClock(), 2 ** 24, 'drop');
    await second.ready;
    expect(second.find(ROOT)).toBeUndefined();
  });

  it('what is erased is gone from the disk, and what comes after that is not put there', async () => {
    const first = indexedDbStore(new FakeClock(), 2 ** 24, 'erase');
    first.write(what, at(0), data(1));
    first.writeLayer(what, new Uint8Array(128));
    first.keepToken(ROOT, URL_A, 'token');
    first.remember('allowed', 'true');
    await first.flush();
    first.write(what, at(1), data(2));
    const writing = first.flush();
    await first.erase();
    await writing;
    first.write(what, at(2), data(3));
    first.remember('allowed', 'true');
    await first.flush();
    for (const part of ['pieces', 'index'])
      expect(await keys(createStore(`erase-${part}`, part)), part).toEqual([]);
  });

  it('is erased even before it was read, and when the disk refuses', async () => {
    const early = indexedDbStore(new FakeClock(), 2 ** 24, 'erase');
    await early.erase();
    const backing = { ...memoryBacking(), clear: () => Promise.reject(new Error('no')) };
    const refused = new BackedStore({ backing, clock: new FakeClock(), quota: 2 ** 24 });
    refused.write(what, at(0), data(1));
    await refused.erase();
    expect(refused.find(ROOT)).toBeUndefined();
  });

  it('records that a page script wrote are read only if they make sense', async () => {
    const index = createStore('junk-index', 'index');
    const good = {
      ...{ root: ROOT, length: 4 * PIECE, piece: PIECE, stored: Uint8Array.of(0x80), used: Uint8Array.of(0) },
      ...{ visit: 'v', layer: false, touched: 1, tokens: [] },
    };
    const junk = [
      null,
      7,
      { ...good, root: 'x' },
      { ...good, length: -1 },
      { ...good, length: 2 ** 60 },
      { ...good, piece: 1 },
      { ...good, stored: Uint8Array.of(1, 2, 3) },
      { ...good, stored: Uint8Array.of(0x0f) },
      { ...good, used: 'all' },
      { ...good, tokens: [['not a url', 'token']] },
      { ...good, tokens: [[URL_A, 'x'.repeat(9000)]] },
      { ...good, touched: 'now' },
    ];
    for (const [i, value] of junk.entries()) await set(`entry:${i}`, value, index);
    await set(42, good, index);
    const store = indexedDbStore(new FakeClock(), 2 ** 24, 'junk');
    await store.ready;
    expect(store.find(ROOT)).toBeUndefined();
    await set('entry:good', good, index);
    const again = indexedDbStore(new FakeClock(), 2 ** 24, 'junk');
    await again.ready;
    expect(again.find(ROOT)?.stored.has(0)).toBe(true);
    // Said to be stored, but not there: found out on reading, and forgotten.
    expect(await again.read(ROOT, at(0))).toBeUndefined();
    expect(again.find(ROOT)?.stored.has(0)).toBe(false);
  });
});

describe('what is found wrong on reading', () => {
  /** A store with all four pieces and their layer, written and read anew as by a restarted worker. */
  async function restarted(name: string) {
    const before = indexedDbStore(new FakeClock(), 2 ** 24, name);
    for (const index of [0, 1, 2, 3]) before.write(what, at(index), data(index));
    before.writeLayer(what, new Uint8Array(128));
    await before.flush();
    const pieces = createStore(`${name}-pieces`, 'pieces');
    const store = indexedDbStore(new FakeClock(), 2 ** 24, name);
    await store.ready;
    return { store, pieces };
  }

  it('is erased from the disk, too', async () => {
    const { store, pieces } = await restarted('forget');
    store.forget(ROOT, at(1));
    await store.flush();
    expect(await keys(pieces)).toEqual([0, 2, 3, 'layer'].map((part) => `${ROOT}/${part}`));
    store.write(what, at(1), data(9));
    store.forget(ROOT, at(2));
    store.write(what, at(2), data(8));
    store.forget(ROOT, at(3));
    store.drop(ROOT);
    await store.flush();
    expect(await keys(pieces)).toEqual([]);
  });

  it.each([
    ['text', 'not bytes'],
    ['a number', 7],
    ['another array', new Uint16Array(3)],
    ['nothing', undefined],
  ])('is gone when it is %s', async (name, value) => {
    const { store, pieces } = await restarted(`junk piece ${name}`);
    await set(`${ROOT}/2`, value, pieces);
    expect(await store.read(ROOT, at(2))).toBeUndefined();
    expect(store.find(ROOT)?.stored.toBytes()).toEqual(Uint8Array.of(0b1101_0000));
    expect(await store.read(ROOT, at(3))).toEqual(data(3));
  });

  it('is written again when it is the layer', async () => {
    const { store, pieces } = await restarted('junk layer');
    await set(`${ROOT}/layer`, 'not bytes', pieces);
    expect(await store.readLayer(ROOT)).toBeUndefined();
    store.writeLayer(what, new Uint8Array(128).fill(1));
    await store.flush();
    const after = indexedDbStore(new FakeClock(), 2 ** 24, 'junk layer');
    await after.ready;
    expect(await after.readLayer(ROOT)).toEqual(new Uint8Array(128).fill(1));
  });
});

describe('a browser that gives no disk', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each([
    ['has no IndexedDB', undefined],
    [
      'forbids it',
      {
        open: () => {
          throw new DOMException('blocked', 'SecurityError');
        },
      },
    ],
    [
      'fails to open it, as private windows do',
      {
        open: () => {
          const request: Partial<IDBOpenDBRequest> = {};
          const error = new DOMException('private', 'InvalidStateError');
          queueMicrotask(() => {
            Object.assign(request, { error });
            request.onerror?.call(request as IDBOpenDBRequest, new Event('error'));
          });
          return request;
        },
      },
    ],
  ])('%s: the store works in memory', async (name, indexedDB) => {
    vi.stubGlobal('indexedDB', indexedDB);
    const clock = new FakeClock();
    const store = indexedDbStore(clock, () => Promise.resolve({ quota: 2 ** 40 }), name);
    store.beginVisit('v1');
    await store.ready;
    store.write(what, at(0), data(1));
    store.keepToken(ROOT, URL_A, 'token');
    store.remember('allowed', 'true');
    await clock.advance(1000);
    expect(await store.read(ROOT, at(0))).toEqual(data(1));
    expect(store.tokenFor(URL_A)).toBe('token');
    expect(store.recall('allowed')).toBe('true');
    expect(clock.pending).toBe(0);
  });
});

describe('a disk that fails', () => {
  const broken = (parts: Partial<Backing>): Backing => ({ ...memoryBacking(), ...parts });
  const reject = (): Promise<never> => Promise.reject(new DOMException('no', 'QuotaExceededError'));

  it('cannot be opened: the store goes on in memory', async () => {
    const store = new BackedStore({
      backing: broken({ load: reject }),
      clock: new FakeClock(),
      quota: 2 ** 24,
    });
    await store.ready;
    store.write(what, at(0), data(1));
    await store.flush();
    expect(await store.read(ROOT, at(0))).toEqual(data(1));
  });

  it('is full: it makes room once, then goes on in memory, and nothing throws', async () => {
    const clock = new FakeClock();
    let writes = 0;
    const putPieces = (): Promise<never> => {
      writes++;
      return reject();
    };
    const store = new BackedStore({ backing: broken({ putPieces }), clock, quota: 2 ** 24 });
    await store.ready;
    store.write(what, at(0), data(1));
    await store.flush();
    store.write(what, at(1), data(2));
    await store.flush();
    expect(writes).toBe(2);
    store.write(what, at(2), data(3));
    await clock.advance(1000);
    expect(writes).toBe(2);
    expect(await store.read(ROOT, at(2))).toEqual(data(3));
  });

  it('was full, and has room again once half of what we kept is gone', async () => {
    const clock = new FakeClock();
    const backing = memoryBacking();
    const kept = new Map<string, number>();
    const room = 6 * PIECE;
    const store = new BackedStore({
      backing: {
        ...backing,
        putPieces: (added) => {
          const sizes = [...kept, ...added.map(([key, bytes]) => [key, bytes.byteLength] as const)];
          if (sizes.reduce((sum, [, size]) => sum + size, 0) > room) return reject();
          for (const [key, bytes] of added) kept.set(key, bytes.byteLength);
          return backing.putPieces(added);
        },
        removePieces: (keys) => {
          for (const key of keys) kept.delete(key);
          return backing.removePieces(keys);
        },
      },
      clock,
      quota: 2 ** 30,
    });
    await store.ready;
    const all = [1, 2, 3].map((n) => ({ root: `${n}`.repeat(64) as Root, cut: what.cut }));
    for (const one of all) {
      for (const index of [0, 1, 2, 3]) store.write(one, at(index), data(index));
      await store.flush();
      await clock.advance(1000);
    }
    const [first, second, last] = all.map(({ root }) => store.find(root)?.stored.count);
    expect([first, second, last]).toEqual([undefined, undefined, 4]);
    expect([...kept.keys()]).toEqual([0, 1, 2, 3].map((index) => `${'3'.repeat(64)}/${index}`));
    expect(await store.read('3'.repeat(64) as Root, at(3))).toEqual(data(3));
  });

  it('hangs: what waits to be written stays bounded, the oldest is let go', async () => {
    const putPieces = (): Promise<never> => new Promise(() => undefined);
    const store = new BackedStore({ backing: broken({ putPieces }), clock: new FakeClock(), quota: 2 ** 28 });
    await store.ready;
    const big = { root: ROOT, cut: { length: (1000 * PIECE) as ByteLength, piece: PIECE as ByteLength } };
    for (let i = 0; i < 1000; i++) store.write(big, at(i), data(i % 251));
    const stored = store.find(ROOT)?.stored.count ?? 0;
    expect(stored * PIECE).toBeLessThanOrEqual(32 * 2 ** 20);
    expect(await store.read(ROOT, at(0))).toBeUndefined();
    expect(await store.read(ROOT, at(999))).toEqual(data(999 % 251));
  });

  it('fails to read: the piece counts as gone', async () => {
    const store = new BackedStore({
      backing: broken({ get: reject }),
      clock: new FakeClock(),
      quota: 2 ** 24,
    });
    await store.ready;
    store.write(what, at(0), data(1));
    await store.flush();
    expect(await store.read(ROOT, at(0))).toBeUndefined();
    expect(store.find(ROOT)?.stored.count).toBe(0);
  });

  it('writes in batches of at most 1 MiB', async () => {
    const sizes: number[] = [];
    const backing = memoryBacking();
    const putPieces: Backing['putPieces'] = (pieces) => {
      sizes.push(pieces.reduce((sum, [, bytes]) => sum + bytes.byteLength, 0));
      return backing.putPieces(pieces);
    };
    const store = new BackedStore({
      backing: { ...backing, putPieces },
      clock: new FakeClock(),
      quota: 2 ** 28,
    });
    await store.ready;
    const big = { root: ROOT, cut: { length: (100 * PIECE) as ByteLength, piece: PIECE as ByteLength } };
    for (let i = 0; i < 100; i++) store.write(big, at(i), data(1));
    await store.flush();
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100 * PIECE);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 20);
  });
});
