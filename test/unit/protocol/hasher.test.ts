import { describe, expect, it } from 'vitest';
import { MAX_DIGEST_URLS, MAX_URL_LENGTH } from '../../../src/core/limits.js';
import {
  MAX_PURGED,
  MAX_REVOKED,
  MAX_ROOTS_ASKED,
  REPLAYED_HEADERS,
  isAdmissionClaims,
  isCanonicalUrl,
  isDigestClaims,
  isPolicyClaims,
  isReceiptClaims,
  isPublicKey,
  isRefusalClaims,
  isSite,
  parseAdmissionRequest,
  parseAdmissionResponse,
  parseDigestsRequest,
  parseDigestsResponse,
  parsePurgeRequest,
  parseReportRequest,
  parseRootsRequest,
  parseRootsResponse,
} from '../../../src/protocol/hasher.js';
import { NOT_OBJECTS, onPrototype, withMissingFields, withWrongFields } from '../../support/hostile.js';
import {
  ADMISSION_CLAIMS,
  DIGEST_CLAIMS,
  JWS,
  KEY,
  POLICY_CLAIMS,
  RECEIPT_CLAIMS,
  PREFIX,
  REFUSAL_CLAIMS,
  ROOT,
  SITE,
  urlOf,
} from '../../support/samples.js';

const requests = {
  digests: {
    parse: parseDigestsRequest,
    valid: { site: SITE, urls: [urlOf('/a.jpg'), urlOf('/b.mp4?x=1')] },
  },
  admission: { parse: parseAdmissionRequest, valid: { site: SITE, key: KEY } },
  roots: { parse: parseRootsRequest, valid: { site: SITE, roots: [PREFIX] } },
  report: {
    parse: parseReportRequest,
    valid: { site: SITE, url: urlOf('/a.jpg'), signed: ROOT, receipt: JWS },
  },
};

describe.each(Object.entries(requests))('the %s request', (_name, { parse, valid }) => {
  it('is read', () => {
    expect(parse(JSON.stringify(valid))).toEqual(valid);
  });

  it('is cut down to its own fields', () => {
    expect(parse(JSON.stringify({ ...valid, extra: 1, __proto__: 1 }))).toEqual(valid);
  });

  it('is refused with any field missing', () => {
    for (const { what, value } of withMissingFields(valid))
      expect(parse(JSON.stringify(value)), what).toBeUndefined();
  });

  it('is refused with any field wrong', () => {
    for (const { what, value } of withWrongFields(valid))
      expect(parse(JSON.stringify(value)), what).toBeUndefined();
  });

  it('is refused when its fields sit elsewhere', () => {
    for (const text of [...onPrototype(valid), ...NOT_OBJECTS]) expect(parse(text), text).toBeUndefined();
  });

  it('is refused when oversize, before it is parsed', () => {
    expect(parse(`${JSON.stringify(valid)}${' '.repeat(600_000)}`)).toBeUndefined();
  });

  it('is refused for what is no site', () => {
    for (const site of [
      'https://www.example.com/',
      'https://WWW.example.com',
      'https://www.example.com:443',
      'null',
    ])
      expect(parse(JSON.stringify({ ...valid, site })), site).toBeUndefined();
  });
});

describe('the digests request', () => {
  const request = (urls: readonly string[]): unknown =>
    parseDigestsRequest(JSON.stringify({ site: SITE, urls }));

  it('holds 1 to 100 URLs', () => {
    const urls = Array.from({ length: MAX_DIGEST_URLS + 1 }, (_, i) => urlOf(`/${i}.jpg`));
    expect(request([])).toBeUndefined();
    expect(request(urls.slice(1))).toBeDefined();
    expect(request(urls)).toBeUndefined();
  });

  it('fits its bound with the longest URLs', () => {
    const long = urlOf(`/${'a'.repeat(MAX_URL_LENGTH - SITE.length - 1)}`);
    expect(long).toHaveLength(MAX_URL_LENGTH);
    expect(request(Array.from({ length: MAX_DIGEST_URLS }, () => long))).toBeDefined();
  });

  it.each([
    'https://www.example.com/a#b',
    'https://WWW.example.com/a',
    'https://u:p@www.example.com/',
    '/a.jpg',
  ])('wants canonical URLs, not %j', (url) => {
    expect(request([urlOf('/ok.jpg'), url])).toBeUndefined();
  });
});

