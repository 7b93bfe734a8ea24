import { describe, expect, it } from 'vitest';
import type { Site } from '../../../src/core/brands.js';
import { parseConfig } from '../../../sw/config.js';
import { routeOf, type RequestFacts, type Route } from '../../../sw/route.js';

const CONFIG = parseConfig(
  {
    hasher: 'https://hash.example',
    tracker: 'wss://track.example',
    include: ['/media/*', '*.zip'],
    exclude: ['/private/*'],
    origins: ['https://cdn.example'],
  },
  'https://site.example' as Site,
);

function route(
  url: string,
  changes: Partial<Omit<RequestFacts, 'headers'>> & { headers?: Record<string, string> } = {},
  clientId = 'tab',
): Route | undefined {
  const { headers, ...rest } = changes;
  const facts: RequestFacts = {
    ...{
      method: 'GET',
      url,
      destination: 'image',
      mode: 'no-cors',
      cache: 'default',
      credentials: 'include',
    },
    ...{ referrer: '', referrerPolicy: '' },
    ...rest,
    headers: new Headers(headers),
  };
  return routeOf(facts, clientId, CONFIG);
}

const IMAGE = 'https://site.example/a.jpg';
const SEGMENT = 'https://site.example/media/s1.ts';

describe('ours', () => {
  it.each([
    [IMAGE, {}, 'image'],
    ['https://cdn.example/a.jpg', {}, 'image'],
    [SEGMENT, { destination: '', mode: 'cors' }, 'whole'],
    ['https://site.example/app.zip', { destination: '', mode: 'cors' }, 'whole'],
    ['https://site.example/f.mp4', { destination: 'video' }, 'whole'],
    ['https://site.example/f.mp4', { destination: 'video', headers: { range: 'bytes=0-' } }, 'range'],
    ['https://site.example/f.mp3', { destination: 'audio', headers: { range: 'bytes=5-9' } }, 'range'],
    [SEGMENT, { destination: '', mode: 'cors', headers: { range: 'bytes=-9' } }, 'range'],
  ] as const)('%s %j', (url, changes, kind) => {
    expect(route(url, changes)?.kind).toBe(kind);
  });

  it('names the URL canonically, without fragment', () => {
    expect(route('https://SITE.example:443/x/../a.jpg#top')).toMatchObject({ url: IMAGE, sameOrigin: true });
    expect(route('https://cdn.example/a.jpg')?.sameOrigin).toBe(false);
  });
});

describe('left to the browser', () => {
  it.each([
    ['another method', IMAGE, { method: 'POST' }],
    ['HEAD', IMAGE, { method: 'HEAD' }],
    ['a navigation', 'https://site.example/app.zip', { mode: 'navigate', destination: 'document' }],
    ['an iframe', 'https://site.example/media/x', { destination: 'iframe' }],
    ['a script', 'https://site.example/media/x.js', { destination: 'script' }],
    ['a style sheet', 'https://site.example/media/x.css', { destination: 'style' }],
    ['a font', 'https://site.example/media/x.woff2', { destination: 'font' }],
    ['a worker', 'https://site.example/media/x.js', { destination: 'worker' }],
    ['a fetch that is not included', 'https://site.example/api', { destination: '' }],
    ['an excluded image', 'https://site.example/private/me.jpg', {}],
    ['another origin', 'https://other.example/a.jpg', {}],
    ['another port', 'https://site.example:444/a.jpg', {}],
    ['another scheme', 'blob:https://site.example/1', {}],
    ['credentials in the URL', 'https://me:x@site.example/a.jpg', {}],
    ['a playlist', 'https://site.example/media/x.m3u8', { destination: '' }],
    ['a manifest', 'https://site.example/media/x.mpd', { destination: '' }],
    ['reload', IMAGE, { cache: 'reload' }],
    ['no-store', IMAGE, { cache: 'no-store' }],
    ['no-cache', IMAGE, { cache: 'no-cache' }],
    ['force-cache', IMAGE, { cache: 'force-cache' }],
    ['only-if-cached', IMAGE, { cache: 'only-if-cached' }],
    ['Authorization', SEGMENT, { destination: '', headers: { authorization: 'Bearer x' } }],
    ['If-None-Match', IMAGE, { headers: { 'if-none-match': '"x"' } }],
    ['If-Modified-Since', IMAGE, { headers: { 'if-modified-since': 'x' } }],
    ['If-Match', IMAGE, { headers: { 'if-match': '"x"' } }],
    ['If-Range', SEGMENT, { destination: 'video', headers: { range: 'bytes=0-', 'if-range': '"x"' } }],
    ['several ranges', SEGMENT, { destination: 'video', headers: { range: 'bytes=0-1,4-5' } }],
    ['a reversed range', SEGMENT, { destination: 'video', headers: { range: 'bytes=9-5' } }],
    ['credentials to another origin', 'https://cdn.example/a.jpg', { mode: 'cors', credentials: 'include' }],
  ] as const)('%s', (_, url, changes) => {
    expect(route(url, changes)).toBeUndefined();
  });

  it('what no client waits for', () => {
    expect(route(IMAGE, {}, '')).toBeUndefined();
  });

  it('URLs longer than anyone signs', () => {
    expect(route(`https://site.example/media/${'a'.repeat(5000)}`)).toBeUndefined();
  });
});
