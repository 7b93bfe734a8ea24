import { SignJWT, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import type { Algorithm } from '../../src/verify/jws.js';
import { readKeySet, type KeySource, type VerifyingKey } from '../../src/verify/keys.js';

/** A hash service's signing key, and what it publishes of it. */
export interface Issuer {
  readonly kid: string;
  readonly publicJwk: JWK;
  readonly privateKey: CryptoKey;
  sign(typ: string, claims: object, header?: object): Promise<string>;
}

export async function createIssuer(kid: string, algorithm: Algorithm = 'EdDSA'): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return {
    kid,
    publicJwk,
    privateKey,
    sign: (typ, claims, header = {}) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: algorithm, typ, kid, ...header }).sign(privateKey),
  };
}

/** The keys of these issuers, as verifiers see them. */
export async function keysOf(...issuers: readonly Issuer[]): Promise<KeySource> {
  const keys: Map<string, VerifyingKey> = await readKeySet({
    keys: issuers.map(({ publicJwk }) => publicJwk),
  });
  return { find: (kid) => Promise.resolve(keys.get(kid)) };
}