describe('the roots request', () => {
  it(`holds up to ${MAX_ROOTS_ASKED} prefixes`, () => {
    const roots = (count: number): string =>
      JSON.stringify({ site: SITE, roots: Array.from({ length: count }, () => PREFIX) });
    expect(parseRootsRequest(roots(MAX_ROOTS_ASKED))?.roots).toHaveLength(MAX_ROOTS_ASKED);
    expect(parseRootsRequest(roots(MAX_ROOTS_ASKED + 1))).toBeUndefined();
    expect(parseRootsRequest(roots(0))?.roots).toEqual([]);
  });
});

describe('answers', () => {
  it('to digests: one for each URL asked, in order', () => {
    const value = { answers: [JWS, { pending: 500 }] };
    expect(parseDigestsResponse(value, 2)).toEqual(value);
    expect(parseDigestsResponse(value, 1)).toBeUndefined();
    expect(parseDigestsResponse(value, 3)).toBeUndefined();
  });

  it.each([
    undefined,
    null,
    'x',
    [],
    {},
    { answers: JWS },
    { answers: [null] },
    { answers: [''] },
    { answers: [{}] },
    { answers: [{ pending: -1 }] },
    { answers: [{ pending: 60_001 }] },
    { answers: [{ pending: '5' }] },
    { answers: [`a.${'b'.repeat(8192)}.c`] },
    { answers: new Array(1) },
  ])('to digests: refused %#', (value) => {
    expect(parseDigestsResponse(value, 1)).toBeUndefined();
  });

  it('to admissions', () => {
    const valid = { admission: JWS, receipt: JWS };
    expect(parseAdmissionResponse({ ...valid, more: 1 })).toEqual(valid);
    const relays = { urls: ['turn:turn.example.com', 'turns:[::1]:443'], username: 'u', credential: 'c' };
    expect(parseAdmissionResponse({ ...valid, relays })).toEqual({ ...valid, relays });
    const wrongRelays = [
      ...[null, [], 'turn:a'],
      ...[
        { ...relays, urls: 'turn:a' },
        { ...relays, urls: ['stun:a'] },
        { ...relays, urls: ['turn:a b'] },
      ],
      ...[
        { ...relays, urls: Array(9).fill('turn:a') },
        { ...relays, urls: [7] },
      ],
      ...[{ ...relays, username: 7 }, { urls: relays.urls }, { ...relays, credential: 'c'.repeat(257) }],
    ];
    for (const value of wrongRelays)
      expect(parseAdmissionResponse({ ...valid, relays: value }), JSON.stringify(value)).toBeUndefined();
    const wrong = [
      null,
      {},
      { ...valid, admission: 1 },
      { ...valid, receipt: 'a.b' },
      { admission: JWS },
      JWS,
    ];
    for (const value of wrong) {
      expect(parseAdmissionResponse(value)).toBeUndefined();
    }
  });

  it('to roots', () => {
    const value = { live: [{ root: PREFIX, until: 1_800_000_000 }] };
    expect(parseRootsResponse(value)).toEqual(value);
    const wrong = [
      null,
      {},
      { live: {} },
      { live: [PREFIX] },
      { live: [{ root: ROOT, until: 1 }] },
      { live: [{ root: PREFIX }] },
    ];
    for (const refused of wrong) expect(parseRootsResponse(refused)).toBeUndefined();
  });
});

