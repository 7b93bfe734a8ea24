import { Aes128Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { concat, type Bytes } from '../core/bytes.js';
import { fromBase64Url, toBase64Url } from './base64.js';

/**
 * Sealed boxes (HPKE, RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, which every
 * browser with WebRTC has. A box is the encapsulated key (65 bytes) and the ciphertext, in base64url.
 * With `from` the sender is authenticated as well (HPKE auth mode).
 */
const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
});

const ENCAPSULATED_LENGTH = 65;

/** An ephemeral identity; `publicKey` is the raw point in base64url, 87 characters. */
export interface Identity {
  readonly keys: CryptoKeyPair;
  readonly publicKey: string;
}

export async function createIdentity(): Promise<Identity> {
  const keys = await suite.kem.generateKeyPair();
  const raw = await suite.kem.serializePublicKey(keys.publicKey);
  return { keys, publicKey: toBase64Url(new Uint8Array(raw)) };
}

async function publicKeyOf(text: string): Promise<CryptoKey> {
  return suite.kem.deserializePublicKey((fromBase64Url(text) ?? new Uint8Array()).buffer);
}

/** Seals `plaintext` to the public key `to`, bound to `info`. Throws when `to` is not a point on the curve. */
export async function seal(to: string, info: string, plaintext: Bytes, from?: Identity): Promise<string> {
  const sender = await suite.createSenderContext({
    recipientPublicKey: await publicKeyOf(to),
    info: new TextEncoder().encode(info).buffer,
    ...(from ? { senderKey: from.keys } : {}),
  });
  const ciphertext = await sender.seal(plaintext);
  return toBase64Url(concat([new Uint8Array(sender.enc), new Uint8Array(ciphertext)]));
}

/** Opens a box; `undefined` when it is not for us, not bound to `info`, or not from the key `from`. */
export async function open(
  me: Identity,
  info: string,
  box: string,
  from?: string,
): Promise<Bytes | undefined> {
  const bytes = fromBase64Url(box);
  if (!bytes || bytes.byteLength <= ENCAPSULATED_LENGTH) return undefined;
  try {
    const recipient = await suite.createRecipientContext({
      recipientKey: me.keys,
      enc: bytes.slice(0, ENCAPSULATED_LENGTH).buffer,
      info: new TextEncoder().encode(info).buffer,
      ...(from === undefined ? {} : { senderPublicKey: await publicKeyOf(from) }),
    });
    return new Uint8Array(await recipient.open(bytes.slice(ENCAPSULATED_LENGTH)));
  } catch {
    return undefined;
  }
}
