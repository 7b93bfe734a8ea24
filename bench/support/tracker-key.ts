import { createDecipheriv, createECDH, createHmac } from 'node:crypto';

const ENCAPSULATED_LENGTH = 65;
const TAG_LENGTH = 16;
/** RFC 9180, sections 7.1 and 5.1: DHKEM(P-256, HKDF-SHA256); and with it HKDF-SHA256, AES-128-GCM. */
const KEM = Buffer.from('KEM\x00\x10', 'latin1');
const SUITE = Buffer.from('HPKE\x00\x10\x00\x01\x00\x01', 'latin1');
const NOTHING = Buffer.alloc(0);

/**
 * A visitor's key that opens boxes (HPKE base mode) with Node's own functions: thousands of visitors share
 * one machine with the tracker, and what pages use would take four times the processor time.
 */
export class VisitorKey {
  readonly #pair = createECDH('prime256v1');
  readonly #point = this.#pair.generateKeys();
  /** Raw point in base64url. */
  readonly publicKey = this.#point.toString('base64url');

  /** The plaintext in base64url. Throws when the box is not for this key and `info`. */
  open(info: string, box: string): string {
    const bytes = Buffer.from(box, 'base64url');
    const encapsulated = bytes.subarray(0, ENCAPSULATED_LENGTH);
    const shared = this.#shared(encapsulated);
    const context = Buffer.concat([
      Buffer.of(0),
      extract(SUITE, NOTHING, 'psk_id_hash', NOTHING),
      extract(SUITE, NOTHING, 'info_hash', Buffer.from(info)),
    ]);
    const secret = extract(SUITE, shared, 'secret', NOTHING);
    const key = expand(SUITE, secret, 'key', context, 16);
    const nonce = expand(SUITE, secret, 'base_nonce', context, 12);
    const cipher = createDecipheriv('aes-128-gcm', key, nonce);
    cipher.setAuthTag(bytes.subarray(-TAG_LENGTH));
    const plaintext = cipher.update(bytes.subarray(ENCAPSULATED_LENGTH, -TAG_LENGTH));
    return Buffer.concat([plaintext, cipher.final()]).toString('base64url');
  }

  #shared(encapsulated: Buffer): Buffer {
    const secret = this.#pair.computeSecret(encapsulated);
    const context = Buffer.concat([encapsulated, this.#point]);
    return expand(KEM, extract(KEM, NOTHING, 'eae_prk', secret), 'shared_secret', context, 32);
  }
}

/** `LabeledExtract` of RFC 9180, section 4. */
function extract(suite: Buffer, salt: Buffer, label: string, input: Buffer): Buffer {
  return createHmac('sha256', salt).update('HPKE-v1').update(suite).update(label).update(input).digest();
}

/** `LabeledExpand` of RFC 9180, section 4, for one block at most. */
function expand(suite: Buffer, key: Buffer, label: string, info: Buffer, length: number): Buffer {
  const hmac = createHmac('sha256', key).update(Buffer.of(0, length)).update('HPKE-v1').update(suite);
  return hmac.update(label).update(info).update(Buffer.of(1)).digest().subarray(0, length);
}