describe('the purge request', () => {
  const parse = (value: unknown) => parsePurgeRequest(JSON.stringify(value));
  const nothing = { urls: [], patterns: [], all: false };

  it('names URLs, made canonical, patterns, or everything', () => {
    expect(parse({ urls: ['HTTPS://www.EXAMPLE.com:443/a/../b.jpg#x'] })).toEqual({
      ...nothing,
      urls: [urlOf('/b.jpg')],
    });
    const patterns = ['/media/*', '*.jpg', 'https://img.example.com/*'];
    expect(parse({ site: SITE, patterns })).toEqual({ ...nothing, site: SITE, patterns });
    expect(parse({ all: true })).toEqual({ ...nothing, all: true });
  });

  it.each([
    {},
    { urls: [], patterns: [] },
    { all: false },
    { all: 'true' },
    { all: true, urls: [urlOf('/a.jpg')] },
    { urls: urlOf('/a.jpg') },
    { urls: ['/a.jpg'] },
    { urls: ['https://u:p@www.example.com/'] },
    { urls: [7] },
    { url: [urlOf('/a.jpg')], all: true },
    { site: 'nonsense', all: true },
    { site: null, all: true },
    { patterns: [''] },
    { patterns: ['media/*'] },
    { patterns: ['/a.jpg?x=*'] },
    { patterns: ['/größe/*'] },
    { patterns: ['/a b'] },
    { patterns: [`/${'x'.repeat(MAX_URL_LENGTH)}`] },
    { patterns: new Array(MAX_PURGED + 1).fill('/a') },
    { urls: new Array(MAX_PURGED + 1).fill(urlOf('/a')) },
    [],
    'x',
  ])('is refused: %#', (value) => {
    expect(parse(value)).toBeUndefined();
  });

  it('is bounded in length', () => {
    const body = JSON.stringify({ all: true });
    expect(parsePurgeRequest(body.padEnd(512 * 1024))).toBeDefined();
    expect(parsePurgeRequest(body.padEnd(512 * 1024 + 1))).toBeUndefined();
  });
});

const claims = {
  digest: {
    check: isDigestClaims as (value: unknown) => boolean,
    valid: { ...DIGEST_CLAIMS, dur: 61.5 },
    optional: ['dur'],
  },
  refusal: { check: isRefusalClaims as (value: unknown) => boolean, valid: REFUSAL_CLAIMS, optional: [] },
  policy: { check: isPolicyClaims as (value: unknown) => boolean, valid: POLICY_CLAIMS, optional: [] },
  admission: {
    check: isAdmissionClaims as (value: unknown) => boolean,
    valid: ADMISSION_CLAIMS,
    optional: [],
  },
  receipt: { check: isReceiptClaims as (value: unknown) => boolean, valid: RECEIPT_CLAIMS, optional: [] },
};

describe.each(Object.entries(claims))('%s claims', (_name, { check, valid, optional }) => {
  it('are accepted, also with claims unknown to this version', () => {
    expect(check(valid)).toBe(true);
    expect(check({ ...valid, later: { any: 1 } })).toBe(true);
    for (const field of optional) expect(check({ ...valid, [field]: undefined })).toBe(true);
  });

  it('are refused with any claim missing', () => {
    for (const { what, value } of withMissingFields(valid, optional)) expect(check(value), what).toBe(false);
  });

  it('are refused with any claim wrong', () => {
    for (const { what, value } of withWrongFields(valid)) expect(check(value), what).toBe(false);
  });

  it('are refused when they are no object', () => {
    for (const value of [undefined, null, 'x', 1, [], [valid]]) expect(check(value)).toBe(false);
  });
});

