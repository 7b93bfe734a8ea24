import { createHash } from 'node:crypto';

/** The name under which something is filed whose own may be long or hold anything: SHA-256, hexadecimal. */
export function hashedName(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
