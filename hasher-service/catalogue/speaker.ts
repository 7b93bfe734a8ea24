import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { RefusalCode } from '../judging/refusals.js';
import type { Authority } from '../policy/authority.js';
import type { Drafter } from '../signing/drafter.js';
import type { Refusal, Statement } from '../signing/statements.js';
import type { Finding } from '../sources/examine.js';
import type { State } from '../state/port.js';
import type { StatementMemory } from '../state/statement-memory.js';

export interface SpeakerOptions {
  readonly clock: Clock;
  readonly state: State;
  readonly authority: Authority;
  readonly drafter: Drafter;
  readonly memory: StatementMemory;
  readonly observe: { failed(url: CanonicalUrl, error: unknown): void };
  /** Takes over what was said, or what counts instead. */
  readonly learn: (statement: Statement) => void;
}

/** After a renewal that failed for a passing reason (ms). */
const RENEW_PAUSE = 30_000;

/** Says things about URLs: whatever visitors may hear is kept first, as far as it is worth keeping. */
export class Speaker {
  constructor(private readonly options: SpeakerOptions) {}

  /** A token that cannot be kept is not given out: it would be lost in a restart. */
  async say(statement: Statement, finding?: Finding): Promise<void> {
    const { learn, observe, state } = this.options;
    const { aud, sub } = statement.claims;
    try {
      if (statement.kind === 'digest' && finding?.kind === 'digest')
        await state.writeLayer(finding.hashed.root, finding.hashed.layer);
      learn(await state.write(statement));
    } catch (error) {
      observe.failed(sub, error);
      if (statement.kind === 'refusal') learn(statement);
      else if (!this.staysWithToken(aud, sub)) learn(await this.#refusal(aud, sub, 'store-failed'));
    }
  }

  /** Replaces whatever is said about `url` by a refusal. */
  async withdraw(site: Site, url: CanonicalUrl, code: RefusalCode): Promise<void> {
    await this.say(await this.#refusal(site, url, code));
  }

  /** Such refusals follow from the URL alone: they are not worth keeping, only their version is. */
  async refuseUnseen(site: Site, url: CanonicalUrl, code: RefusalCode): Promise<void> {
    const { learn, observe, state } = this.options;
    const refusal = await this.#refusal(site, url, code);
    await state.reserve(refusal.claims.ver).catch((error: unknown) => {
      observe.failed(url, error);
    });
    learn(refusal);
  }

  /** Whether there is a token that is still good: then it lives on, and is renewed later. */
  staysWithToken(site: Site, url: CanonicalUrl): boolean {
    const { authority, clock, memory } = this.options;
    const statement = memory.get(site, url)?.statement;
    if (statement?.kind !== 'digest' || !authority.isCurrent(statement)) return false;
    memory.postpone(site, url, clock.now() + RENEW_PAUSE);
    return true;
  }

  #refusal(site: Site, url: CanonicalUrl, code: RefusalCode): Promise<Refusal> {
    const { drafter, memory } = this.options;
    return drafter.refusal(drafter.begin(site, url, memory.get(site, url)?.statement), code);
  }
}
