import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { readSecret, writeSecret } from './secrets.js';

const SECRET_BYTES = 32;

/** The bearer token that trackers show at `/v1/roots`: kept in the data directory, made when absent. */
export async function rootsTokenOf(data: string): Promise<string> {
  const path = join(data, 'roots-token');
  const kept = (await readSecret(path))?.trim();
  if (kept) return kept;
  const made = randomBytes(SECRET_BYTES).toString('base64url');
  await writeSecret(path, `${made}\n`);
  return made;
}

/** Compares an Authorization header with `Bearer <token>` in time that tells nothing about the token. */
export function isBearer(header: string | undefined, token: string): boolean {
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