describe('digest claims', () => {
  const check = (change: object): boolean => isDigestClaims({ ...DIGEST_CLAIMS, ...change });

  it.each([
    { len: 0 },
    { len: 2 ** 40 + 1 },
    { piece: 65_537 },
    { piece: 32_768 },
    { piece: 2 ** 21 },
    { dur: 0 },
    { dur: -1 },
    { aud: 'https://www.example.com/' },
    { sub: 'https://www.example.com/a#b' },
    { root: ROOT.toUpperCase() },
    { exp: 1.5 },
    { iat: 2 ** 41 },
    { ver: -1 },
    { epoch: -1 },
    { hdr: [] },
  ])('refuse %j', (change) => {
    expect(check(change)).toBe(false);
  });

  it('bound the layer that a visitor has to hold', () => {
    expect(check({ len: 2 ** 40, piece: 2 ** 20 })).toBe(true);
    expect(check({ len: 2 ** 40, piece: 2 ** 16 })).toBe(false);
  });

  it('replay only listed headers', () => {
    expect(check({ hdr: {} })).toBe(true);
    for (const name of REPLAYED_HEADERS) expect(check({ hdr: { [name]: 'x' } })).toBe(true);
    for (const name of [
      'set-cookie',
      'Content-Type',
      'content-security-policy',
      'location',
      'constructor',
      'toString',
    ]) {
      expect(check({ hdr: { [name]: 'x' } })).toBe(false);
    }
    expect(check({ hdr: JSON.parse('{"__proto__":"x"}') as unknown })).toBe(false);
  });

  it.each(['a\r\nset-cookie: b', 'a\nb', 'a\u0000b', ' a', 'a ', '\ta', 'ā', '', 'x'.repeat(1025), '\u007f'])(
    'refuse the header value %j, which no Headers object takes as it is',
    (value) => {
      expect(check({ hdr: { etag: value } })).toBe(false);
    },
  );

  it.each(['"abc"', 'text/html; charset=utf-8', 'a\tb', 'W/"é"', 'x', 'public, max-age=60'])(
    'accept the header value %j, and so does Headers',
    (value) => {
      expect(check({ hdr: { etag: value } })).toBe(true);
      expect(new Headers({ etag: value }).get('etag')).toBe(value);
    },
  );
});

describe('policy claims', () => {
  const check = (change: object): boolean => isPolicyClaims({ ...POLICY_CLAIMS, ...change });

  it('take a roll-out from 0 to 1', () => {
    expect([0, 1, 0.001].every((rollout) => check({ rollout }))).toBe(true);
    expect([-0.1, 1.1, Number.NaN, '1'].some((rollout) => check({ rollout }))).toBe(false);
  });

  it('bound the list of the revoked', () => {
    const revoked = Array.from({ length: MAX_REVOKED + 1 }, () => ({ of: ROOT, before: 1 }));
    expect(check({ revoked: revoked.slice(1) })).toBe(true);
    expect(check({ revoked })).toBe(false);
    expect(check({ revoked: [] })).toBe(true);
    expect(check({ revoked: [{ of: 'x'.repeat(MAX_URL_LENGTH + 1), before: 1 }] })).toBe(false);
  });

  it.each([
    ROOT,
    { of: ROOT },
    { before: 1 },
    { of: '', before: 1 },
    { of: ROOT, before: -1 },
    { of: ROOT, before: 0.5 },
  ])('refuse the revocation %j', (revocation) => {
    expect(check({ revoked: [revocation] })).toBe(false);
  });
});

describe('admission claims', () => {
  it.each([
    { aud: SITE },
    { aud: ['peerfold-tracker'] },
    { jkt: 'A'.repeat(44) },
    { jkt: 'a.b' },
    { site: 'x' },
  ])('refuse %j', (change) => {
    expect(isAdmissionClaims({ ...ADMISSION_CLAIMS, ...change })).toBe(false);
  });
});

describe('the small checks', () => {
  it('isPublicKey wants 65 bytes in base64url', () => {
    expect(isPublicKey(KEY)).toBe(true);
    for (const value of [KEY.slice(1), `${KEY}A`, KEY.replace('B', '='), null, 87])
      expect(isPublicKey(value)).toBe(false);
  });

  it('isSite wants a serialised origin', () => {
    for (const value of [SITE, 'http://localhost:8080', 'https://[::1]']) expect(isSite(value)).toBe(true);
    for (const value of ['null', '', 'localhost', 'ws://x', `${SITE}/`, `${SITE}#`, 'https://u@x', 'file://'])
      expect(isSite(value)).toBe(false);
  });

  it('isCanonicalUrl wants the one spelling', () => {
    expect(isCanonicalUrl(`${SITE}/`)).toBe(true);
    for (const value of [SITE, `${SITE}/#`, `${SITE}/a/../b`, `${SITE}:443/`])
      expect(isCanonicalUrl(value)).toBe(false);
  });
});
