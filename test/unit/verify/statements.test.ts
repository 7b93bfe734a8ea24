import { createHmac } from 'node:crypto';
import { exportSPKI, importJWK, type CryptoKey } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLOCK_TOLERANCE, MAX_TOKEN_LENGTH } from '../../../src/core/limits.js';
import {
  ADMISSION_TYPE,
  DIGEST_TYPE,
  POLICY_TYPE,
  RECEIPT_TYPE,
  REFUSAL_TYPE,
  type DigestClaims,
} from '../../../src/protocol/hasher.js';
import { fromBase64Url, toBase64Url } from '../../../src/protocol/base64.js';
import { createIdentity } from '../../../src/protocol/seal.js';
import type { Site } from '../../../src/core/brands.js';
import {
  claimedType,
  isRevoked,
  thumbprint,
  verifyAdmission,
  verifyDigest,
  verifyPolicy,
  verifyReceipt,
  verifyRefusal,
  type Checked,
  type Verification,
} from '../../../src/verify/statements.js';
import { FakeClock } from '../../support/fake-clock.js';
import { createIssuer, keysOf, type Issuer } from '../../support/issuer.js';
import {
  ADMISSION_CLAIMS,
  DIGEST_CLAIMS,
  ISSUED_AT,
  POLICY_CLAIMS,
  RECEIPT_CLAIMS,
  REFUSAL_CLAIMS,
  ROOT,
  SITE,
  urlOf,
} from '../../support/samples.js';

let issuer: Issuer;
let older: Issuer;
let stranger: Issuer;
let clock: FakeClock;
let using: Verification;

beforeAll(async () => {
  [issuer, older, stranger] = await Promise.all([
    createIssuer('key-1'),
    createIssuer('key-2', 'ES256'),
    createIssuer('key-1'),
  ]);
});

beforeEach(async () => {
  clock = new FakeClock();
  using = { keys: await keysOf(issuer, older), clock };
});

const text = (value: object): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

async function digest(change: object = {}, header: object = {}, by = issuer): Promise<Checked<DigestClaims>> {
  return verifyDigest(await by.sign(DIGEST_TYPE, { ...DIGEST_CLAIMS, ...change }, header), SITE, using);
}

describe('a digest token', () => {
  it('is verified and gives its claims', async () => {
    expect(await digest()).toEqual({ verdict: 'verified', claims: DIGEST_CLAIMS });
  });

  it('is verified with each kind of key', async () => {
    expect((await digest({}, {}, older)).verdict).toBe('verified');
  });

  it('is verified under the newer name of its algorithm', async () => {
    expect((await digest({}, { alg: 'Ed25519' })).verdict).toBe('verified');
  });

  it('is refused from another key of the same name', async () => {
    expect(await digest({}, {}, stranger)).toEqual({ verdict: 'unsigned' });
  });

  it('is refused under a key id that is unknown or missing', async () => {
    expect(await digest({}, { kid: 'key-9' })).toEqual({ verdict: 'unsigned' });
    expect(await digest({}, { kid: undefined })).toEqual({ verdict: 'unsigned' });
    expect(await digest({}, { kid: 'key-2' })).toEqual({ verdict: 'unsigned' });
  });

  it('is refused for another site', async () => {
    const token = await issuer.sign(DIGEST_TYPE, DIGEST_CLAIMS);
    expect(await verifyDigest(token, 'https://other.example' as Site, using)).toEqual({
      verdict: 'unsigned',
    });
  });

  it('is refused when made for several sites', async () => {
    expect(await digest({ aud: [SITE, 'https://other.example'] })).toEqual({ verdict: 'unsigned' });
  });

  it.each([REFUSAL_TYPE, POLICY_TYPE, ADMISSION_TYPE, 'JWT', '', undefined])(
    'is refused as type %j',
    async (typ) => {
      expect(await digest({}, { typ })).toEqual({ verdict: 'unsigned' });
    },
  );

  it('is refused with any of its text changed', async () => {
    const token = await issuer.sign(DIGEST_TYPE, DIGEST_CLAIMS);
    for (let at = 0; at < token.length; at += 11) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect((await verifyDigest(changed, SITE, using)).verdict).toBe('unsigned');
    }
  });

  it('is refused when its genuine claims are out of bounds', async () => {
    for (const change of [
      { len: 0 },
      { piece: 1 },
      { root: 'x' },
      { hdr: { 'set-cookie': 'a' } },
      { ver: undefined },
    ]) {
      expect(await digest(change)).toEqual({ verdict: 'unsigned' });
    }
  });

  it('is refused when it needs an extension, or has its payload unencoded', async () => {
    const claims = text(DIGEST_CLAIMS);
    for (const header of [
      { crit: ['x'], x: 1 },
      { b64: false, crit: ['b64'] },
    ]) {
      const head = text({ alg: 'EdDSA', typ: DIGEST_TYPE, kid: 'key-1', ...header });
      const signed = await crypto.subtle.sign(
        'Ed25519',
        issuer.privateKey,
        new TextEncoder().encode(`${head}.${claims}`),
      );
      const token = `${head}.${claims}.${toBase64Url(new Uint8Array(signed))}`;
      expect(await verifyDigest(token, SITE, using)).toEqual({ verdict: 'unsigned' });
    }
  });

  it.each(['', 'a', 'a.b.c', '..', 'x'.repeat(10_000), 'eyJraWQiOiJrZXktMSJ9..', 'é.é.é'])(
    'is not %j',
    async (token) => {
      expect(await verifyDigest(token, SITE, using)).toEqual({ verdict: 'unsigned' });
    },
  );

  it('is not looked at beyond its length', async () => {
    const token = await issuer.sign(DIGEST_TYPE, { ...DIGEST_CLAIMS, extra: 'x'.repeat(MAX_TOKEN_LENGTH) });
    expect(await verifyDigest(token, SITE, using)).toEqual({ verdict: 'unsigned' });
  });

  it('is rejected, not judged, when the keys cannot be had', async () => {
    const keys = { find: () => Promise.reject(new Error('outage')) };
    const token = await issuer.sign(DIGEST_TYPE, DIGEST_CLAIMS);
    await expect(verifyDigest(token, SITE, { keys, clock })).rejects.toThrow('outage');
  });
});

