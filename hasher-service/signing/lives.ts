/** The longest a token of the service lives (s), whatever the origin allows. */
export const TOKEN_LIFE = 24 * 3600;

/**
 * A look at the origin that took longer than this (s) signs nothing: revocations and epochs can then be
 * forgotten at a known time. A file of a terabyte takes this long at 100 Mbit/s.
 */
export const LONGEST_LOOK = 24 * 3600;
