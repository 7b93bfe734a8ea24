/** Stable codes: programs switch on these, never on the message. */
export type ErrorCode =
  | 'bad-attribute'
  | 'bad-config'
  | 'bad-message'
  | 'bad-range'
  | 'bad-token'
  | 'hasher-unreachable'
  | 'link-failed'
  | 'not-supported'
  | 'origin-failed'
  | 'store-failed'
  | 'tracker-unreachable'
  | 'worker-failed';

/** The one error class of Peerfold: a stable `code`, a sentence for people, and details for logs. */
export class PeerfoldError extends Error {
  override readonly name = 'PeerfoldError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** What a `catch` clause caught, as one line of text. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
