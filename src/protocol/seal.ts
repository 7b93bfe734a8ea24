import type { Bytes } from '../core/bytes.js';
import { fromBase64Url, toBase64Url } from './base64.js';
import { generateKeys, openFrom, pointOf, POINT_LENGTH, sealTo } from './hpke.js';

/**
 * Sealed boxes (HPKE, RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, which every
 * browser with WebRTC has. A box is the encapsulated key (65 bytes) and the ciphertext, in base64url.
 * With `from` the sender is authenticated as well (HPKE auth mode).
 */

/** An ephemeral identity; `publicKey` is the raw point in base64url, 87 characters. */
export interface Identity {
  readonly keys: CryptoKeyPair;
  readonly publicKey: string;
}

export async function createIdentity(): Promise<Identity> {
  const keys = await generateKeys();
  return { keys, publicKey: toBase64Url(await pointOf(keys.publicKey)) };
}

/** Seals `plaintext` to the public key `to`, bound to `info`. Throws when `to` is not a point on the curve. */
export async function seal(to: string, info: string, plaintext: Bytes, from?: Identity): Promise<string> {
  const point = fromBase64Url(to) ?? new Uint8Array();
  return toBase64Url(await sealTo(point, new TextEncoder().encode(info), plaintext, from?.keys));
}

/** Opens a box; `undefined` when it is not for us, not bound to `info`, or not from the key `from`. */
export async function open(
  me: Identity,
  info: string,
  box: string,
  from?: string,
): Promise<Bytes | undefined> {
  const bytes = fromBase64Url(box);
  if (!bytes || bytes.byteLength <= POINT_LENGTH) return undefined;
  const sender = from === undefined ? undefined : (fromBase64Url(from) ?? new Uint8Array());
  try {
    return await openFrom(me.keys, new TextEncoder().encode(info), bytes, sender);
  } catch {
    return undefined;
  }
}