describe('confused algorithms', () => {
  it('a MAC with the public key as its secret is refused', async () => {
    const spki = await exportSPKI((await importJWK(issuer.publicJwk, 'EdDSA')) as CryptoKey);
    const raw = fromBase64Url(issuer.publicJwk.x ?? '') ?? new Uint8Array();
    for (const secret of [spki, raw, JSON.stringify(issuer.publicJwk)]) {
      const signed = `${text({ alg: 'HS256', typ: DIGEST_TYPE, kid: 'key-1' })}.${text(DIGEST_CLAIMS)}`;
      const mac = createHmac('sha256', secret).update(signed).digest('base64url');
      expect(await verifyDigest(`${signed}.${mac}`, SITE, using)).toEqual({ verdict: 'unsigned' });
    }
  });

  it.each(['none', 'None', 'NONE', ''])('alg %j is refused', async (alg) => {
    const signed = `${text({ alg, typ: DIGEST_TYPE, kid: 'key-1' })}.${text(DIGEST_CLAIMS)}`;
    for (const signature of ['', 'AA']) {
      expect(await verifyDigest(`${signed}.${signature}`, SITE, using)).toEqual({ verdict: 'unsigned' });
    }
  });

  it('a key brought along in the header is refused', async () => {
    const token = await stranger.sign(DIGEST_TYPE, DIGEST_CLAIMS, { jwk: stranger.publicJwk });
    expect(await verifyDigest(token, SITE, using)).toEqual({ verdict: 'unsigned' });
  });

  it('the header cannot choose another algorithm for a key', async () => {
    const token = await older.sign(DIGEST_TYPE, DIGEST_CLAIMS, { kid: 'key-1' });
    expect(await verifyDigest(token, SITE, using)).toEqual({ verdict: 'unsigned' });
  });
});

