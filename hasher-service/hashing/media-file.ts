import type { FileHandle } from 'node:fs/promises';
import type { Bytes } from '../../src/core/bytes.js';
import type { Span } from '../../src/core/pieces.js';
import { isKept, type MediaBytes } from './media-ends.js';
import { SIGNATURE_LENGTH, isTimedMedia } from './timed-media.js';

/** The ends of an open media file, as much as is kept of one that streams by; `undefined` for others. */
export async function mediaFile(
  file: FileHandle,
  length: number,
  mediaType: string,
): Promise<MediaBytes | undefined> {
  const read = async (span: Span): Promise<Bytes | undefined> =>
    isKept(length, span) ? readSpan(file, span) : undefined;
  const start = await read({ start: 0, end: SIGNATURE_LENGTH });
  return start && isTimedMedia(mediaType, start) ? { length, read } : undefined;
}

async function readSpan(file: FileHandle, { start, end }: Span): Promise<Bytes | undefined> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(end - start), 0, end - start, start);
  return bytesRead === end - start ? buffer : undefined;
}
