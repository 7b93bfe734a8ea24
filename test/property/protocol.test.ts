import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PieceIndex, Root, UrlHash } from '../../src/core/brands.js';
import {
  isAdmissionClaims,
  isDigestClaims,
  isPolicyClaims,
  isReceiptClaims,
  isRefusalClaims,
  parseAdmissionRequest,
  parseAdmissionResponse,
  parseDigestsRequest,
  parseDigestsResponse,
  parsePurgeRequest,
  parseReportRequest,
  parseRootsRequest,
  parseRootsResponse,
} from '../../src/protocol/hasher.js';
import { parsePageMessage } from '../../src/protocol/page-message.js';
import { matchesPattern } from '../../src/protocol/patterns.js';
import { decodeFrame, encodeFrame, type Frame } from '../../src/protocol/peer.js';
import { parseClientMessage, parseTrackerMessage } from '../../src/protocol/tracker.js';
import { canonicalUrl, siteOf } from '../../src/protocol/url.js';
import { holds } from '../support/property.js';
import { JWS, KEY, PID, PREFIX, SITE } from '../support/samples.js';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const roots = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex') as Root);
const payloads = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => new Uint8Array(bytes));

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), version: fc.integer({ min: 0, max: 255 }) }),
  fc.record({
    type: fc.constant('ask' as const),
    layers: fc.boolean(),
    roots: fc.array(roots, { minLength: 1, maxLength: 256 }),
  }),
  fc.tuple(roots, fc.integer({ min: 0, max: 4000 })).map(([root, pieces]) => ({
    type: 'have' as const,
    root,
    pieces,
    bits: new Uint8Array(Math.ceil(pieces / 8)),
  })),
  fc
    .tuple(
      u32,
      roots,
      fc.integer({ min: 0, max: 2 ** 20 }),
      fc.integer({ min: 0, max: 2 ** 19 }),
      fc.integer({ min: 1, max: 2 ** 19 }),
    )
    .map(([id, root, piece, begin, length]) => ({
      type: 'request' as const,
      id,
      root,
      piece: piece as PieceIndex,
      begin,
      length,
    })),
  fc.record({ type: fc.constant('data' as const), id: u32, offset: u32, payload: payloads }),
  fc.record({ type: fc.constantFrom('cancel' as const, 'reject' as const), id: u32 }),
  fc.record({
    type: fc.constant('token' as const),
    url: roots.map((root) => root as string as UrlHash),
    token: fc.stringMatching(/^[\w-]{1,50}\.[\w-]{1,50}\.[\w-]{1,50}$/),
  }),
  fc.record({
    type: fc.constant('seek' as const),
    urls: fc.array(
      roots.map((root) => root as string as UrlHash),
      { minLength: 1, maxLength: 20 },
    ),
  }),
  fc
    .tuple(roots, fc.integer({ min: 1, max: 40 }))
    .map(([root, count]) => ({ type: 'layer' as const, root, hashes: new Uint8Array(32 * count) })),
  fc.constant({ type: 'bye' as const }),
);

describe('frames', () => {
  it('survive the wire', () =>
    holds(
      fc.property(frames, (frame) => {
        expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
      }),
      500,
    ));

  it('of any bytes are read or refused, never thrown at', () =>
    holds(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 400 }), (type, rest) => {
        expect(() => decodeFrame(Uint8Array.of(type, ...rest))).not.toThrow();
      }),
      3000,
    ));

  it('with damage are refused, or still say something that can be said', () =>
    holds(
      fc.property(frames, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, at, change) => {
        const bytes = encodeFrame(frame);
        const index = at % bytes.byteLength;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        const read = decodeFrame(bytes);
        if (read) expect(decodeFrame(encodeFrame(read))).toEqual(read);
      }),
      2000,
    ));

  it('cut short or run on never read as the frame that was sent, save data and tokens', () =>
    holds(
      fc.property(frames, fc.nat(), (frame, at) => {
        if (frame.type === 'data' || frame.type === 'token' || frame.type === 'bye') return;
        const bytes = encodeFrame(frame);
        expect(decodeFrame(bytes.slice(0, at % bytes.byteLength))).not.toEqual(frame);
        if (frame.type !== 'hello') expect(decodeFrame(Uint8Array.of(...bytes, 0))).not.toEqual(frame);
      }),
    ));
});

