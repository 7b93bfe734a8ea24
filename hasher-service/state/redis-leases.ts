import type { Clock } from '../../src/core/clock.js';
import { channels, keys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { CLAIM, RELEASE, RENEW } from './redis-scripts.js';

export interface LeasesOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  /** Names this instance, among all that ever ran. */
  readonly owner: string;
}

/** What became of an attempt to take a lease. */
export type Claim =
  | { readonly kind: 'ours'; readonly kept: string; readonly high: string }
  /** Somebody else has it. */
  | { readonly kind: 'taken' }
  /** Nobody can say. */
  | { readonly kind: 'away' };

/** How long a dead instance keeps others from its work (ms). */
const LIFE = 10_000;
/** A lease survives two renewals that fail (ms). */
const RENEWAL = 3000;

/** Leases on names: whoever has one works on what the name stands for, and the others wait. */
export class Leases {
  constructor(private readonly options: LeasesOptions) {}

  async claim(name: string): Promise<Claim> {
    const { link, owner } = this.options;
    const answer = await link.run(
      CLAIM,
      [keys.lease(name), keys.statement(name), keys.high],
      [owner, String(LIFE)],
    );
    if (!answer) return { kind: 'away' };
    const [state, kept = '', high = ''] = answer;
    return state === 'ours' ? { kind: 'ours', kept, high } : { kind: 'taken' };
  }

  /** Does `work` under a lease that is ours, and gives the lease back. */
  async hold(name: string, work: () => Promise<void>): Promise<void> {
    const { clock } = this.options;
    let timer: unknown;
    const renew = (): void => {
      timer = clock.setTimeout(() => {
        void this.#renew(name);
        renew();
      }, RENEWAL);
    };
    renew();
    try {
      await work();
    } finally {
      clock.clearTimeout(timer);
      await this.#release(name);
    }
  }

  async #renew(name: string): Promise<void> {
    const { link, owner } = this.options;
    await link.run(RENEW, [keys.lease(name)], [owner, String(LIFE)]);
  }

  async #release(name: string): Promise<void> {
    const { link, owner } = this.options;
    await link.run(RELEASE, [keys.lease(name)], [owner, channels.ended, name]);
  }
}
