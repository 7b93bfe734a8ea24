import { describe, expect, it } from 'vitest';
import { judgeResponse, judgeUrl, type Observed } from '../../../hasher-service/judging/eligibility.js';
import type { Headers } from '../../../hasher-service/judging/headers.js';
import { isCanonicalUrl, isSite } from '../../../src/protocol/hasher.js';
import type { CanonicalUrl, Site } from '../../../src/core/brands.js';
import { FAKE_EPOCH } from '../../support/fake-clock.js';

function site(text: string): Site {
  if (!isSite(text)) throw new Error(text);
  return text;
}

function url(text: string): CanonicalUrl {
  if (!isCanonicalUrl(text)) throw new Error(text);
  return text;
}

const SITE = site('https://www.example.com');
const GOOD = { 'cache-control': 'max-age=600', 'content-length': '1000', 'content-type': 'image/jpeg' };

interface Answer {
  readonly status?: number;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

function observed({
  status = 200,
  url: text = 'https://www.example.com/a.jpg',
  headers = {},
}: Answer): Observed {
  const all: NonNullable<Answer['headers']> = { ...GOOD, ...headers };
  const merged = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value].flat()] as const],
  );
  const lines: Headers = Object.fromEntries(merged);
  return { site: SITE, url: url(text), status, headers: lines, receivedAt: FAKE_EPOCH, maxBytes: 1_000_000 };
}

function codeOf(answer: Answer): string {
  const judgement = judgeResponse(observed(answer));
  return judgement.eligible ? 'eligible' : judgement.code;
}

describe('status', () => {
  it.each([
    [200, 'eligible'],
    [201, 'status'],
    [203, 'status'],
    [204, 'status'],
    [206, 'status'],
    [301, 'redirect'],
    [302, 'redirect'],
    [304, 'redirect'],
    [307, 'redirect'],
    [308, 'redirect'],
    [400, 'status'],
    [401, 'guarded'],
    [403, 'guarded'],
    [451, 'guarded'],
    [404, 'missing'],
    [410, 'missing'],
    [429, 'origin-error'],
    [500, 'origin-error'],
    [503, 'origin-error'],
  ])('%i → %s', (status, code) => {
    expect(codeOf({ status })).toBe(code);
  });
});

describe('headers', () => {
  it.each([
    ['set-cookie', { 'set-cookie': 'id=1' }],
    ['set-cookie', { 'set-cookie': ['a=1', 'b=2'] }],
    ['private', { 'cache-control': 'private, max-age=600' }],
    ['private', { 'cache-control': 'max-age=600, No-Store' }],
    ['private', { 'cache-control': 'no-cache, max-age=600' }],
    ['private', { 'cache-control': 'max-age=600, private="set-cookie"' }],
    ['private', { 'cache-control': ['max-age=600', 'private'] }],
    ['vary', { vary: 'Cookie' }],
    ['vary', { vary: '*' }],
    ['vary', { vary: 'Accept' }],
    ['vary', { vary: ['Accept-Encoding', 'User-Agent'] }],
    ['eligible', { vary: 'Accept-Encoding, ORIGIN' }],
    ['encoded', { 'content-encoding': 'gzip' }],
    ['encoded', { 'content-encoding': 'identity, br' }],
    ['eligible', { 'content-encoding': 'identity' }],
    ['playlist', { 'content-type': 'application/vnd.apple.mpegurl; charset=utf-8' }],
    ['playlist', { 'content-type': 'application/dash+xml' }],
    ['empty', { 'content-length': '0' }],
    ['too-large', { 'content-length': '1000001' }],
    ['eligible', { 'content-length': '1000000' }],
    ['undelimited', { 'content-length': undefined }],
    ['eligible', { 'content-length': undefined, 'transfer-encoding': 'chunked' }],
  ])('%s for %j', (code, headers) => {
    expect(codeOf({ headers })).toBe(code);
  });
});

