import { equalBytes } from '../../src/core/bytes.js';
import type { Span } from '../../src/core/pieces.js';
import { strongETag } from '../judging/headers.js';
import type { Representation } from '../origin/representation.js';
import type { Supply } from './supply.js';

/** Bytes compared at each place: one leaf. */
const SAMPLE_LENGTH = 16 * 1024;
/** Places besides the two ends: versions of a media file differ nearly everywhere once they differ. */
const RANDOM_SAMPLES = 8;

/**
 * Whether `supply` holds what the public origin serves: the same length, and the same strong entity tag
 * or the same bytes at both ends and at random places.
 */
export async function agrees(seen: Representation, supply: Supply, random: () => number): Promise<boolean> {
  if (seen.length !== supply.length) return false;
  const tag = strongETag(seen.headers);
  if (tag !== undefined && tag === supply.etag) return true;
  const same = samplesOf(supply.length, random).map(async (span) => {
    const [theirs, ours] = await Promise.all([seen.read(span), supply.read(span)]);
    return theirs !== undefined && ours !== undefined && equalBytes(theirs, ours);
  });
  return (await Promise.all(same)).every(Boolean);
}

/** Where to compare; the ends first, where files of one kind differ most. */
export function samplesOf(length: number, random: () => number): Span[] {
  const last = Math.max(0, length - SAMPLE_LENGTH);
  const starts = [
    0,
    last,
    ...Array.from({ length: RANDOM_SAMPLES }, () => Math.floor(random() * (last + 1))),
  ];
  return [...new Set(starts)].map((start) => ({ start, end: Math.min(length, start + SAMPLE_LENGTH) }));
}
