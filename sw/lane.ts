import { Turn } from './turn.js';

/** How long (ms) the reader waits for a batch of peers before they count as behind: 1 MiB in half a second is 2 MB/s. */
const MOST_PATIENCE = 500;
/** Peers that were behind again and again are waited for less and less, down to this. */
const LEAST_PATIENCE = 30;

/**
 * The origin's part in a large file. It gives the first batch, because it is quickest to start, and from then
 * on one at a time while peers are behind. Peers begin at the front; so the origin takes what was opened last:
 * however fast either is, they meet somewhere in between.
 */
export class Lane {
  readonly #waiting: Turn[] = [];
  #isOpen = false;
  #isBusy = false;
  #patience = MOST_PATIENCE;

  get patience(): number {
    return this.#patience;
  }

  /** `now` for the first. Must be followed by `leave`. */
  enter(now: boolean): Turn {
    const turn = new Turn();
    if (now) this.#grant(turn);
    else this.#waiting.push(turn);
    this.#next();
    return turn;
  }

  /** The batch is complete, or has failed, whoever gave it. */
  leave(turn: Turn): void {
    const at = this.#waiting.indexOf(turn);
    if (at >= 0) this.#waiting.splice(at, 1);
    else this.#isBusy = false;
    this.#next();
  }

  /** What the reader waited for came within `patience`, or did not. */
  judge(inTime: boolean): void {
    const patience = this.#patience * (inTime ? 2 : 0.5);
    this.#patience = Math.min(MOST_PATIENCE, Math.max(LEAST_PATIENCE, patience));
    this.#isOpen = !inTime;
    this.#next();
  }

  #next(): void {
    const next = this.#isOpen && !this.#isBusy ? this.#waiting.pop() : undefined;
    if (next) this.#grant(next);
  }

  #grant(turn: Turn): void {
    this.#isBusy = true;
    turn.grant();
  }
}
