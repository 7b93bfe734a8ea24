import { createHash } from 'node:crypto';
import type { Bytes } from '../../src/core/bytes.js';

/** SHA-256 by Node's own crypto: answers at once, so that no test waits for a thread pool. */
export function sha256(data: Bytes): Bytes {
  return Uint8Array.from(createHash('sha256').update(data).digest());
}
