import { describe, expect, it } from 'vitest';
import { MAX_URL_LENGTH } from '../../../src/core/limits.js';
import { canonicalUrl, siteOf } from '../../../src/protocol/url.js';

describe('canonicalUrl', () => {
  it.each([
    ['https://www.example.com/a.jpg', 'https://www.example.com/a.jpg'],
    ['HTTPS://WWW.Example.COM/A.jpg', 'https://www.example.com/A.jpg'],
    ['https://www.example.com', 'https://www.example.com/'],
    ['https://www.example.com:443/a', 'https://www.example.com/a'],
    ['http://www.example.com:80/a', 'http://www.example.com/a'],
    ['http://www.example.com:443/a', 'http://www.example.com:443/a'],
    ['https://www.example.com/a/./b/../c', 'https://www.example.com/a/c'],
    ['https://www.example.com/a/%2e%2E/c', 'https://www.example.com/c'],
    ['https://www.example.com/../../c', 'https://www.example.com/c'],
    ['https:\\\\www.example.com\\a', 'https://www.example.com/a'],
    ['  https://www.example.com/a\t\n ', 'https://www.example.com/a'],
    ['https://www.exam\tple.com/a\nb', 'https://www.example.com/ab'],
    ['https://www.example.com/a#part', 'https://www.example.com/a'],
    ['https://www.example.com/a#', 'https://www.example.com/a'],
    ['https://www.example.com/a?b#c?d', 'https://www.example.com/a?b'],
    ['https://www.example.com/a?', 'https://www.example.com/a?'],
    ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
    ['https://ＷＷＷ.example.com/', 'https://www.example.com/'],
    ['https://0x7f.1/', 'https://127.0.0.1/'],
    ['https://[::FFFF:1]/', 'https://[::ffff:1]/'],
    ['https://@www.example.com/a', 'https://www.example.com/a'],
  ])('%j becomes %j', (text, canonical) => {
    expect(canonicalUrl(text)).toBe(canonical);
    expect(canonicalUrl(canonical)).toBe(canonical);
  });

  it('keeps apart what servers may keep apart', () => {
    const spellings = ['/a', '/a/', '/A', '/a?', '/a?x', '/%61', '/a//b', '/a/b'];
    const urls = spellings.map((path) => canonicalUrl(`https://www.example.com${path}`));
    expect(new Set(urls).size).toBe(spellings.length);
  });

  it.each([
    'https://user@www.example.com/',
    'https://user:pass@www.example.com/',
    'https://:pass@www.example.com/',
    'ftp://www.example.com/a',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'blob:https://www.example.com/0',
    'javascript:alert(1)',
    'about:blank',
    '//www.example.com/a',
    '/a',
    '',
    'https://',
    'https://a b/',
    'https://www.example.com:99999/',
    'https://%00/',
  ])('%j has none', (text) => {
    expect(canonicalUrl(text)).toBeUndefined();
  });

  it('resolves against a base', () => {
    expect(canonicalUrl('../b.jpg?x', 'https://www.example.com/a/c/')).toBe(
      'https://www.example.com/a/b.jpg?x',
    );
    expect(canonicalUrl('//img.example.com/b', 'https://www.example.com/')).toBe('https://img.example.com/b');
    expect(canonicalUrl('b.jpg', 'not a base')).toBeUndefined();
  });

  it('is refused when too long, before or after parsing', () => {
    const base = 'https://www.example.com/';
    const longest = base + 'a'.repeat(MAX_URL_LENGTH - base.length);
    expect(canonicalUrl(longest)).toBe(longest);
    expect(canonicalUrl(`${longest}a`)).toBeUndefined();
    expect(canonicalUrl(base + 'ü'.repeat(MAX_URL_LENGTH / 4))).toBeUndefined();
  });
});

describe('siteOf', () => {
  it.each([
    ['https://www.example.com/a?b#c', 'https://www.example.com'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['https://user:pass@WWW.example.com:443/', 'https://www.example.com'],
  ])('%j is %j', (url, site) => {
    expect(siteOf(url)).toBe(site);
  });

  it.each(['about:blank', 'file:///a', 'data:,x', 'blob:https://www.example.com/0', 'null', '', 'https://'])(
    '%j has none',
    (url) => {
      expect(siteOf(url)).toBeUndefined();
    },
  );
});
