/** What is read of one playlist at most. Texts themselves are of 1 MiB at most: the worker passes on no more. */

/** Renditions: five periods of twenty. */
export const MAX_RENDITIONS = 100;

/** Segments of all renditions together: ten of them, of five hours in segments of four seconds. */
export const MAX_SEGMENTS = 50_000;

/**
 * The same while more segments come, since such texts are read every few seconds: the last ten minutes of ten
 * renditions in segments of two seconds. Who watches what lies further back is served, but not ahead.
 */
export const MAX_LIVE_SEGMENTS = 3000;

/** The longest time that anything may take to play (seconds): a year, as channels that never end claim. */
export const MAX_SECONDS = 366 * 24 * 3600;