describe('time', () => {
  it('a token holds until its expiry and the tolerance of clocks', async () => {
    const { exp } = DIGEST_CLAIMS;
    await clock.advance((exp - ISSUED_AT + CLOCK_TOLERANCE - 1) * 1000);
    expect((await digest()).verdict).toBe('verified');
    await clock.advance(1000);
    expect(await digest()).toEqual({ verdict: 'expired' });
  });

  it('follows the wall clock when it jumps', async () => {
    clock.jump(2 * 3600 * 1000);
    expect(await digest()).toEqual({ verdict: 'expired' });
  });

  it('a token from the future is refused beyond the tolerance', async () => {
    const at = (iat: number): object => ({ iat, exp: iat + 60 });
    expect((await digest(at(ISSUED_AT + CLOCK_TOLERANCE))).verdict).toBe('verified');
    expect(await digest(at(ISSUED_AT + CLOCK_TOLERANCE + 1))).toEqual({ verdict: 'unsigned' });
  });

  it('a token that is not valid yet is refused', async () => {
    expect(await digest({ nbf: ISSUED_AT + CLOCK_TOLERANCE + 1 })).toEqual({ verdict: 'unsigned' });
  });

  it('a token without expiry, or with a life of more than 31 days, is refused', async () => {
    expect((await digest({ exp: ISSUED_AT + 31 * 86_400 })).verdict).toBe('verified');
    expect(await digest({ exp: ISSUED_AT + 31 * 86_400 + 1 })).toEqual({ verdict: 'unsigned' });
    expect(await digest({ exp: undefined })).toEqual({ verdict: 'unsigned' });
  });

  it('an expired token of another key, type or site is unsigned, not expired', async () => {
    clock.jump(2 * 3600 * 1000);
    expect(await digest({}, {}, stranger)).toEqual({ verdict: 'unsigned' });
    expect(await digest({}, { typ: POLICY_TYPE })).toEqual({ verdict: 'unsigned' });
    expect(await digest({ aud: 'https://other.example' })).toEqual({ verdict: 'unsigned' });
  });
});

describe('refusals', () => {
  it('are signed as well', async () => {
    const token = await issuer.sign(REFUSAL_TYPE, REFUSAL_CLAIMS);
    expect(await verifyRefusal(token, SITE, using)).toEqual({ verdict: 'verified', claims: REFUSAL_CLAIMS });
    expect(await verifyDigest(token, SITE, using)).toEqual({ verdict: 'unsigned' });
    const forged = await stranger.sign(REFUSAL_TYPE, REFUSAL_CLAIMS);
    expect(await verifyRefusal(forged, SITE, using)).toEqual({ verdict: 'unsigned' });
  });
});

describe('policies', () => {
  it('live 31 days at most, as static files do', async () => {
    const policy = async (exp: number): Promise<string> => {
      const token = await issuer.sign(POLICY_TYPE, { ...POLICY_CLAIMS, exp });
      return (await verifyPolicy(token, SITE, using)).verdict;
    };
    expect(await policy(ISSUED_AT + 31 * 86_400)).toBe('verified');
    expect(await policy(ISSUED_AT + 31 * 86_400 + 1)).toBe('unsigned');
  });

  it('hold as many revoked roots as are allowed', async () => {
    const revoked = Array.from({ length: 10_000 }, () => ({ of: ROOT, before: Number.MAX_SAFE_INTEGER }));
    const token = await issuer.sign(POLICY_TYPE, { ...POLICY_CLAIMS, revoked });
    expect((await verifyPolicy(token, SITE, using)).verdict).toBe('verified');
  });

  it.each([
    [false, { of: ROOT }, {}],
    [true, { of: 'f'.repeat(64) }, {}],
    [true, { of: urlOf('/a.jpg') }, {}],
    [false, { of: urlOf('/b.jpg') }, {}],
    [true, { of: '/a.*' }, {}],
    [true, { of: '/a.jpg' }, { sub: urlOf('/a.jpg?x=1') }],
    [true, { of: urlOf('/a.jpg') }, { sub: urlOf('/a.jpg?x=1') }],
    [false, { of: urlOf('/a.jpg?x=1') }, {}],
    [true, { of: `${SITE}/*` }, {}],
    [false, { of: 'https://other.example/*' }, {}],
    [false, { of: '*', before: 10 }, {}],
    [true, { of: '*', before: 11 }, {}],
    [true, { of: '/nothing' }, { epoch: 2 }],
  ])('void (%s) by %j a statement with %j', (expected, revocation, change) => {
    const policy = { minEpoch: 3, revoked: [{ before: Number.MAX_SAFE_INTEGER, ...revocation }] };
    const statement = { epoch: 3, ver: 10, sub: urlOf('/a.jpg'), ...change };
    expect(isRevoked(policy, { ...statement, root: 'f'.repeat(64) })).toBe(expected);
    const isByRoot = revocation.of === 'f'.repeat(64);
    expect(isRevoked(policy, statement)).toBe(expected && !isByRoot);
  });
});

