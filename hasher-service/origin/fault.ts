import type { RefusalCode } from '../judging/refusals.js';

/** Why an origin gave no usable answer, in the terms of a refusal; `cause` is for the log. */
export class OriginFault extends Error {
  override readonly name = 'OriginFault';

  constructor(
    readonly code: RefusalCode,
    cause?: unknown,
  ) {
    super(`origin fault: ${code}`, { cause });
  }
}

/** What was thrown, if it is a fault already, or a fault with `code`. */
export function toFault(thrown: unknown, code: RefusalCode): OriginFault {
  return thrown instanceof OriginFault ? thrown : new OriginFault(code, thrown);
}
