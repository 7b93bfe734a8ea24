import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PeerId } from '../../src/core/brands.js';
import { concat, type Bytes } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import { fromBase64Url, toBase64Url } from '../../src/protocol/base64.js';

/** How long an introduction may be acted on (seconds): connection set-up, with a slow phone's patience. */
export const PASS_LIFE = 60;

const EXPIRY_LENGTH = 4;
const MAC_LENGTH = 32;

/**
 * Passes: one peer's right to signal another, as expiry (seconds, 32 bits) and HMAC-SHA256 over both
 * pids and that expiry. Pids hold no `|`, so the text under the HMAC has one reading.
 */
export class Passes {
  constructor(
    private readonly secret: Bytes,
    private readonly clock: Clock,
  ) {}

  issue(from: PeerId, to: PeerId): string {
    const expiry = Math.floor(this.clock.now() / 1000) + PASS_LIFE;
    const head = new Uint8Array(EXPIRY_LENGTH);
    new DataView(head.buffer).setUint32(0, expiry);
    return toBase64Url(concat([head, this.#mac(from, to, expiry)]));
  }

  /** Whether `pass` is ours, unexpired, and made out for exactly this direction of this pair. */
  permits(pass: string, from: PeerId, to: PeerId): boolean {
    const bytes = fromBase64Url(pass);
    if (bytes?.byteLength !== EXPIRY_LENGTH + MAC_LENGTH) return false;
    const expiry = new DataView(bytes.buffer).getUint32(0);
    if (expiry * 1000 <= this.clock.now()) return false;
    return timingSafeEqual(bytes.subarray(EXPIRY_LENGTH), this.#mac(from, to, expiry));
  }

  #mac(from: PeerId, to: PeerId, expiry: number): Uint8Array {
    return createHmac('sha256', this.secret).update(`${from}|${to}|${expiry}`).digest();
  }
}
