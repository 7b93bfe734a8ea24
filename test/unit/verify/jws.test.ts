import { beforeAll, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../src/protocol/base64.js';
import {
  claimsOf,
  importPublicKey,
  isSignedBy,
  parseJws,
  type VerifyingKey,
} from '../../../src/verify/jws.js';
import { createIssuer, type Issuer } from '../../support/issuer.js';

const text = (value: unknown): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
const HEADER = { alg: 'EdDSA', kid: 'key-1', typ: 'x+jwt' };

describe('parseJws', () => {
  it('takes a statement apart', () => {
    const token = `${text({ ...HEADER, extra: 1 })}.${text({ a: 1 })}.AAEC`;
    const jws = parseJws(token);
    expect(jws).toMatchObject({ ...HEADER, signature: Uint8Array.of(0, 1, 2) });
    expect(new TextDecoder().decode(jws?.signed)).toBe(token.slice(0, -5));
    expect(jws && claimsOf(jws)).toEqual({ a: 1 });
  });

  it.each([
    ['no header', 'AA'],
    ['a header that is no object', text([])],
    ['no algorithm', text({ ...HEADER, alg: undefined })],
    ['no key id', text({ ...HEADER, kid: undefined })],
    ['a key id that is no text', text({ ...HEADER, kid: 1 })],
    ['a long key id', text({ ...HEADER, kid: 'x'.repeat(129) })],
    ['no type', text({ ...HEADER, typ: undefined })],
    ['critical extensions', text({ ...HEADER, crit: ['b64'], b64: false })],
    ['no critical extensions, but says so', text({ ...HEADER, crit: [] })],
    ['a long header', text({ ...HEADER, x: 'x'.repeat(1024) })],
    [
      'members on the prototype',
      toBase64Url(new TextEncoder().encode(`{"__proto__":${JSON.stringify(HEADER)}}`)),
    ],
  ])('refuses %s', (_what, header) => {
    expect(parseJws(`${header}.${text({})}.AAEC`)).toBeUndefined();
  });

  it('refuses parts that have a second spelling', () => {
    expect(parseJws(`${text(HEADER)}.${text({})}.AB`)).toBeUndefined();
    expect(parseJws(`${text(HEADER)}.AB.AAEC`)).toBeUndefined();
  });
});

describe('claimsOf', () => {
  it.each(['[]', 'null', '1', '"x"', '{', ''])('has none in %j', (payload) => {
    const token = `${text(HEADER)}.${toBase64Url(new TextEncoder().encode(payload)) || 'AA'}.AAEC`;
    const jws = parseJws(token);
    expect(jws && claimsOf(jws)).toBeUndefined();
  });
});

describe.each(['EdDSA', 'ES256'] as const)('a signature by %s', (algorithm) => {
  let issuer: Issuer;
  let key: VerifyingKey;

  beforeAll(async () => {
    issuer = await createIssuer('key-1', algorithm);
    key = await importPublicKey({ ...issuer.publicJwk }, algorithm);
  });

  async function verdict(change: (token: string) => string): Promise<boolean | undefined> {
    const jws = parseJws(change(await issuer.sign('x+jwt', { a: 1 })));
    return jws && isSignedBy(jws, key);
  }

  it('is recognised', async () => {
    expect(await verdict((token) => token)).toBe(true);
  });

  it.each([0, 1, 32, 63, 65, 128])('of %d zero bytes is refused', async (length) => {
    const signature = toBase64Url(new Uint8Array(length));
    expect(await verdict((token) => token.replace(/[^.]+$/, signature))).not.toBe(true);
  });

  it('is refused over another payload or header', async () => {
    expect(await verdict((token) => token.replace(/\.[^.]+\./, `.${text({ a: 2 })}.`))).toBe(false);
    const other = text({ alg: algorithm, typ: 'y+jwt', kid: 'key-1' });
    expect(await verdict((token) => token.replace(/^[^.]+/, other))).toBe(false);
  });

  it('is checked with a key that can do nothing else', () => {
    expect(key.key.type).toBe('public');
    expect(key.key.usages).toEqual(['verify']);
  });
});
