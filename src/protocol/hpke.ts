import { concat, type Bytes } from '../core/bytes.js';

/**
 * Hybrid public key encryption (RFC 9180) as far as we need it: one message for each encapsulated key, base and
 * auth mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. Numbers of sections are the RFC's.
 */

/** An uncompressed point of P-256 (bytes). */
export const POINT_LENGTH = 65;
const HASH_LENGTH = 32;
const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const;
const VERSION = ascii('HPKE-v1');
/** Section 4.1: "KEM" and the KEM's number, 0x0010. */
const KEM = concat([ascii('KEM'), number(0x0010)]);
/** Section 5.1: "HPKE" and the numbers of KEM, KDF and AEAD. */
const SUITE = concat([ascii('HPKE'), number(0x0010), number(0x0001), number(0x0001)]);
const NOTHING = new Uint8Array();

/** The mode's number, and what both sides know. */
interface Context {
  readonly isAuth: boolean;
  /** Diffie-Hellman results, one after the other. */
  readonly dh: readonly Bytes[];
  /** Public keys: encapsulated, receiver's, and the sender's in auth mode. */
  readonly points: readonly Bytes[];
  readonly info: Bytes;
}

export async function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(CURVE, false, ['deriveBits']);
}

export async function pointOf(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', key));
}

/** The encapsulated key and the ciphertext (sections 4.1 and 6.1). Throws when `to` is not a point on the curve. */
export async function sealTo(to: Bytes, info: Bytes, plaintext: Bytes, from?: CryptoKeyPair): Promise<Bytes> {
  const ephemeral = await generateKeys();
  const receiver = await keyOf(to);
  const encapsulated = await pointOf(ephemeral.publicKey);
  const senders = from ? [from] : [];
  const { key, nonce } = await schedule({
    isAuth: from !== undefined,
    dh: await Promise.all([ephemeral, ...senders].map(({ privateKey }) => agree(privateKey, receiver))),
    points: [encapsulated, to, ...(await Promise.all(senders.map(({ publicKey }) => pointOf(publicKey))))],
    info,
  });
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, plaintext);
  return concat([encapsulated, new Uint8Array(sealed)]);
}

/** Rejects when `box` is not what `sealTo` made with these arguments. */
export async function openFrom(
  { privateKey, publicKey }: CryptoKeyPair,
  info: Bytes,
  box: Bytes,
  from?: Bytes,
): Promise<Bytes> {
  const encapsulated = box.slice(0, POINT_LENGTH);
  const others = from ? [encapsulated, from] : [encapsulated];
  const { key, nonce } = await schedule({
    isAuth: from !== undefined,
    dh: await Promise.all(others.map(async (point) => agree(privateKey, await keyOf(point)))),
    points: [encapsulated, await pointOf(publicKey), ...(from ? [from] : [])],
    info,
  });
  const ciphertext = box.slice(POINT_LENGTH);
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, ciphertext));
}

/** Refuses what is no uncompressed point on the curve (sections 7.1.1 and 7.1.4). */
async function keyOf(point: Bytes): Promise<CryptoKey> {
  if (point.byteLength !== POINT_LENGTH) throw new RangeError(`a point of ${point.byteLength} bytes`);
  return crypto.subtle.importKey('raw', point, CURVE, true, []);
}

async function agree(privateKey: CryptoKey, publicKey: CryptoKey): Promise<Bytes> {
  const algorithm = { name: 'ECDH', public: publicKey };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, privateKey, 8 * HASH_LENGTH));
}

/** `ExtractAndExpand` (section 4.1) and `KeySchedule` without a pre-shared key (section 5.1). */
async function schedule({ isAuth, dh, points, info }: Context): Promise<{ key: CryptoKey; nonce: Bytes }> {
  const agreed = await extract(KEM, NOTHING, 'eae_prk', concat(dh));
  const shared = await expand(KEM, agreed, 'shared_secret', concat(points), HASH_LENGTH);
  const [pskId, infoHash, secret] = await Promise.all([
    extract(SUITE, NOTHING, 'psk_id_hash', NOTHING),
    extract(SUITE, NOTHING, 'info_hash', info),
    extract(SUITE, shared, 'secret', NOTHING),
  ]);
  const context = concat([new Uint8Array([isAuth ? 2 : 0]), pskId, infoHash]);
  const [key, nonce] = await Promise.all([
    expand(SUITE, secret, 'key', context, 16),
    expand(SUITE, secret, 'base_nonce', context, 12),
  ]);
  return {
    key: await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']),
    nonce,
  };
}

/** `LabeledExtract` (section 4). An empty salt is as long as the hash, all zeros (RFC 5869, section 2.2). */
function extract(suite: Bytes, salt: Bytes, label: string, secret: Bytes): Promise<Bytes> {
  const key = salt.byteLength > 0 ? salt : new Uint8Array(HASH_LENGTH);
  return hmac(key, concat([VERSION, suite, ascii(label), secret]));
}

/** `LabeledExpand` (section 4) to no more than one hash: one round is enough. */
async function expand(suite: Bytes, key: Bytes, label: string, info: Bytes, length: number): Promise<Bytes> {
  const labelled = concat([number(length), VERSION, suite, ascii(label), info, new Uint8Array([1])]);
  return (await hmac(key, labelled)).slice(0, length);
}

async function hmac(key: Bytes, data: Bytes): Promise<Bytes> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data));
}

/** Two bytes, the more significant one first. */
function number(value: number): Bytes {
  return new Uint8Array([value >> 8, value & 0xff]);
}

function ascii(text: string): Bytes {
  return new TextEncoder().encode(text);
}
