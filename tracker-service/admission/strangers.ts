import type { Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { PeerfoldError } from '../../src/core/errors.js';

/** How long it is told (ms) that somebody came with such an admission. */
const TOLD_FOR = 600_000;

/**
 * Those who come with an admission that a hash service has not signed. When all do, the tracker has been given another
 * hash service than the site's worker file; but anybody can come with anything, so it is told and no more.
 */
export class Strangers {
  #last: { readonly at: number; readonly site: Site } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly hasher: string,
    private readonly trouble: (error: PeerfoldError) => void,
  ) {}

  came(site: Site): void {
    this.#last = { at: this.clock.ticks(), site };
    this.trouble(new PeerfoldError('bad-token', this.#sentence(site)));
  }

  /** What looks wrong since a while ago. */
  get doubt(): string | undefined {
    const last = this.#last;
    if (!last || this.clock.ticks() - last.at > TOLD_FOR) return undefined;
    return this.#sentence(last.site);
  }

  #sentence(site: Site): string {
    return `a visitor of ${site} came with an admission that ${this.hasher} has not signed: --hasher must be the hash service of its worker file`;
  }
}