const textParsers = {
  parseClientMessage,
  parseTrackerMessage,
  parseDigestsRequest,
  parseAdmissionRequest,
  parseRootsRequest,
  parsePurgeRequest,
  parseReportRequest,
};
const valueParsers: Record<string, (value: unknown) => unknown> = {
  parsePageMessage,
  parseAdmissionResponse,
  parseRootsResponse,
  parseDigestsResponse: (value) => parseDigestsResponse(value, 2),
  isDigestClaims,
  isRefusalClaims,
  isPolicyClaims,
  isReceiptClaims,
  isAdmissionClaims,
};

/** Objects with our field names and anything in them: far more often almost right than plain noise. */
const FIELDS = [
  't',
  'v',
  'site',
  'key',
  'admission',
  'resume',
  'nonce',
  'seq',
  'add',
  'del',
  'q',
  'roots',
  'k',
  'live',
  'to',
  'pass',
  'box',
  'up',
  'pid',
  'ok',
  'bad',
  'slow',
  'bytes',
  'peers',
  'from',
  're',
  'code',
  'message',
  'retry',
  'urls',
  'url',
  'signed',
  'answers',
  'root',
  'len',
  'piece',
  'hdr',
  'iat',
  'exp',
  'ver',
  'epoch',
  'iss',
  'aud',
  'sub',
  'revoked',
  'of',
  'before',
  'receipt',
  'patterns',
  'all',
  'rollout',
  'enabled',
  'minEpoch',
  'id',
  'wait',
  'reason',
  'tokens',
  'index',
  'allowed',
  'on',
  '__proto__',
  'toString',
];
const KINDS = [
  'hello',
  'proof',
  'have',
  'want',
  'cancel',
  'signal',
  'load',
  'report',
  'bye',
  'challenge',
  'welcome',
  'ok',
  'peers',
  'error',
  'lead',
  'placed',
  'tokens',
  'unsigned',
  'layer',
  'piece',
  'miss',
  'read',
  'admit',
  'constructor',
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    SITE,
    JWS,
    KEY,
    PID,
    PREFIX,
    0,
    1,
    -1,
    2 ** 53,
    0.5,
    true,
    null,
    '',
    [],
    {},
    ...KINDS,
  ),
  fc.anything({ maxDepth: 2 }),
);
const almostRight = fc
  .tuple(fc.constantFrom(...KINDS), fc.array(fc.tuple(fc.constantFrom(...FIELDS), leaf), { maxLength: 8 }))
  .map(([t, fields]) => Object.fromEntries([['t', t], ...fields]) as Record<string, unknown>);

function jsonOf(value: object): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
}

describe('parsers', () => {
  it.each(Object.entries(textParsers))('%s never throws and pollutes nothing', (_name, parse) =>
    holds(
      fc.property(fc.oneof(fc.string(), almostRight.map(jsonOf), fc.json()), (text) => {
        expect(() => parse(text)).not.toThrow();
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      1000,
    ),
  );

  it.each(Object.entries(valueParsers))('%s never throws', (_name, parse) =>
    holds(
      fc.property(
        fc.oneof(fc.anything({ withSparseArray: true, withTypedArray: true }), almostRight),
        (value) => {
          expect(() => parse(value)).not.toThrow();
        },
      ),
      1000,
    ),
  );
});

describe('URLs', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'https:',
      'http:',
      '//',
      '/',
      '\\',
      'user',
      ':',
      '@',
      'EXAMPLE.com',
      'ü',
      '..',
      '.',
      '%2e',
      '%',
      ':443',
      ':80',
      '?',
      '#',
      ' ',
      '\t',
      '[::1]',
      '0x7f.1',
      'a',
    ),
    { maxLength: 10 },
  );

  it('have one canonical spelling, which names no credentials and no fragment', () =>
    holds(
      fc.property(
        fc.oneof(
          pieces.map((parts) => parts.join('')),
          pieces.map((parts) => `https://${parts.join('')}`),
          fc.webUrl(),
        ),
        (text) => {
          const url = canonicalUrl(text);
          if (url === undefined) return;
          expect(canonicalUrl(url)).toBe(url);
          const { username, password, hash, protocol, origin } = new URL(url);
          expect([username, password, hash]).toEqual(['', '', '']);
          expect(['http:', 'https:']).toContain(protocol);
          expect(siteOf(url)).toBe(origin);
        },
      ),
      3000,
    ));
});

describe('patterns', () => {
  const small = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 });

  it('match as the regular expression that they stand for', () =>
    holds(
      fc.property(small, small, (pattern, text) => {
        const url = new URL(`https://www.example.com/${text.replaceAll('*', 'a')}`);
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
        expect(matchesPattern(pattern, url)).toBe(expression.test(url.pathname));
      }),
      5000,
    ));
});
