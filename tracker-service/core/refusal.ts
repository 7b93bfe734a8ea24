import type { TrackerErrorCode } from '../../src/protocol/tracker.js';

/** Why a session ends, with the close code its client sees (4000 to 4999 are for applications, RFC 6455). */
export const END_CODES = {
  bye: 1000,
  'going-away': 1001,
  malformed: 4400,
  'not-admitted': 4401,
  'wrong-site': 4403,
  'no-hello': 4408,
  silent: 4409,
  replaced: 4410,
  'slow-reader': 4413,
  rate: 4429,
  'try-later': 4503,
} as const;
export type EndReason = keyof typeof END_CODES;

/** Why a message was not acted on; with `end` the session is over as well. */
export interface Refusal {
  readonly code: TrackerErrorCode;
  /** A sentence for the developer at the other end. */
  readonly message: string;
  /** Milliseconds until it may be tried again. */
  readonly retry?: number;
  readonly end?: EndReason | undefined;
}
