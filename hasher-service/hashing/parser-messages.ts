import type { Bytes } from '../../src/core/bytes.js';

/** To the parser's process: find the duration of a file; what a read was answered with. */
export type ParserRequest =
  | { readonly t: 'parse'; readonly length: number }
  | { readonly t: 'bytes'; readonly id: number; readonly bytes: Bytes | undefined };

/** From it: bytes are needed; the result; nothing was asked for a while. */
export type ParserReply =
  | { readonly t: 'read'; readonly id: number; readonly start: number; readonly end: number }
  | { readonly t: 'parsed'; readonly seconds: number | undefined }
  | { readonly t: 'idle' };
