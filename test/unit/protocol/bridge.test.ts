import { describe, expect, it } from 'vitest';
import { MAX_DIGEST_URLS } from '../../../src/core/limits.js';
import { MAX_PIECE_LENGTH } from '../../../src/core/pieces.js';
import { PAGE_REASONS } from '../../../src/protocol/bridge.js';
import { isBridgeCall, isBridgeHello } from '../../../src/protocol/hello.js';
import { parsePageMessage } from '../../../src/protocol/page-message.js';
import { withMissingFields, withWrongFields } from '../../support/hostile.js';
import { JWS, KEY, ROOT } from '../../support/samples.js';

const messages: Record<string, { valid: object; optional?: readonly string[] }> = {
  lead: { valid: { t: 'lead', on: false } },
  places: { valid: { t: 'places', on: true } },
  placed: {
    valid: { t: 'placed', id: 1, wait: 250.5, reason: 'above-fold', together: true, slow: false },
    optional: ['reason', 'together', 'slow'],
  },
  loaded: { valid: { t: 'loaded', resources: [{ url: 'https://site.example/a.jpg', destination: '' }] } },
  tokens: { valid: { t: 'tokens', tokens: [JWS] } },
  unsigned: { valid: { t: 'unsigned', urls: ['https://site.example/a.jpg'] } },
  layer: { valid: { t: 'layer', root: ROOT, bytes: new Uint8Array(64), from: 2 }, optional: ['from'] },
  piece: { valid: { t: 'piece', root: ROOT, index: 3, from: 2, bytes: new Uint8Array(10) } },
  miss: { valid: { t: 'miss', id: 1, reason: 'no-peers' } },
  read: { valid: { t: 'read', id: 1, root: ROOT, index: 0 } },
  admit: { valid: { t: 'admit', id: 1, admission: JWS, key: KEY } },
};

describe.each(Object.entries(messages))('%s', (_t, { valid, optional = [] }) => {
  it('is read, after a structured clone too', () => {
    expect(parsePageMessage(valid)).toEqual(valid);
    expect(parsePageMessage(structuredClone(valid))).toEqual(valid);
  });

  it('is read without what may be missing', () => {
    for (const field of optional) expect(parsePageMessage({ ...valid, [field]: undefined })).toBeDefined();
  });

  it('is refused with any field missing', () => {
    for (const { what, value } of withMissingFields(valid, optional)) {
      expect(parsePageMessage(value), what).toBeUndefined();
    }
  });

  it('is refused with any field wrong', () => {
    for (const { what, value } of withWrongFields(valid))
      expect(parsePageMessage(value), what).toBeUndefined();
  });

  it('is refused when its fields are inherited', () => {
    const kind = JSON.parse(`{"__proto__":${JSON.stringify(valid)}}`) as unknown;
    expect(parsePageMessage(kind)).toBeUndefined();
    expect(parsePageMessage([valid])).toBeUndefined();
  });
});

describe('page messages', () => {
  it.each([
    undefined,
    null,
    'allow',
    1,
    [],
    {},
    { t: 1 },
    { t: 'constructor' },
    { t: '__proto__' },
    new Map(),
  ])('are never %j', (value) => {
    expect(parsePageMessage(value)).toBeUndefined();
  });

  it('name only reasons that are known', () => {
    for (const reason of PAGE_REASONS) expect(parsePageMessage({ t: 'miss', id: 1, reason })).toBeDefined();
    expect(parsePageMessage({ t: 'miss', id: 1, reason: 'canary' })).toBeUndefined();
    expect(parsePageMessage({ t: 'placed', id: 1, wait: 0, reason: 'length' })).toBeUndefined();
  });

  it('carry at most a piece, and bytes only as Uint8Array on their own buffer', () => {
    const piece = (bytes: unknown): unknown =>
      parsePageMessage({ t: 'piece', root: ROOT, index: 0, from: 0, bytes });
    expect(piece(new Uint8Array(MAX_PIECE_LENGTH))).toBeDefined();
    expect(piece(new Uint8Array(MAX_PIECE_LENGTH + 1))).toBeUndefined();
    for (const wrong of [
      [1, 2],
      'x',
      new ArrayBuffer(4),
      new Uint16Array(4),
      new DataView(new ArrayBuffer(4)),
    ]) {
      expect(piece(wrong)).toBeUndefined();
    }
    expect(piece(new Uint8Array(new SharedArrayBuffer(4)))).toBeUndefined();
  });

  it('carry at most a hundred tokens, and no holes', () => {
    const tokens = Array.from({ length: MAX_DIGEST_URLS + 1 }, () => JWS);
    expect(parsePageMessage({ t: 'tokens', tokens: tokens.slice(1) })).toBeDefined();
    expect(parsePageMessage({ t: 'tokens', tokens })).toBeUndefined();
    expect(parsePageMessage({ t: 'tokens', tokens: new Array(3) })).toBeUndefined();
  });

  it('name at most a hundred URLs, in the spelling that is signed', () => {
    const unsigned = (urls: unknown): unknown => parsePageMessage({ t: 'unsigned', urls });
    const urls = Array.from({ length: MAX_DIGEST_URLS + 1 }, (_, i) => `https://site.example/${i}`);
    expect(unsigned(urls.slice(1))).toBeDefined();
    for (const wrong of [urls, ['https://site.example/#a'], ['/a.jpg'], new Array(2)])
      expect(unsigned(wrong)).toBeUndefined();
  });

  it.each([120_001, -0.1, Number.NaN, Infinity])('propose no wait of %d ms', (wait) => {
    expect(parsePageMessage({ t: 'placed', id: 1, wait })).toBeUndefined();
  });
});

describe('the greeting', () => {
  const hello = { peerfold: 'hello', build: 'abc', visit: 'v1', allowed: true, early: false };

  it('is known', () => {
    expect(isBridgeHello(hello)).toBe(true);
    expect(isBridgeCall({ peerfold: 'call', build: 'abc' })).toBe(true);
    expect(isBridgeCall(hello)).toBe(false);
  });

  it('is refused with anything missing or wrong', () => {
    for (const { what, value } of withMissingFields(hello)) expect(isBridgeHello(value), what).toBe(false);
    for (const { what, value } of withWrongFields(hello)) expect(isBridgeHello(value), what).toBe(false);
    for (const value of [null, 'hello', [], { peerfold: 'call' }, { peerfold: 'call', build: '' }]) {
      expect(isBridgeCall(value)).toBe(false);
    }
  });
});
