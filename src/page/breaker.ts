import { BoundedMap } from '../core/bounded-map.js';
import type { Clock } from '../core/clock.js';
import type { TransferReport } from '../protocol/bridge.js';

/** So many misses in a row, */
const ROW = 4;
/** or so many among the latest outcomes, and peers are given a rest. */
const MISSES = 12;
const OUTCOMES = 20;
/** The first rest (ms); each further one is twice as long, up to the longest. */
const FIRST_REST = 30_000;
const LONGEST_REST = 600_000;
/** The outcome of a trial is known by then (ms): the worker waits for peers 10 s at most. */
const TRIAL_PATIENCE = 20_000;
/** Requests whose outcome is awaited: more than a page has under way. */
const MAX_AWAITED = 500;

/**
 * Spares a visitor whom peers let down: after repeated misses everything comes over HTTP for a while, and
 * then one request tries them again. A miss is a deadline at which less had come from peers than HTTP
 * had to add. That nobody holds a resource is none: it shows early, and costs no image its time.
 */
export class Breaker {
  readonly #awaited = new BoundedMap<string, true>(MAX_AWAITED);
  #outcomes: readonly ('hit' | 'miss')[] = [];
  /** Rests since peers last did well; 0 while they are used as usual. */
  #rests = 0;
  /** End of the rest, or of the patience with the trial after it. */
  #until = 0;
  #trial: string | undefined;

  constructor(private readonly clock: Clock) {}

  /** Whether peers may be asked for `url`. Only what they were asked for counts when it is reported. */
  allows(url: string): boolean {
    if (this.#rests > 0 && url !== this.#trial) {
      const now = this.clock.ticks();
      if (now < this.#until) return false;
      this.#trial = url;
      this.#until = now + TRIAL_PATIENCE;
    }
    this.#awaited.set(url, true);
    return true;
  }

  /** To be told of every transfer. */
  learn({ url, bytes, fallback }: TransferReport): void {
    if (!this.#awaited.delete(url)) return;
    if (fallback === 'deadline' && bytes.peer < bytes.http) this.#missed();
    else if (bytes.peer > 0) this.#succeeded();
    // The trial said nothing about peers: the next request is one.
    else if (url === this.#trial) this.#until = this.clock.ticks();
  }

  #missed(): void {
    this.#note('miss');
    const misses = this.#outcomes.filter((outcome) => outcome === 'miss').length;
    const inARow = this.#outcomes.length - 1 - this.#outcomes.lastIndexOf('hit');
    if (this.#rests > 0 || inARow >= ROW || misses >= MISSES) this.#rest();
  }

  #succeeded(): void {
    this.#note('hit');
    this.#rests = 0;
    this.#trial = undefined;
  }

  #note(outcome: 'hit' | 'miss'): void {
    this.#outcomes = [...this.#outcomes, outcome].slice(-OUTCOMES);
  }

  /** What is under way began before the rest, and says nothing about what comes after it. */
  #rest(): void {
    this.#awaited.clear();
    this.#outcomes = [];
    this.#trial = undefined;
    this.#until = this.clock.ticks() + Math.min(LONGEST_REST, FIRST_REST * 2 ** this.#rests++);
  }
}
