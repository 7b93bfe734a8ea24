import type { Bytes } from '../../src/core/bytes.js';

/** Bytes that `isTimedMedia` looks at. */
export const SIGNATURE_LENGTH = 8;

const EBML = 0x1a45dfa3;
/** "ftyp", the box that every MP4 file begins with (ISO/IEC 14496-12 section 4.3). */
const FTYP = 0x66747970;

const MEDIA_TYPE = /^((video|audio)\/|application\/mp4$)/;

/**
 * Whether a duration is worth looking for: in what is served as a medium (type without parameters) and
 * begins like MP4 or WebM. Segments of streams do not, and there is nothing to find in them.
 */
export function isTimedMedia(mediaType: string, start: Bytes): boolean {
  if (!MEDIA_TYPE.test(mediaType) || start.byteLength < SIGNATURE_LENGTH) return false;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return view.getUint32(0) === EBML || view.getUint32(4) === FTYP;
}

/** Durations from here on are nonsense (seconds). */
const MAX_DURATION = 2 ** 40;

export function isDuration(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && seconds > 0 && seconds < MAX_DURATION;
}
