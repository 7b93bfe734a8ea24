import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { select } from '../../../hasher-service/static/selection.js';
import { canonicalUrl } from '../../../src/protocol/url.js';
import { holds } from '../../support/property.js';
import { SITE } from '../../support/static-site.js';

const selection = { site: SITE, base: '/', include: [], exclude: [] };

/** What a file can be called: anything without slash and NUL, but for the two that mean directories. */
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..');

/** What makes names into something else for a URL parser. */
const tricky = fc
  .array(
    fc.constantFrom('%', '%2e', '..', '.', '?', '#', '\\', ' ', '\t', '\n', ':', '@', '&', ';', '\u007f'),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''))
  .filter((text) => text !== '.' && text !== '..');

describe('the URL of a file, whatever it is called', () => {
  it('leads back to its name, and nowhere else', () =>
    holds(
      fc.property(fc.array(fc.oneof(name, tricky), { minLength: 1, maxLength: 5 }), (path) => {
        const names = [...path.slice(0, -1), `${path.at(-1) ?? ''}.jpg`];
        const found = select(names, selection);
        if (typeof found === 'string') throw new Error(found);
        const url = new URL(found.url);
        expect(url.origin).toBe(SITE);
        expect(url.search + url.hash).toBe('');
        expect(url.pathname.slice(1).split('/').map(decodeURIComponent)).toEqual(names);
        expect(canonicalUrl(found.url)).toBe(found.url);
      }),
      1000,
    ));

  it('is that of no other file', () =>
    holds(
      fc.property(fc.oneof(name, tricky), fc.oneof(name, tricky), (one, other) => {
        const urls = [one, other].map((text) => select([`${text}.jpg`], selection));
        const [first, second] = urls.map((found) => (typeof found === 'string' ? found : found.url));
        expect(first === second).toBe(one === other);
      }),
    ));
});
