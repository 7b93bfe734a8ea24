import { CLOCK_TOLERANCE } from '../../src/core/limits.js';
import { TOKEN_LIFE } from './lives.js';

export type KeyAlgorithm = 'Ed25519' | 'ES256';

/** What may be told about a key; times in milliseconds since 1970. */
export interface KeyInfo {
  readonly kid: string;
  readonly alg: KeyAlgorithm;
  readonly created: number;
  /** It is published from `created` on, and signs from here on. */
  readonly activeFrom: number;
}

/** Verifiers read at most this many keys of a set. */
export const MAX_KEYS = 16;
/** A new key signs this long (ms) after it was published: verifiers keep key sets for five minutes. */
export const LEAD = 600_000;
/** A key stays published this long (ms) after its successor began to sign: as long as what it signed is good. */
const OVERLAP = (TOKEN_LIFE + CLOCK_TOLERANCE) * 1000;

/** In the order in which they sign; every instance with the same keys finds the same. */
export function inOrder<Key extends KeyInfo>(keys: readonly Key[]): Key[] {
  return [...keys].sort((a, b) => a.activeFrom - b.activeFrom || (a.kid < b.kid ? -1 : 1));
}

/** The key that signs: the last whose time has come. A clock that was set back does not leave us without. */
export function signingKey<Key extends KeyInfo>(keys: readonly Key[], now: number): Key | undefined {
  const ordered = inOrder(keys);
  return ordered.filter(({ activeFrom }) => activeFrom <= now).at(-1) ?? ordered[0];
}

/** Keys that wait for their time. */
export function waitingKeys<Key extends KeyInfo>(keys: readonly Key[], now: number): Key[] {
  const signing = signingKey(keys, now);
  return inOrder(keys).filter((key) => key !== signing && key.activeFrom > now);
}

/** When what a key signed has ended (ms); `undefined` while it signs, or will. */
export function endOf(keys: readonly KeyInfo[], { kid }: KeyInfo): number | undefined {
  const ordered = inOrder(keys);
  const successor = ordered[ordered.findIndex((key) => key.kid === kid) + 1];
  return successor && successor.activeFrom + OVERLAP;
}

/** Those that verifiers still need; the rest may be removed. */
export function neededKeys<Key extends KeyInfo>(keys: readonly Key[], now: number): Key[] {
  return inOrder(keys).filter((key) => (endOf(keys, key) ?? Infinity) > now);
}