describe('freshness', () => {
  const date = new Date(FAKE_EPOCH).toUTCString();
  const later = new Date(FAKE_EPOCH + 120_000).toUTCString();
  const earlier = new Date(FAKE_EPOCH - 120_000).toUTCString();

  it.each([
    [600, { 'cache-control': 'max-age=600' }],
    [600, { 'cache-control': 'Public, Max-Age="600", immutable' }],
    [30, { 'cache-control': 'max-age=600, s-maxage=30' }],
    [30, { 'cache-control': 's-maxage=30, max-age=600', expires: later }],
    [590, { age: '10' }],
    [480, { date: earlier }],
    [480, { date: earlier, age: '7' }],
    [120, { 'cache-control': undefined, expires: later, date }],
    [120, { 'cache-control': undefined, expires: later }],
    [600, { date: later }],
  ])('is %i s for %j', (seconds, headers) => {
    expect(judgeResponse(observed({ headers }))).toMatchObject({ eligible: true, freshFor: seconds });
  });

  it.each([
    ['nothing is stated', { 'cache-control': undefined }],
    ['only heuristics could help', { 'cache-control': 'public', 'last-modified': earlier }],
    ['max-age is 0', { 'cache-control': 'max-age=0' }],
    ['s-maxage is 0', { 'cache-control': 'max-age=600, s-maxage=0' }],
    ['max-age is negative', { 'cache-control': 'max-age=-1' }],
    ['max-age is a fraction', { 'cache-control': 'max-age=1.5' }],
    ['max-age has no value', { 'cache-control': 'max-age' }],
    ['max-age is stated twice', { 'cache-control': 'max-age=600, max-age=30' }],
    ['age ate it up', { age: '600' }],
    ['age cannot be read', { age: 'old' }],
    ['age is stated twice', { age: ['1', '500'] }],
    ['expired', { 'cache-control': undefined, expires: earlier, date }],
    ['expires is 0', { 'cache-control': undefined, expires: '0' }],
    ['expires cannot be read', { 'cache-control': undefined, expires: 'soon' }],
    ['the date is long ago', { date: new Date(FAKE_EPOCH - 600_000).toUTCString() }],
  ])('is none when %s', (_name, headers) => {
    expect(codeOf({ headers })).toBe('stale');
  });
});

describe('media of another origin', () => {
  const elsewhere = 'https://img.example.net/a.jpg';

  it.each([
    ['cors', undefined],
    ['cors', 'https://other.example'],
    ['cors', 'null'],
    ['cors', ['*', '*']],
    ['eligible', '*'],
    ['eligible', 'https://www.example.com'],
  ])('%s with Access-Control-Allow-Origin %j', (code, allowed) => {
    expect(codeOf({ url: elsewhere, headers: { 'access-control-allow-origin': allowed } })).toBe(code);
  });

  it('is another origin by port and by scheme', () => {
    expect(codeOf({ url: 'https://www.example.com:8443/a.jpg' })).toBe('cors');
    expect(codeOf({ url: 'http://www.example.com/a.jpg' })).toBe('cors');
  });
});

describe('headers to replay', () => {
  it('takes the known ones that are there and short enough', () => {
    const headers = {
      etag: '"1"',
      'x-internal': 'secret',
      server: 'x',
      'content-disposition': 'x'.repeat(1025),
      'timing-allow-origin': '',
    };
    expect(judgeResponse(observed({ headers }))).toMatchObject({
      hdr: { etag: '"1"', 'cache-control': 'max-age=600', 'content-type': 'image/jpeg' },
    });
    const judgement = judgeResponse(observed({ headers }));
    expect(judgement.eligible && Object.keys(judgement.hdr).sort()).toEqual([
      'cache-control',
      'content-type',
      'etag',
    ]);
  });
});

const NONE: ReadonlySet<string> = new Set();

describe('judgeUrl', () => {
  it.each([
    'https://s3.example/a.jpg?X-Amz-Signature=abc&X-Amz-Expires=60',
    'https://cdn.example/a.jpg?Expires=1&Policy=x',
    'https://cdn.example/a.jpg?Expires=1&Signature=x&Key-Pair-Id=y',
    'https://cdn.example/a.jpg?TOKEN=1',
    'https://cdn.example/a.jpg?sv=2020&sig=abc',
    'https://cdn.example/a.jpg?hdnts=exp=1~hmac=2',
    'https://cdn.example/a.jpg?%74oken=1',
  ])('refuses %s', (text) => {
    expect(judgeUrl(url(text), NONE)).toBe('tokenised-url');
  });

  it.each([
    'https://cdn.example/live.m3u8',
    'https://cdn.example/live.M3U8?x=1',
    'https://cdn.example/a/manifest.mpd',
  ])('refuses the playlist %s', (text) => {
    expect(judgeUrl(url(text), NONE)).toBe('playlist');
  });

  it.each([
    'https://cdn.example/a.jpg',
    'https://cdn.example/a.jpg?v=3&w=800',
    'https://cdn.example/a.jpg?expires=1',
    'https://cdn.example/token/a.jpg',
  ])('lets %s pass', (text) => {
    expect(judgeUrl(url(text), NONE)).toBeUndefined();
  });
});
