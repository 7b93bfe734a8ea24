import { hash, timingSafeEqual } from 'node:crypto';
import type { PeerId } from '../../src/core/brands.js';
import type { Bytes } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import { fromBase64Url } from '../../src/protocol/base64.js';

/** How long an introduction may be acted on (seconds): connection set-up, with a slow phone's patience. */
export const PASS_LIFE = 60;

const EXPIRY_LENGTH = 4;
const MAC_LENGTH = 32;
/** SHA-256 takes blocks of so many bytes; the padded key of an HMAC is one. */
const BLOCK = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
/** Two pids of 64 characters, an expiry and what stands between them. */
const LONGEST_TEXT = 160;

/**
 * Passes: one peer's right to signal another, as expiry (seconds, 32 bits) and HMAC-SHA256 over both
 * pids and that expiry. Pids hold no `|`, so the text under the HMAC has one reading.
 */
export class Passes {
  /** The padded key and room for the text; the padded key and the hash of the former (RFC 2104). */
  readonly #inner = Buffer.alloc(BLOCK + LONGEST_TEXT);
  readonly #outer = Buffer.alloc(BLOCK + MAC_LENGTH);
  readonly #pass = Buffer.alloc(EXPIRY_LENGTH + MAC_LENGTH);

  /** The secret is no longer than a block. */
  constructor(
    secret: Bytes,
    private readonly clock: Clock,
  ) {
    for (let i = 0; i < BLOCK; i++) {
      this.#inner[i] = (secret[i] ?? 0) ^ INNER_PAD;
      this.#outer[i] = (secret[i] ?? 0) ^ OUTER_PAD;
    }
  }

  issue(from: PeerId, to: PeerId): string {
    const expiry = Math.floor(this.clock.now() / 1000) + PASS_LIFE;
    this.#pass.writeUInt32BE(expiry);
    this.#pass.write(this.#mac(from, to, expiry), EXPIRY_LENGTH, 'binary');
    return this.#pass.toString('base64url');
  }

  /** Whether `pass` is ours, unexpired, and made out for exactly this direction of this pair. */
  permits(pass: string, from: PeerId, to: PeerId): boolean {
    const bytes = fromBase64Url(pass);
    if (bytes?.byteLength !== EXPIRY_LENGTH + MAC_LENGTH) return false;
    const expiry = new DataView(bytes.buffer).getUint32(0);
    if (expiry * 1000 <= this.clock.now()) return false;
    const mac = Buffer.from(this.#mac(from, to, expiry), 'binary');
    return timingSafeEqual(bytes.subarray(EXPIRY_LENGTH), mac);
  }

  /**
   * One character for each byte. By `hash`, because `createHmac` takes twice as long and leaves objects behind
   * that are dear to collect.
   */
  #mac(from: PeerId, to: PeerId, expiry: number): string {
    const length = this.#inner.write(`${from}|${to}|${expiry}`, BLOCK, 'binary');
    const inner = hash('sha256', this.#inner.subarray(0, BLOCK + length), 'binary');
    this.#outer.write(inner, BLOCK, 'binary');
    return hash('sha256', this.#outer, 'binary');
  }
}
