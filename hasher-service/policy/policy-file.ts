import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../src/core/clock.js';
import { MAX_URL_LENGTH } from '../../src/core/limits.js';
import { reasonOf } from '../../src/core/errors.js';
import { MAX_REVOKED } from '../../src/protocol/hasher.js';
import { isMissing, readIfThere } from '../state/files.js';
import type { PolicyBody } from '../signing/statements.js';

/** `policy.json` in the data directory; members left out keep their defaults. */
const policyShape = z.strictObject({
  enabled: z.boolean().default(true),
  minEpoch: z
    .number()
    .int()
    .min(0)
    .max(2 ** 40)
    .default(0),
  rollout: z.number().min(0).max(1).default(1),
  revoked: z.array(z.string().min(1).max(MAX_URL_LENGTH)).max(MAX_REVOKED).default([]),
});

const DEFAULT_POLICY: PolicyBody = { enabled: true, minEpoch: 0, rollout: 1, revoked: [] };
/** The file's date is looked at no more often than this (ms): a change is to be seen soon, requests are many. */
const LOOK_AGAIN = 1000;

interface PolicyLog {
  error(details: object, message: string): void;
  info(details: object, message: string): void;
}

/**
 * The operator's policy. The file is read again when it changes; a file that cannot be used is
 * reported once and the last good policy stays, so that a slip of the pen does not switch a site on or off.
 */
export class PolicyFile {
  #policy = DEFAULT_POLICY;
  #stamp = '';
  #lookedAt = Number.NEGATIVE_INFINITY;
  readonly #path: string;

  constructor(
    data: string,
    private readonly clock: Clock,
    private readonly log: PolicyLog,
  ) {
    this.#path = join(data, 'policy.json');
  }

  /** The policy as last read, for what must not wait. */
  get latest(): PolicyBody {
    return this.#policy;
  }

  async current(): Promise<PolicyBody> {
    if (this.clock.ticks() - this.#lookedAt < LOOK_AGAIN) return this.#policy;
    this.#lookedAt = this.clock.ticks();
    const stamp = await this.#stampNow();
    if (stamp !== this.#stamp) await this.#read(stamp);
    return this.#policy;
  }

  async #read(stamp: string): Promise<void> {
    this.#stamp = stamp;
    try {
      const text = await readIfThere(this.#path);
      const policy = text ? policyShape.parse(JSON.parse(text.toString('utf8'))) : DEFAULT_POLICY;
      if (policy.minEpoch < this.#policy.minEpoch)
        throw new Error(`minEpoch fell below ${this.#policy.minEpoch}, which visitors remember`);
      this.#policy = policy;
      this.log.info({ enabled: policy.enabled, rollout: policy.rollout }, 'policy read');
    } catch (error) {
      const reason = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
      this.log.error({ path: this.#path, reason }, 'policy file cannot be used; the last good policy stays');
    }
  }

  async #stampNow(): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#path);
      return `${mtimeMs} ${size} ${ino}`;
    } catch (error) {
      if (isMissing(error)) return 'missing';
      throw error;
    }
  }
}
