/**
 * Which peer is asked for which piece. A pure function over snapshots; the swarm calls it whenever a
 * link has room.
 */

/** A link that may take requests. */
export interface Supplier {
  /** Bytes it already has to deliver before anything new. */
  readonly queued: number;
  /** Bytes per second. */
  readonly rate: number;
  /** Milliseconds from a request to its first byte. */
  readonly latency: number;
  /** Bytes it may be given now; a piece may exceed what is left, so any room above 0 takes one. */
  readonly room: number;
}

export interface Wish<S extends Supplier> {
  readonly size: number;
  /** When it is needed (ms). */
  readonly deadline: number;
  /** Its place in the order in which it is needed. */
  readonly position: number;
  /** The links that may be asked for it. */
  readonly holders: readonly S[];
}

export interface Choice<W, S> {
  readonly wish: W;
  readonly supplier: S;
}

/** So many pieces in a row are requested together anyway: among them the rarest goes first. */
const EQUALS = 4;
/** Wishes looked at in one go: more than eight links can take, and a bound on the work. */
const MAX_CONSIDERED = 256;

/** Order of wishes: by deadline, then by position in steps of `EQUALS`, then rarest, then by position. */
export function byUrgency<S extends Supplier>(a: Wish<S>, b: Wish<S>): number {
  return (
    a.deadline - b.deadline ||
    Math.floor(a.position / EQUALS) - Math.floor(b.position / EQUALS) ||
    a.holders.length - b.holders.length ||
    a.position - b.position
  );
}

/** Milliseconds until `supplier` would have delivered `size` more bytes behind `ahead` planned ones. */
export function finishTime(supplier: Supplier, size: number, ahead = 0): number {
  return supplier.latency + (1000 * (supplier.queued + ahead + size)) / supplier.rate;
}

/**
 * Gives each wish, most urgent first, to the link expected to finish it first. A link without room
 * still counts: when waiting for it is quicker than asking a slower one now, the wish stays unassigned.
 */
export function assign<S extends Supplier, W extends Wish<S>>(wishes: readonly W[]): Choice<W, S>[] {
  const planned = new Map<S, number>();
  const choices: Choice<W, S>[] = [];
  for (const wish of [...wishes].sort(byUrgency).slice(0, MAX_CONSIDERED)) {
    const supplier = quickest(wish, planned);
    if (!supplier) continue;
    const ahead = planned.get(supplier) ?? 0;
    if (supplier.room > ahead) choices.push({ wish, supplier });
    planned.set(supplier, ahead + wish.size);
  }
  return choices;
}

function quickest<S extends Supplier>(wish: Wish<S>, planned: ReadonlyMap<S, number>): S | undefined {
  let best: S | undefined;
  let bestTime = Number.POSITIVE_INFINITY;
  for (const supplier of wish.holders) {
    const time = finishTime(supplier, wish.size, planned.get(supplier) ?? 0);
    if (time >= bestTime) continue;
    best = supplier;
    bestTime = time;
  }
  return best;
}
