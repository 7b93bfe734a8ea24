import { expect, it } from 'vitest';
import { Bitfield } from '../../../src/core/bitfield.js';
import type { ByteLength, Root, UrlHash } from '../../../src/core/brands.js';
import { Shelf } from '../../../src/peer/shelf.js';

const [A, B] = ['a', 'b'].map((digit) => digit.repeat(64)) as [Root, Root];
const [URL_1, URL_2] = ['1', '2'].map((digit) => digit.repeat(64)) as [UrlHash, UrlHash];
const cut = { length: 1000 as ByteLength, piece: 65536 as ByteLength };

function shelfOf(...roots: Root[]): Shelf {
  const shelf = new Shelf(true);
  for (const root of roots) shelf.put(root, cut, new Bitfield(1));
  return shelf;
}

it('gives tokens of what it shares, and only of that', () => {
  const shelf = shelfOf(A);
  expect(shelf.state(B, URL_2, 'token-2')).toBe(false);
  expect(shelf.state(A, URL_1, 'token-1')).toBe(true);
  expect([URL_1, URL_2].map((url) => shelf.tokenOf(url))).toEqual(['token-1', undefined]);
});

it('forgets all tokens of what is removed, and no others', () => {
  const shelf = shelfOf(A, B);
  shelf.state(A, URL_1, 'token-1');
  shelf.put(A, cut, new Bitfield(1));
  shelf.state(B, URL_2, 'token-2');
  expect(shelf.remove(A)).toBe(true);
  expect(shelf.remove(A)).toBe(false);
  expect([URL_1, URL_2].map((url) => shelf.tokenOf(url))).toEqual([undefined, 'token-2']);
});

it('keeps the token of a URL that has come to name something else', () => {
  const shelf = shelfOf(A, B);
  shelf.state(A, URL_1, 'old');
  shelf.state(B, URL_1, 'new');
  shelf.remove(A);
  expect(shelf.tokenOf(URL_1)).toBe('new');
  shelf.remove(B);
  expect(shelf.tokenOf(URL_1)).toBeUndefined();
});
