import { createHash, timingSafeEqual } from 'node:crypto';
import { keptToken } from './secrets.js';

/** The bearer token that trackers show at `/v1/roots`: kept in the data directory, made when absent. */
export function rootsTokenOf(data: string): Promise<string> {
  return keptToken(data, 'roots-token');
}

/** The bearer token that the operator shows at `/v1/purge`. */
export function operatorTokenOf(data: string): Promise<string> {
  return keptToken(data, 'operator-token');
}

/** Compares an Authorization header with `Bearer <token>` in time that tells nothing about the token. */
export function isBearer(header: string | undefined, token: string): boolean {
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
