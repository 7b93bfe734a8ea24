import type { Clock } from '../src/core/clock.js';
import { MAX_POLICY_LENGTH, POLICY_LIFE } from '../src/core/limits.js';
import type { SiteConfig } from '../src/protocol/bridge.js';
import { isCompactJws } from '../src/protocol/check.js';
import type { PolicyClaims } from '../src/protocol/hasher.js';
import type { PieceStore } from '../src/store/port.js';
import type { RemoteKeys } from '../src/verify/keys.js';
import { verifyPolicy } from '../src/verify/statements.js';
import { burst, deferred, within } from './timers.js';

export type Permission = 'yes' | 'not-allowed' | 'disabled';

export interface TrustOptions {
  readonly config: SiteConfig;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  readonly keys: Pick<RemoteKeys, 'find' | 'read'>;
  readonly store: PieceStore;
  /** The browser objects (Global Privacy Control): whether the visitor knows better, only a page that is there can say. */
  readonly privacyControl: boolean;
  /** The policy in force changed: a new one, or none any more. */
  readonly onPolicy: (policy: PolicyClaims | undefined) => void;
}

/**
 * How long requests wait, counted from the worker's start, for consent and policy to be read: two reads
 * of the disk and a round trip, which a busy machine does not manage in 100 ms. Within what a page's
 * `load` may be delayed by.
 */
export const TRUST_WAIT = 250;
/** A policy is read again this long before it is void (ms), so that a short outage is not noticed. */
const REFRESH_BEFORE = 120_000;
/** Between looks at whether the policy still stands, and between tries to read the next (ms). */
const RETRY = 15_000;
const REQUEST_TIMEOUT = 5_000;
const ALLOWED = 'allowed';
const NEWEST = 'policy-ver';

/**
 * Whether peers and store may be used at all. Two things must hold: the visitor's page has said so
 * (kept for the next visit's first requests, unless the browser objects), and the hash service's signed
 * policy is enabled, current and was read within the last minutes. Until a page has said so nothing is
 * contacted. Every failure means no.
 */
export class Trust {
  #allowed: boolean | undefined;
  #policy: PolicyClaims | undefined;
  /** When the policy is void, by both clocks: one may be set back, and the other rest while the machine sleeps. */
  #until = { now: 0, ticks: 0 };
  #newest = 0;
  #reading: Promise<void> | undefined;
  #triedAt = -Infinity;
  readonly #watch: ReturnType<typeof burst>;
  readonly #settled = deferred<undefined>();
  #isSettled = false;
  readonly #startedAt: number;

  readonly #options: TrustOptions;

  constructor(options: TrustOptions) {
    this.#options = options;
    this.#startedAt = options.clock.ticks();
    this.#watch = burst(options.clock, RETRY, () => {
      this.#lookAgain();
    });
    void options.store.ready.then(() => {
      this.#recall();
    });
  }

  /** The policy in force, if there is one. */
  get policy(): PolicyClaims | undefined {
    return this.#left > 0 ? this.#policy : undefined;
  }

  get permission(): Permission {
    if (this.#allowed !== true) return 'not-allowed';
    return this.policy?.enabled ? 'yes' : 'disabled';
  }

  /** Whether what the page gets now may be shared, as far as is known: not for want of a policy yet. */
  get mayShare(): boolean {
    return this.#allowed === true && this.policy?.enabled !== false;
  }

  /** The permission as requests are to take it; `undefined` while the worker is starting: use `permitted`. */
  get decided(): Permission | undefined {
    this.#keepFresh();
    const isDecided = this.permission === 'yes' || this.#isSettled || this.#patience <= 0;
    return isDecided ? this.permission : undefined;
  }

  /** The permission, waited for only while the worker is starting, and if `isStored` says it is worth it. */
  async permitted(isStored: () => boolean): Promise<Permission> {
    const { clock, store } = this.#options;
    if (this.decided === undefined) {
      const settled = store.ready.then(() => (isStored() ? this.#settled.promise : undefined));
      await within(clock, this.#patience, settled);
    }
    return this.permission;
  }

  /** What the last page to speak said about the visitor's consent. */
  setAllowed(allowed: boolean): void {
    this.#allowed = allowed;
    this.#options.store.remember(ALLOWED, String(allowed));
    if (allowed) this.#keepFresh();
    else this.#settle();
  }

  /** Settles when the policy is in force or cannot be had: for work that no request waits for. */
  async settled(): Promise<void> {
    this.#keepFresh();
    await this.#reading;
  }

  /** How much longer the policy stands (ms). */
  get #left(): number {
    const { clock } = this.#options;
    return Math.min(this.#until.now - clock.now(), this.#until.ticks - clock.ticks());
  }

  /** How much longer requests wait (ms). */
  get #patience(): number {
    return this.#startedAt + TRUST_WAIT - this.#options.clock.ticks();
  }

  #recall(): void {
    const { privacyControl, store } = this.#options;
    this.#newest = Math.max(this.#newest, Number(store.recall(NEWEST)) || 0);
    const recalled = store.recall(ALLOWED) === 'true';
    if (recalled && privacyControl && this.#allowed === undefined) return;
    this.#allowed ??= recalled;
    if (this.#allowed) this.#keepFresh();
    else this.#settle();
  }

  #settle(): void {
    this.#isSettled = true;
    this.#settled.resolve(undefined);
  }

  #keepFresh(): void {
    const { clock } = this.#options;
    if (!this.#allowed || this.#reading || this.#left > REFRESH_BEFORE) return;
    if (clock.ticks() - this.#triedAt < RETRY) return;
    this.#triedAt = clock.ticks();
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
      this.#settle();
    });
  }

  async #read(): Promise<void> {
    const { config, clock, keys } = this.#options;
    // Keys too, so that one that was taken back ends with the policy; at once, for one round trip, not two.
    const reading = keys.read().catch(() => undefined);
    const request = this.#request().then((token) => reading.then(() => token));
    const token = await within(clock, REQUEST_TIMEOUT, request).catch(() => undefined);
    if (token === undefined) return;
    const checked = await verifyPolicy(token, config.site, this.#options).catch(() => undefined);
    if (checked?.verdict === 'verified' && checked.claims.ver >= this.#newest) this.#adopt(checked.claims);
  }

  async #request(): Promise<string | undefined> {
    const { config, fetch } = this.#options;
    // The service says how long its policy may be cached; near the end of ours a cached one is no use.
    const cache = this.#policy ? 'no-cache' : 'default';
    const response = await fetch(`${config.hasher}/v1/policy`, { credentials: 'omit', cache });
    const text = response.ok ? (await response.text()).trim() : undefined;
    return isCompactJws(text, MAX_POLICY_LENGTH) ? text : undefined;
  }

  #adopt(policy: PolicyClaims): void {
    const { clock, store, onPolicy } = this.#options;
    this.#policy = policy;
    // A signed file may say that it lives for weeks: so long nobody would hear that it was replaced.
    const now = clock.now();
    const life = Math.min(policy.exp * 1000 - now, POLICY_LIFE * 1000);
    this.#until = { now: now + life, ticks: clock.ticks() + life };
    this.#newest = policy.ver;
    store.remember(NEWEST, String(policy.ver));
    this.#watch.soon();
    onPolicy(policy);
  }

  /** Gets the next policy near the end of this one, and says so when there is none. */
  #lookAgain(): void {
    this.#keepFresh();
    if (this.policy) {
      this.#watch.soon();
      return;
    }
    this.#policy = undefined;
    this.#options.onPolicy(undefined);
  }
}
