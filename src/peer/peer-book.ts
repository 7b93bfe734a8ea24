import type { PeerId } from '../core/brands.js';
import type { Contact, PeerInfo, PeerReport } from './contract.js';

/** So many strikes, less one for each piece that came after all, and a peer is given a rest. */
const MAX_STRIKES = 3;
/** What goes wrong within this time (ms) has one cause: a hiccup of its line, or a root it has dropped. */
const STRIKE_GAP = 1000;
/** The first rest (ms); each further one is twice as long, up to the longest. */
const FIRST_REST = 10_000;
const LONGEST_REST = 300_000;
/** From this rest on, its place is better given to somebody else. */
const LAST_REST = 3;

/** One peer as this visit knows it, across links. Its key is what it is; the tracker may rename it. */
export class PeerRecord {
  banned = false;
  /** Links made to it. */
  links = 0;
  /** Bytes per second that it delivered over its latest link; 0 while that was not measured. */
  rate = 0;
  #tally = emptyTally();
  #strikes = 0;
  #struckAt = -STRIKE_GAP;
  #rests = 0;
  #restUntil = 0;

  constructor(
    readonly from: number,
    readonly key: string,
    public pid: PeerId,
  ) {}

  get info(): PeerInfo {
    return { pid: this.pid, key: this.key, from: this.from };
  }

  /** Rests it was given so far. */
  get rests(): number {
    return this.#rests;
  }

  /** Nothing new is asked of it for now, and no link made to it. */
  isResting(now: number): boolean {
    return now < this.#restUntil;
  }

  /** Resting, and not for the first time: its link is not worth keeping. */
  isHopeless(now: number): boolean {
    return this.#rests >= LAST_REST && this.isResting(now);
  }

  /** It was slow or late with a piece, or refused one that it had announced. */
  strike(now: number): void {
    this.count({ slow: 1 });
    if (now - this.#struckAt < STRIKE_GAP) return;
    this.#struckAt = now;
    this.#strikes++;
    if (this.#strikes >= MAX_STRIKES) this.rest(now);
  }

  rest(now: number): void {
    this.#strikes = 0;
    this.#restUntil = now + Math.min(LONGEST_REST, FIRST_REST * 2 ** this.#rests);
    this.#rests++;
  }

  /** Adds to what the next report will say. */
  count(what: Partial<Tally>): void {
    this.#strikes = Math.max(0, this.#strikes - (what.ok ?? 0));
    this.#tally.ok += what.ok ?? 0;
    this.#tally.bad += what.bad ?? 0;
    this.#tally.slow += what.slow ?? 0;
    this.#tally.bytes += what.bytes ?? 0;
  }

  /** What happened since the last report, or `undefined` when nothing did. */
  takeReport(): PeerReport | undefined {
    const { ok, bad, slow, bytes } = this.#tally;
    this.#tally = emptyTally();
    return ok + bad + slow === 0 ? undefined : { pid: this.pid, ok, bad, slow, bytes };
  }
}

interface Tally {
  ok: number;
  bad: number;
  slow: number;
  bytes: number;
}

function emptyTally(): Tally {
  return { ok: 0, bad: 0, slow: 0, bytes: 0 };
}

/** Everybody met in this visit; bounded, because only those that a link was made for are written down. */
export class PeerBook {
  readonly #byKey = new Map<string, PeerRecord>();
  readonly #byNumber: PeerRecord[] = [];

  find(key: string): PeerRecord | undefined {
    return this.#byKey.get(key);
  }

  numbered(from: number): PeerRecord | undefined {
    return this.#byNumber[from];
  }

  /** The record of `contact`, made if need be, with its present name. */
  enter({ key, pid }: Contact): PeerRecord {
    const known = this.#byKey.get(key);
    if (known) {
      known.pid = pid;
      return known;
    }
    const record = new PeerRecord(this.#byNumber.length, key, pid);
    this.#byNumber.push(record);
    this.#byKey.set(key, record);
    return record;
  }
}
