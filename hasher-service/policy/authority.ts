import type { Clock } from '../../src/core/clock.js';
import { CLOCK_TOLERANCE } from '../../src/core/limits.js';
import type { Keyring } from '../signing/keys.js';
import type { Statement } from '../signing/statements.js';
import type { EffectivePolicy } from './effective-policy.js';

/** What decides whether a statement of ours is good: its time, its key, and the policy. */
export class Authority {
  constructor(
    private readonly clock: Clock,
    private readonly keyring: Pick<Keyring, 'refresh' | 'trusts' | 'edition'>,
    private readonly policy: Pick<EffectivePolicy, 'refresh' | 'voids' | 'edition'>,
  ) {}

  /** Changes when what was good may be void at once; what else may change, does so with time. */
  get edition(): number {
    return this.policy.edition + this.keyring.edition;
  }

  /** Takes in what operators and other instances have changed. Comes before any answer; nearly always costs nothing. */
  async refresh(): Promise<void> {
    await this.keyring.refresh();
    await this.policy.refresh();
  }

  /**
   * Whether a statement may be given out. One of the future was made by a clock that was wrong; visitors do
   * not believe it either.
   */
  isCurrent(statement: Statement): boolean {
    const { iat, exp } = statement.claims;
    const now = this.clock.now() / 1000;
    return exp > now && iat <= now + CLOCK_TOLERANCE && !this.isVoid(statement);
  }

  /** Whether a statement must not be given out, nor anything be concluded from it. */
  isVoid({ kid, claims }: Statement): boolean {
    return !this.keyring.trusts(kid) || this.policy.voids(claims.aud, claims);
  }
}
