import type { PeerId } from '../core/brands.js';
import type { Contact, PeerInfo, PeerReport } from './contract.js';

/** One peer as this visit knows it, across links. Its key is what it is; the tracker may rename it. */
export class PeerRecord {
  banned = false;
  /** Links made to it. */
  links = 0;
  #tally = emptyTally();

  constructor(
    readonly from: number,
    readonly key: string,
    public pid: PeerId,
  ) {}

  get info(): PeerInfo {
    return { pid: this.pid, key: this.key, from: this.from };
  }

  /** Adds to what the next report will say. */
  count(what: Partial<Tally>): void {
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
