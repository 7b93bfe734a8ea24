import type { Clock, Timer } from '../core/clock.js';
import type { Catalogue } from './catalogue.js';
import type { Holdings } from './holdings.js';

/** Statements of one moment change what we are interested in once (ms). */
const COALESCE = 20;

export interface InterestOptions {
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly holdings: Holdings;
  readonly tell: (wanted: ReturnType<Catalogue['wanted']>) => void;
}

/** What the page will probably need and does not wholly have: told anew, soon after any of that changed. */
export class Interest {
  #timer: Timer;

  constructor(private readonly options: InterestOptions) {}

  soon(): void {
    const { clock, catalogue, holdings, tell } = this.options;
    this.#timer ??= clock.setTimeout(() => {
      this.#timer = undefined;
      const wanted = catalogue.wanted((root) => !holdings.isComplete(root));
      if (wanted.length > 0) tell(wanted);
    }, COALESCE);
  }

  close(): void {
    this.options.clock.clearTimeout(this.#timer);
  }
}
