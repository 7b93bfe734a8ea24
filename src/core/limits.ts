/**
 * Bounds that more than one part must agree on, each with its reason. A bound that only one part
 * needs lives in that part.
 */

/** Files above this are not shared. */
export const MAX_CONTENT_LENGTH = 2 ** 40;

/** Pieces of one representation: the longest file at 1 MiB a piece is a layer of 32 MiB, the most we hold. */
export const MAX_PIECE_COUNT = 2 ** 20;

/** URLs in one digests request: one gallery page, and 100 URLs of 2 KiB fit the body limit. */
export const MAX_DIGEST_URLS = 100;

/** What players of one page may want ahead at once: five minutes of segments of four seconds, and their sound. */
export const MAX_UPCOMING = 160;

/** Longer playlists are not read on the way: two hours in segments of two seconds, with the longest names, take less. */
export const MAX_PLAYLIST_LENGTH = 2 ** 20;

/** Longer URLs are refused: servers and CDNs cut off at 8 KiB, real media URLs stay far below. */
export const MAX_URL_LENGTH = 4096;
/** Addresses of TURN servers that one visitor is told, and characters of what each is used with. */
export const MAX_RELAYS = 8;
export const MAX_CREDENTIAL = 256;

/** A compact JWS of ours: claims with replayed headers fit in 4 KiB; twice that is generous. */
export const MAX_TOKEN_LENGTH = 8192;

/** A policy with 10,000 revoked roots of 64 digits, JSON punctuation and base64url is 1.4 MB. */
export const MAX_POLICY_LENGTH = 3 * 2 ** 19;

/** Tracker messages: 2,000 prefixes of 32 characters with JSON punctuation are 70 KB at most. */
export const MAX_TRACKER_MESSAGE = 80 * 1024;

/** Roots in one `have`: a visitor with more announces them in several messages. */
export const MAX_HAVE_ROOTS = 2000;

/** Roots in one `want`: what one page can plausibly show. */
export const MAX_WANT_ROOTS = 300;

/** Peers asked for in one `want`; a page keeps at most eight links. */
export const MAX_WANT_PEERS = 12;
/** Signals in one message: an offer to each peer of one answer. */
export const MAX_SIGNALS = 12;

/** A sealed signal: a full SDP with a dozen candidates is 4 KB, base64url and sealing add half. */
export const MAX_SIGNAL_LENGTH = 16 * 1024;

/** Payload of one `data` frame. 64 KiB messages are safe in every browser; header included it stays below. */
export const DATA_PAYLOAD = 32 * 1024;

/** The longest frame a peer may send: a 32 KiB payload or a 60 KiB layer plus header. */
export const MAX_FRAME = 64 * 1024;

/** Roots in one `ask` frame, URLs in one `seek` frame. */
export const MAX_ASK_ROOTS = 256;

/** How long an admission may live (seconds). The tracker refuses longer ones. */
export const MAX_ADMISSION_LIFE = 600;

/**
 * How long statements may live (seconds). Only statically signed files use it up, and choose less: the
 * hash service signs tokens for a day at most, and its policy for five minutes.
 */
export const MAX_STATEMENT_LIFE = 31 * 24 * 3600;

/** How old a policy may get before visitors read the next (seconds): the time within which the kill switch acts. */
export const POLICY_LIFE = 300;

/** Difference between honest clocks that signatures are checked with (seconds). */
export const CLOCK_TOLERANCE = 60;
