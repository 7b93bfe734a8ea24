import type { Bytes } from '../../src/core/bytes.js';
import type { Span } from '../../src/core/pieces.js';
import type { Digested } from '../hashing/port.js';

/**
 * Bytes that may stand for those of the public origin because they are cheaper to read. Nothing is
 * decided by where they come from: the public origin has answered first, and must agree.
 */
export interface Supply {
  readonly length: number;
  /** A strong entity tag, where there is one. */
  readonly etag?: string;
  /** One range; `undefined` when it cannot be had. */
  read(span: Span): Promise<Bytes | undefined>;
  /** Hashes the whole; throws `OriginFault`, also when it changed meanwhile. */
  digest(mediaType: string): Promise<Digested | undefined>;
  /** Must be called when it is not needed any more, read or not. */
  close(): Promise<void>;
}
