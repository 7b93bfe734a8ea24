import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Site } from '../../../src/core/brands.js';
import { PeerfoldError } from '../../../src/core/errors.js';
import { isComposed, parseConfig } from '../../../sw/config.js';

const SITE = 'https://site.example' as Site;
const GOOD = { hasher: 'https://hash.example', tracker: 'wss://track.example' };

function fieldOf(literal: unknown, site = SITE): unknown {
  try {
    parseConfig(literal, site);
    return undefined;
  } catch (error) {
    if (error instanceof PeerfoldError && error.code === 'bad-config') return error.details['field'];
    throw error;
  }
}

describe('the site’s literal', () => {
  it('needs two addresses; the rest has defaults', () => {
    expect(parseConfig(GOOD, SITE)).toEqual({
      site: SITE,
      ...GOOD,
      static: false,
      include: [],
      exclude: [],
      origins: [],
      partners: [],
      headStart: 10,
      minSize: 16_384,
    });
  });

  it('may say everything', () => {
    const all = {
      hasher: 'https://hash.example/',
      tracker: 'wss://track.example',
      static: true,
      include: ['/media/*', '*.jpg', 'https://img.example.com/*'],
      exclude: ['/private/*'],
      origins: ['https://img.example.com'],
      partners: ['https://www.example.org'],
      headStart: 0,
      fallbackMs: 250,
      minSize: 0,
    };
    expect(parseConfig(all, SITE)).toEqual({ ...all, site: SITE, hasher: 'https://hash.example' });
  });

  it('takes a hash service below a path', () => {
    const hasher = 'https://site.example/base/.peerfold/';
    expect(parseConfig({ ...GOOD, hasher }, SITE).hasher).toBe('https://site.example/base/.peerfold');
  });

  it('needs no parser of URLs that browsers we serve lack', () => {
    vi.stubGlobal('URL', class extends URL {});
    Object.defineProperty(URL, 'canParse', { value: undefined });
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    expect(fieldOf(GOOD)).toBeUndefined();
  });

  it.each([undefined, null, 'https://hash.example', [], 7])('%j is missing or no object', (literal) => {
    expect(fieldOf(literal)).toBe('self.peerfold');
  });

  it.each([
    ['hasher', undefined],
    ['hasher', 'hash.example'],
    ['hasher', 'ftp://hash.example'],
    ['hasher', 'http://hash.example'],
    ['hasher', 'https://me:secret@hash.example'],
    ['hasher', 'https://hash.example/?site=1'],
    ['hasher', 'https://hash.example/#top'],
    ['hasher', 7],
    ['tracker', undefined],
    ['tracker', 'https://track.example'],
    ['tracker', 'ws://track.example'],
    ['include', '*.jpg'],
    ['include', ['media/*']],
    ['include', [7]],
    ['include', ['']],
    ['include', Array(101).fill('*')],
    ['exclude', {}],
    ['origins', ['https://img.example.com/']],
    ['origins', ['img.example.com']],
    ['origins', ['data:']],
    ['partners', ['www.example.org']],
    ['partners', 'https://www.example.org'],
    ['static', 'true'],
    ['static', 1],
    ['headStart', -1],
    ['headStart', '10'],
    ['headStart', Number.NaN],
    ['headStart', 1e9],
    ['fallbackMs', -1],
    ['fallbackMs', 1e9],
    ['composed', 'yes'],
    ['composed', 1],
    ['minSize', '16 KiB'],
    ['minSize', -1],
    ['includes', ['*']],
    ['Hasher', 'https://hash.example'],
  ])('%s: %j is refused by name', (field, value) => {
    expect(fieldOf({ ...GOOD, [field]: value })).toBe(field);
  });

  it.each(['http://localhost:8081', 'http://127.0.0.1:8081', 'http://[::1]:8081', 'http://hash.localhost'])(
    'plain %s is fine on this machine',
    (hasher) => {
      expect(fieldOf({ ...GOOD, hasher, tracker: hasher.replace('http', 'ws') })).toBeUndefined();
    },
  );

  it('plain addresses are fine for a plain site', () => {
    const plain = { hasher: 'http://hash.example', tracker: 'ws://track.example' };
    expect(fieldOf(plain, 'http://site.example' as Site)).toBeUndefined();
  });

  it('is not fooled by names of prototypes', () => {
    expect(
      fieldOf(JSON.parse('{"hasher":"https://h.example","tracker":"wss://t.example","__proto__":{}}')),
    ).toBe('__proto__');
  });
});

describe('whether the worker file has other duties', () => {
  it.each([
    ['/peerfold-sw.js', false],
    ['/shop/peerfold-sw.js', false],
    ['/sw.js', true],
    ['/my-peerfold-sw.js', true],
    ['/peerfold-sw.js/sw.mjs', true],
  ])('its name tells: %s', (pathname, composed) => {
    expect(isComposed(GOOD, pathname)).toBe(composed);
    expect(isComposed({ ...GOOD, composed: !composed }, pathname)).toBe(!composed);
  });

  it('is no business of pages', () => {
    expect(parseConfig({ ...GOOD, composed: true }, SITE)).toEqual(parseConfig(GOOD, SITE));
  });
});
