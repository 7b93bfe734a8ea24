import type { Clock } from '../../src/core/clock.js';
import { keys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { RAISE } from './redis-scripts.js';

/** What is known of versions lives for this long (ms): no visitor holds a statement that is older. */
const LIFE = 7 * 24 * 3600_000;
/** Honest clocks are not ahead of ours by more than this (ms). */
const MOST_AHEAD = 24 * 3600_000;

/** The highest version that any instance has used. */
export class RedisVersions {
  constructor(
    private readonly link: RedisLink,
    private readonly clock: Clock,
  ) {}

  /** Arguments by which scripts judge and keep the highest version. */
  limits(): [mostBelievable: string, life: string] {
    return [String(Math.floor(this.clock.now()) + MOST_AHEAD), String(LIFE)];
  }

  /** What a script found, if an honest clock can have reached it. */
  read(high: string): number | undefined {
    const ver = /^\d{1,16}$/.test(high) ? Number(high) : undefined;
    return ver !== undefined && ver <= this.clock.now() + MOST_AHEAD ? ver : undefined;
  }

  /** Lets everybody know that versions up to `ver` are used; the highest one that is, as far as can be told. */
  async raise(ver: number): Promise<number> {
    const answer = await this.link.run(RAISE, [keys.high], [String(ver), ...this.limits()]);
    return this.read(answer?.[0] ?? '') ?? ver;
  }
}
