import { PeerfoldError } from '../../src/core/errors.js';

/** What is under way or asked for after `Hashing.close`. */
export function closedError(): PeerfoldError {
  return new PeerfoldError('worker-failed', 'hashing was closed');
}
