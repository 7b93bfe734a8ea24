import { describe, expect, it } from 'vitest';
import { escapedPath } from '../../../hasher-service/sources/paths.js';
import { scriptedPatterns, select, type Selection } from '../../../hasher-service/static/selection.js';
import { sentenceFor, isFailure } from '../../../hasher-service/static/skipping.js';
import { isCanonicalUrl } from '../../../src/protocol/url.js';
import { SITE } from '../../support/static-site.js';

const ALL: Selection = { site: SITE, base: '/', include: [], exclude: [] };
const EVERYTHING: Selection = { ...ALL, include: ['*'] };

function selected(path: string, selection = ALL) {
  return select(path.split('/'), selection);
}

function typeOf(path: string, selection = ALL): string {
  const found = selected(path, selection);
  if (typeof found === 'string') throw new Error(`${path} ${sentenceFor(found)}`);
  return found.type;
}

describe('the URL of a file', () => {
  it.each([
    ['a.jpg', '/a.jpg'],
    ['media/sub/a.jpg', '/media/sub/a.jpg'],
    ['a b.jpg', '/a%20b.jpg'],
    [' a.jpg', '/%20a.jpg'],
    ['50%.jpg', '/50%25.jpg'],
    ['%41.jpg', '/%2541.jpg'],
    ['%2e%2e/a.jpg', '/%252e%252e/a.jpg'],
    ['a#b.jpg', '/a%23b.jpg'],
    ['what?.jpg', '/what%3F.jpg'],
    ['a?v=1.jpg', '/a%3Fv=1.jpg'],
    ['back\\slash.jpg', '/back%5Cslash.jpg'],
    ['tab\there.jpg', '/tab%09here.jpg'],
    ['new\nline.jpg', '/new%0Aline.jpg'],
    ['\u0001a.jpg', '/%01a.jpg'],
    ['grün.jpg', '/gr%C3%BCn.jpg'],
    ['gru\u0308n.jpg', '/gru%CC%88n.jpg'],
    ['日本/写真.jpg', '/%E6%97%A5%E6%9C%AC/%E5%86%99%E7%9C%9F.jpg'],
    ['😀.jpg', '/%F0%9F%98%80.jpg'],
    ['a\u00a0b.jpg', '/a%C2%A0b.jpg'],
    ['{a}"<b>`.jpg', '/%7Ba%7D%22%3Cb%3E%60.jpg'],
    ["it's (a) [b] $&+,;=@!~*|.jpg", "/it's%20(a)%20[b]%20$&+,;=@!~*|.jpg"],
    ['c:/a.jpg', '/c:/a.jpg'],
    ['https:/evil.example/a.jpg', '/https:/evil.example/a.jpg'],
  ])('%j is %s, as browsers spell a link to it', (path, pathname) => {
    const found = selected(path);
    if (typeof found === 'string') throw new Error(found);
    expect(found.url).toBe(SITE + pathname);
    expect(isCanonicalUrl(found.url)).toBe(true);
  });

  it('begins with the path at which the directory is served', () => {
    expect(selected('a b.jpg', { ...ALL, base: '/blog%20x/' })).toMatchObject({
      url: `${SITE}/blog%20x/a%20b.jpg`,
    });
    expect(escapedPath(['a b', 'c#d'])).toBe('a%20b/c%23d');
  });
});

describe('what is signed by default', () => {
  it.each([
    ['a.jpg', 'image/jpeg'],
    ['A.JPEG', 'image/jpeg'],
    ['a.png', 'image/png'],
    ['a.webp', 'image/webp'],
    ['a.avif', 'image/avif'],
    ['a.gif', 'image/gif'],
    ['a.svg', 'image/svg+xml'],
    ['a.mp4', 'video/mp4'],
    ['a.webm', 'video/webm'],
    ['a.mp3', 'audio/mpeg'],
    ['a.ogg', 'audio/ogg'],
    ['hls/0.ts', 'video/mp2t'],
    ['dash/0.m4s', 'video/iso.segment'],
    ['cmaf/0.cmfv', 'application/octet-stream'],
  ])('%s, as %s', (path, type) => {
    expect(typeOf(path)).toBe(type);
  });

  it.each(['a.pdf', 'a.zip', 'a.json', 'a.txt', 'a.wasm', 'a.woff2', 'LICENSE', 'a.vtt', 'a.xml'])(
    'not %s',
    (path) => {
      expect(selected(path)).toBe('other');
      expect(typeof selected(path, EVERYTHING)).toBe('object');
    },
  );

  it.each([
    ['index.html', 'page'],
    ['a.htm', 'page'],
    ['a.xhtml', 'page'],
    ['a.js', 'script'],
    ['a.mjs', 'script'],
    ['a.cjs', 'script'],
    ['a.php', 'script'],
    ['a.css', 'style'],
    ['a.m3u8', 'playlist'],
    ['a.M3U8', 'playlist'],
    ['a.m3u', 'playlist'],
    ['a.mpd', 'playlist'],
    ['a.svgz', 'compressed'],
  ])('never %s, whatever is included', (path, why) => {
    expect(selected(path)).toBe(why);
    expect(selected(path, EVERYTHING)).toBe(why);
  });
});

describe('patterns', () => {
  it('include by the whole URL path, with the base', () => {
    const selection = { ...ALL, base: '/blog/', include: ['/blog/downloads/*', '*.pdf'] };
    expect(typeOf('downloads/a.bin', selection)).toBe('application/octet-stream');
    expect(typeOf('a.pdf', selection)).toBe('application/pdf');
    expect(selected('a.bin', selection)).toBe('other');
  });

  it('exclude what is media and what is included', () => {
    const selection = { ...ALL, include: ['*.pdf'], exclude: ['/members/*', `${SITE}/x.jpg`] };
    expect(selected('members/a.jpg', selection)).toBe('excluded');
    expect(selected('members/a.pdf', selection)).toBe('excluded');
    expect(selected('x.jpg', selection)).toBe('excluded');
    expect(typeOf('a.jpg', selection)).toBe('image/jpeg');
  });

  it('of segments are named for the worker file, which has to include what scripts fetch', () => {
    expect(scriptedPatterns(['a.jpg', 'b.mp4', 'c/0.m4s', 'c/1.M4S', 'd/0.ts', 'e.cmfa'])).toEqual([
      '*.m4s',
      '*.ts',
      '*.cmfa',
    ]);
    expect(scriptedPatterns(['a.jpg'])).toEqual([]);
  });
});

it('what could not be signed is told from what is not to be', () => {
  expect(isFailure({ name: 'a', why: 'changing' })).toBe(true);
  expect(isFailure({ name: 'a', why: 'unreadable' })).toBe(true);
  expect(isFailure({ name: 'a', why: 'empty' })).toBe(false);
  expect(isFailure({ name: 'a', why: 'excluded' })).toBe(false);
});