describe('admissions', () => {
  async function admission(change: object = {}): Promise<{ token: string; key: string }> {
    const { publicKey } = await createIdentity();
    const claims = { ...ADMISSION_CLAIMS, jkt: await thumbprint(publicKey), ...change };
    return { token: await issuer.sign(ADMISSION_TYPE, claims), key: publicKey };
  }

  it('hold for the key they were made out to', async () => {
    const { token, key } = await admission();
    expect(await verifyAdmission(token, key, using)).toMatchObject({
      verdict: 'verified',
      claims: { site: SITE },
    });
  });

  it('do not hold for another key', async () => {
    const { token } = await admission();
    const { publicKey } = await createIdentity();
    expect(await verifyAdmission(token, publicKey, using)).toEqual({ verdict: 'mismatch' });
    for (const key of ['', 'AAAA', 'not base64url!']) {
      expect(await verifyAdmission(token, key, using)).toEqual({ verdict: 'mismatch' });
    }
  });

  it('are for trackers, and live ten minutes at most', async () => {
    for (const change of [{ aud: SITE }, { exp: ISSUED_AT + 601 }, { site: undefined }, { jkt: undefined }]) {
      const { token, key } = await admission(change);
      expect(await verifyAdmission(token, key, using)).toEqual({ verdict: 'unsigned' });
    }
  });

  it('expire', async () => {
    const { token, key } = await admission();
    clock.jump((600 + CLOCK_TOLERANCE) * 1000);
    expect(await verifyAdmission(token, key, using)).toEqual({ verdict: 'expired' });
  });
});

describe('receipts', () => {
  it('hold for their site until they end', async () => {
    const token = await issuer.sign(RECEIPT_TYPE, RECEIPT_CLAIMS);
    expect(await verifyReceipt(token, SITE, using)).toEqual({ verdict: 'verified', claims: RECEIPT_CLAIMS });
    expect(await verifyReceipt(token, 'https://other.example' as Site, using)).toEqual({
      verdict: 'unsigned',
    });
    clock.jump((600 + CLOCK_TOLERANCE) * 1000);
    expect(await verifyReceipt(token, SITE, using)).toEqual({ verdict: 'expired' });
  });

  it('are no admissions, and admissions are no receipts', async () => {
    const receipt = await issuer.sign(ADMISSION_TYPE, RECEIPT_CLAIMS);
    const admission = await issuer.sign(RECEIPT_TYPE, ADMISSION_CLAIMS);
    for (const token of [receipt, admission, await issuer.sign(ADMISSION_TYPE, ADMISSION_CLAIMS)])
      expect(await verifyReceipt(token, SITE, using)).toEqual({ verdict: 'unsigned' });
  });

  it('live ten minutes at most', async () => {
    const token = await issuer.sign(RECEIPT_TYPE, { ...RECEIPT_CLAIMS, exp: ISSUED_AT + 601 });
    expect(await verifyReceipt(token, SITE, using)).toEqual({ verdict: 'unsigned' });
  });
});

describe('thumbprints', () => {
  it('are those of RFC 7638 section 3, over the members that an EC key must have', async () => {
    const { publicKey } = await createIdentity();
    const point = Buffer.from(publicKey, 'base64url');
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'));
    const json = new TextEncoder().encode(`{"crv":"P-256","kty":"EC","x":"${x ?? ''}","y":"${y ?? ''}"}`);
    const hash = await crypto.subtle.digest('SHA-256', json);
    expect(await thumbprint(publicKey)).toBe(toBase64Url(new Uint8Array(hash)));
  });

  it.each(['', 'AAAA', toBase64Url(new Uint8Array(65)), toBase64Url(new Uint8Array(33).fill(2)), '!'])(
    '%j has none',
    async (key) => {
      expect(await thumbprint(key)).toBeUndefined();
    },
  );
});

describe('claimedType', () => {
  it('reads the header and nothing else', async () => {
    expect(claimedType(await stranger.sign(POLICY_TYPE, {}))).toBe(POLICY_TYPE);
    for (const token of ['', 'a.b.c', 'x', `${text({})}.x.x`]) expect(claimedType(token)).toBeUndefined();
  });
});
