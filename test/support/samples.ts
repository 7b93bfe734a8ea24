import type { ByteLength, CanonicalUrl, Root, Site } from '../../src/core/brands.js';
import { prefixOf } from '../../src/core/brands.js';
import { canonicalUrl } from '../../src/protocol/url.js';

/** Valid values of each kind that messages are made of. */
export const SITE = 'https://www.example.com' as Site;
export const ROOT = '0123456789abcdef'.repeat(4) as Root;
export const PREFIX = prefixOf(ROOT);
export const JWS = 'eyJhIjoxfQ.eyJiIjoyfQ.c2ln';
/** Shaped like a public key; not a point on the curve. */
export const KEY = `B${'A'.repeat(86)}`;
export const PID = 'node1-peer_0001';

export function urlOf(path: string): CanonicalUrl {
  const url = canonicalUrl(path, SITE);
  if (url === undefined) throw new Error(`no canonical form: ${path}`);
  return url;
}

/** Seconds since 1970 that lie around `FAKE_EPOCH`. */
export const ISSUED_AT = Date.UTC(2026, 0, 1) / 1000;

export const DIGEST_CLAIMS = {
  iss: 'https://hash.example.com',
  aud: SITE,
  sub: urlOf('/media/a.jpg'),
  root: ROOT,
  len: 300_000 as ByteLength,
  piece: 65_536 as ByteLength,
  hdr: { 'content-type': 'image/jpeg', etag: '"abc"' },
  iat: ISSUED_AT,
  exp: ISSUED_AT + 3600,
  ver: ISSUED_AT * 1000,
  epoch: 1,
};

export const REFUSAL_CLAIMS = {
  iss: 'https://hash.example.com',
  aud: SITE,
  sub: urlOf('/account.jpg'),
  code: 'set-cookie',
  why: 'The response sets a cookie.',
  iat: ISSUED_AT,
  exp: ISSUED_AT + 600,
  ver: ISSUED_AT * 1000,
  epoch: 1,
};

export const POLICY_CLAIMS = {
  iss: 'https://hash.example.com',
  aud: SITE,
  enabled: true,
  minEpoch: 0,
  rollout: 0.5,
  revoked: [{ of: ROOT as string, before: ISSUED_AT * 1000 }],
  iat: ISSUED_AT,
  exp: ISSUED_AT + 300,
  ver: ISSUED_AT * 1000,
};

export const ADMISSION_CLAIMS = {
  iss: 'https://hash.example.com',
  aud: 'peerfold-tracker',
  site: SITE,
  jkt: 'A'.repeat(43),
  iat: ISSUED_AT,
  exp: ISSUED_AT + 600,
};

export const RECEIPT_CLAIMS = {
  iss: 'https://hash.example.com',
  aud: SITE,
  jkt: 'A'.repeat(43),
  iat: ISSUED_AT,
  exp: ISSUED_AT + 600,
};
