import { describe, expect, it } from 'vitest';
import type { Site } from '../../../src/core/brands.js';
import { isOurs, isPlaylist, matchesPattern } from '../../../src/protocol/patterns.js';

const SITE = 'https://www.example.com';

describe('matchesPattern', () => {
  it.each([
    ['/media/*', '/media/a.jpg', true],
    ['/media/*', '/media/', true],
    ['/media/*', '/media', false],
    ['/media/*', '/other/media/a.jpg', false],
    ['*.jpg', '/a/b.jpg', true],
    ['*.jpg', '/a/b.jpg.html', false],
    ['*.jpg', '/a/b.JPG', false],
    ['/a.jpg', '/a.jpg', true],
    ['/a.jpg', '/a.jpgx', false],
    ['/a/*/b/*.ts', '/a/1/b/2.ts', true],
    ['/a/*/b/*.ts', '/a/b/2.ts', false],
    ['*', '/anything', true],
    ['**', '/', true],
    ['/a*a', '/a', false],
    ['/a*a', '/aa', true],
    ['*ab*ab*', '/abab', true],
    ['*ab*ab*', '/aba', false],
    ['/x*y*z', '/xyz', true],
    ['/x*y*z', '/xzy', false],
    ['*bc*c', '/abc', false],
    ['', '/', false],
  ])('%j on %j: %s', (pattern, path, expected) => {
    expect(matchesPattern(pattern, new URL(path, SITE))).toBe(expected);
  });

  it('takes every other character literally', () => {
    expect(matchesPattern('/a.c', new URL('/abc', SITE))).toBe(false);
    expect(matchesPattern('/(a|b)+$', new URL('/a', SITE))).toBe(false);
    expect(matchesPattern('/a+b', new URL('/a+b', SITE))).toBe(true);
  });

  it('sees neither query nor fragment', () => {
    expect(matchesPattern('*.jpg', new URL('/a.jpg?v=1#x', SITE))).toBe(true);
    expect(matchesPattern('*.jpg', new URL('/secret?x=.jpg', SITE))).toBe(false);
  });

  it('matches the origin only when the pattern holds one', () => {
    expect(matchesPattern('https://img.example.com/*', new URL('https://img.example.com/a'))).toBe(true);
    expect(matchesPattern('https://img.example.com/*', new URL('https://img.example.com.evil.net/a'))).toBe(
      false,
    );
    expect(matchesPattern('https://img.example.com/*', new URL('http://img.example.com/a'))).toBe(false);
    expect(matchesPattern('*://*.example.com/v/*', new URL('https://a.example.com:8443/v/1'))).toBe(false);
    expect(matchesPattern('*://*.example.com/v/*', new URL('https://a.example.com/v/1'))).toBe(true);
  });

  it('comes to an end with patterns that make backtracking matchers hang', () => {
    const url = new URL(`/${'a'.repeat(4000)}`, SITE);
    expect(matchesPattern(`/${'*a'.repeat(3000)}*b`, url)).toBe(false);
    expect(matchesPattern(`${'*'.repeat(4000)}b`, url)).toBe(false);
    expect(matchesPattern(`/${'*a'.repeat(3000)}*`, url)).toBe(true);
  });
});

describe('isOurs', () => {
  const rules = {
    site: SITE as Site,
    include: ['/media/*', 'https://cdn.example.net/seg/*'],
    exclude: ['/media/private/*', '*.svg'],
    origins: ['https://cdn.example.net'],
  };
  const ours = (url: string, destination: string): boolean => isOurs(rules, new URL(url, SITE), destination);

  it.each(['image', 'video', 'audio'])('takes %s of the site without being told', (destination) => {
    expect(ours('/anywhere/a', destination)).toBe(true);
  });

  it('takes what scripts fetch only where included', () => {
    expect(ours('/media/seg1.ts', '')).toBe(true);
    expect(ours('/api/list', '')).toBe(false);
    expect(ours('https://cdn.example.net/seg/1.ts', '')).toBe(true);
    expect(ours('https://cdn.example.net/api', '')).toBe(false);
  });

  it('lets exclusion win', () => {
    expect(ours('/media/private/a.jpg', 'image')).toBe(false);
    expect(ours('/media/private/a.ts', '')).toBe(false);
    expect(ours('/logo.svg', 'image')).toBe(false);
  });

  it('leaves other origins alone', () => {
    expect(ours('https://cdn.example.net/a.jpg', 'image')).toBe(true);
    expect(ours('https://other.example.net/a.jpg', 'image')).toBe(false);
    expect(ours('http://www.example.com/a.jpg', 'image')).toBe(false);
    expect(ours('https://www.example.com:8443/a.jpg', 'image')).toBe(false);
  });

  it.each([
    'document',
    'frame',
    'iframe',
    'embed',
    'object',
    'script',
    'style',
    'font',
    'manifest',
    'worker',
    'sharedworker',
    'serviceworker',
    'audioworklet',
    'paintworklet',
    'report',
    'track',
    'xslt',
    'json',
    'webidentity',
    'something-new',
    'Image',
    'constructor',
    '__proto__',
  ])('never takes %j, even where included', (destination) => {
    expect(ours('/media/a', destination)).toBe(false);
  });
});

describe('isPlaylist', () => {
  it.each(['/a.m3u8', '/a.M3U8', '/a.m3u', '/a.mpd', '/a.m3u8?token=1'])('%j is one', (path) => {
    expect(isPlaylist(new URL(path, SITE))).toBe(true);
  });

  it.each(['/a.ts', '/m3u8', '/a.m3u8/seg.ts', '/a.ts?next=b.m3u8', '/a.m3u88'])('%j is none', (path) => {
    expect(isPlaylist(new URL(path, SITE))).toBe(false);
  });
});
