import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ByteLength, CanonicalUrl, PieceIndex, Root } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import { indexedDbStore } from '../../../src/store/indexeddb.js';
import { memoryStore } from '../../../src/store/memory.js';
import type { PieceStore, Representation } from '../../../src/store/port.js';
import { FakeClock } from '../../support/fake-clock.js';

const PIECE = 65_536;
const at = (index: number): PieceIndex => index as PieceIndex;
const url = (name: string): CanonicalUrl => `https://site.example/${name}` as CanonicalUrl;

function representation(name: number, pieces = 3): Representation {
  const root = name.toString(16).padStart(64, '0') as Root;
  return { root, cut: { length: (pieces * PIECE) as ByteLength, piece: PIECE as ByteLength } };
}

function bytes(value: number, length = PIECE): Bytes {
  return new Uint8Array(length).fill(value);
}

let databases = 0;
const makers: [string, (clock: FakeClock, quota: number, name: string) => PieceStore][] = [
  ['memory', (clock, quota) => memoryStore(clock, quota)],
  ['IndexedDB', (clock, quota, name) => indexedDbStore(clock, quota, name)],
];

describe.each(makers)('the store in %s', (_, make) => {
  let clock: FakeClock;
  let store: PieceStore;
  const a = representation(1);
  const b = representation(2);

  beforeEach(async () => {
    clock = new FakeClock();
    store = make(clock, 10 * PIECE, `db${databases++}`);
    store.beginVisit('v1');
    await store.ready;
  });

  it('gives back what was written, at once and after writing', async () => {
    store.write(a, at(1), bytes(7));
    expect(store.find(a.root)?.stored.has(1)).toBe(true);
    expect(await store.read(a.root, at(1))).toEqual(bytes(7));
    await store.flush();
    expect(await store.read(a.root, at(1))).toEqual(bytes(7));
    expect(await store.read(a.root, at(0))).toBeUndefined();
    expect(await store.read(b.root, at(0))).toBeUndefined();
    expect(store.find(b.root)).toBeUndefined();
  });

  it('keeps layers and tokens beside the pieces', async () => {
    store.keepToken(a.root, url('a'), 'early');
    expect(store.tokenFor(url('a'))).toBeUndefined();
    store.write(a, at(0), bytes(1));
    store.writeLayer(a, bytes(9, 96));
    store.keepToken(a.root, url('a'), 'token');
    await store.flush();
    expect(store.tokenFor(url('a'))).toBe('token');
    expect(await store.readLayer(a.root)).toEqual(bytes(9, 96));
    expect(await store.readLayer(b.root)).toBeUndefined();
    store.forgetToken(url('a'));
    expect(store.tokenFor(url('a'))).toBeUndefined();
  });

  it('lets a URL name one representation, and a representation have few names', () => {
    store.write(a, at(0), bytes(1));
    store.write(b, at(0), bytes(2));
    store.keepToken(a.root, url('x'), 'old');
    store.keepToken(b.root, url('x'), 'new');
    expect(store.tokenFor(url('x'))).toBe('new');
    expect(store.find(a.root)?.tokens.size).toBe(0);
    for (let i = 0; i < 20; i++) store.keepToken(a.root, url(`n${i}`), 'token');
    expect(store.find(a.root)?.tokens.size).toBe(8);
    expect(store.tokenFor(url('n0'))).toBeUndefined();
    expect(store.tokenFor(url('n19'))).toBe('token');
  });

  it('forgets everything when erased, and goes on', async () => {
    store.write(a, at(0), bytes(1));
    store.writeLayer(a, bytes(9, 96));
    store.keepToken(a.root, url('a'), 'token');
    store.remember('allowed', 'true');
    await store.flush();
    store.write(b, at(1), bytes(2));
    await store.erase();
    expect([store.find(a.root), store.find(b.root), store.usedInVisit()]).toEqual([undefined, undefined, []]);
    expect([store.tokenFor(url('a')), store.recall('allowed')]).toEqual([undefined, undefined]);
    expect([await store.read(a.root, at(0)), await store.readLayer(a.root)]).toEqual([undefined, undefined]);
    store.write(a, at(2), bytes(3));
    expect(await store.read(a.root, at(2))).toEqual(bytes(3));
    await store.erase();
    expect(store.find(a.root)).toBeUndefined();
  });

  it('evicts the least recently used representation, whole, never the one being written', async () => {
    const c = representation(3, 6);
    for (const index of [0, 1, 2]) store.write(a, at(index), bytes(1));
    for (const index of [0, 1, 2]) store.write(b, at(index), bytes(2));
    store.keepToken(b.root, url('b'), 'token');
    store.use(a.root, at(0));
    for (const index of [0, 1, 2, 3, 4, 5]) store.write(c, at(index), bytes(3));
    expect(store.find(b.root)).toBeUndefined();
    expect(store.tokenFor(url('b'))).toBeUndefined();
    expect(store.find(a.root)?.stored.count).toBe(3);
    expect(store.find(c.root)?.stored.count).toBe(6);
    await store.flush();
    expect(await store.read(b.root, at(0))).toBeUndefined();
    expect(await store.read(a.root, at(2))).toEqual(bytes(1));
  });

  it('keeps parts of a file that is larger than all it may keep, other parts in each visit', async () => {
    store.write(a, at(0), bytes(1));
    const large = representation(4, 40);
    const kept: number[][] = [];
    for (const visit of ['v1', 'v2', 'another']) {
      store.beginVisit(visit);
      for (let index = 0; index < 40; index++) store.write(large, at(index), bytes(index));
      const { stored } = store.find(large.root) ?? {};
      expect(stored?.count).toBe(10);
      kept.push(Array.from({ length: 40 }, (_, i) => i).filter((i) => stored?.has(i)));
      store.drop(large.root);
      await store.flush();
    }
    expect(store.find(a.root)).toBeUndefined();
    expect(new Set(kept.flat()).size).toBeGreaterThan(15);
    for (const index of [3, 4]) store.write(large, at(index), bytes(index));
    expect(await store.read(large.root, at(4))).toEqual(bytes(4));
    expect(await store.read(large.root, at(5))).toBeUndefined();
  });

  it('tells what this visit used from what earlier ones did', () => {
    store.write(a, at(0), bytes(1));
    store.beginVisit('v2');
    expect(store.usedInVisit()).toEqual([]);
    expect(store.find(a.root)?.stored.has(0)).toBe(true);
    expect(store.find(a.root)?.used.count).toBe(0);
    store.use(a.root, at(0));
    store.use(a.root, at(1));
    store.use(b.root, at(0));
    expect(store.usedInVisit().map(({ root }) => root)).toEqual([a.root]);
    expect(store.find(a.root)?.used.toBytes()).toEqual(Uint8Array.of(0x80));
  });

  it('forgets single pieces and whole representations', async () => {
    store.write(a, at(0), bytes(1));
    store.write(a, at(1), bytes(2));
    await store.flush();
    store.forget(a.root, at(0));
    store.forget(b.root, at(0));
    expect(await store.read(a.root, at(0))).toBeUndefined();
    expect(store.find(a.root)?.stored.count).toBe(1);
    store.drop(a.root);
    store.drop(a.root);
    await store.flush();
    expect(store.find(a.root)).toBeUndefined();
    store.write(a, at(1), bytes(3));
    await store.flush();
    expect(await store.read(a.root, at(1))).toEqual(bytes(3));
  });

  it('remembers small texts', async () => {
    expect(store.recall('x')).toBeUndefined();
    store.remember('x', '1');
    expect(store.recall('x')).toBe('1');
    await store.flush();
    expect(store.recall('x')).toBe('1');
  });

  it('leaves no timer behind once everything is written', async () => {
    store.write(a, at(0), bytes(1));
    expect(clock.pending).toBe(1);
    await store.flush();
    expect(clock.pending).toBe(0);
  });
});
