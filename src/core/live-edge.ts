/**
 * Who of a swarm fetches a new live segment from the origin. Everybody who is linked ranks everybody alike, each
 * segment anew: the first one fetches at once, the others later and later, and not at all if a peer has it by then.
 */

/**
 * How many of `others` come before `self` in the queue for `url`. All are names that the whole swarm knows, such as
 * public keys. A peer that chooses its name so as to come last gains little: it gets what others fetched, as all do.
 */
export function rankAtEdge(url: string, self: string, others: Iterable<string>): number {
  const own = score(url, self);
  let rank = 0;
  for (const other of new Set(others)) {
    const theirs = score(url, other);
    if (other !== self && (theirs < own || (theirs === own && other < self))) rank++;
  }
  return rank;
}

/** FNV-1a (RFC 9923), and MurmurHash3's finalizer, since names that differ little are to be far apart. */
function score(url: string, name: string): number {
  let hash = 0x811c9dc5;
  for (const text of [url, name]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
