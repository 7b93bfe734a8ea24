import { isRoot } from '../../src/core/brands.js';
import { MAX_POLICY_LENGTH } from '../../src/core/limits.js';
import { MAX_REVOKED, type Revocation } from '../../src/protocol/hasher.js';
import { isUrlPattern } from '../../src/protocol/patterns.js';
import { canonicalUrl } from '../../src/protocol/url.js';

/** `before` of what is revoked for ever. */
export const FOREVER = Number.MAX_SAFE_INTEGER;

/** One half of what a policy may hold is the operator's, the other half the purges'. */
export const MAX_REVOCATIONS = MAX_REVOKED / 2;
/** Characters of a signed policy that are not revocations: header, signature, and claims with two URLs. */
const OVERHEAD = 16 * 1024;
/** Bytes of JSON for one half; base64url makes four characters of three bytes. */
const MAX_BYTES = Math.floor(((MAX_POLICY_LENGTH - OVERHEAD) * 3) / 4 / 2);

/** Whether visitors can read a policy with these and as many others. */
export function fitPolicy(revoked: readonly Revocation[]): boolean {
  return revoked.length <= MAX_REVOCATIONS && Buffer.byteLength(JSON.stringify(revoked)) <= MAX_BYTES;
}

/** What can be revoked, in the spelling of statements: a root, a URL or a URL pattern. */
export function revocable(text: string): string | undefined {
  if (/^https?:/i.test(text)) return canonicalUrl(text);
  return isRoot(text) || isUrlPattern(text) ? text : undefined;
}
