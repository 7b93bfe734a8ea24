import type { CanonicalUrl, Root, Site } from '../../src/core/brands.js';
import { prefixOf } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { Drafter } from '../signing/drafter.js';
import type { Examiner, Finding } from '../sources/examine.js';
import type { Asker, Budget } from './budget.js';
import { Flights } from './flights.js';
import type { Lanes } from './lanes.js';
import type { Look } from '../metrics.js';
import type { LiveRoots } from '../state/live-roots.js';
import type { Authority } from '../policy/authority.js';
import type { State, StateListener } from '../state/port.js';
import { StatementMemory, calm, isCalm, isDue, type Known } from '../state/statement-memory.js';
import type { Voucher } from '../state/voucher.js';
import { isPassing, type RefusalCode } from '../judging/refusals.js';
import { Speaker } from './speaker.js';
import type { Refusal, Statement, Token } from '../signing/statements.js';
import type { Versions } from '../signing/versions.js';

/**
 * What is known about every URL, and the one place where it changes.
 *
 *     unknown ──▶ fetching ──▶ signed ──expiry──▶ fetching (conditional)
 *                     └──────▶ refused ──expiry──▶ fetching
 *     signed ──reports──▶ refused (withdrawn)
 *
 * Memory holds the newest statement about a URL and nothing else: whoever invents URLs beyond the budget
 * leaves no trace. Behind it the state keeps what must outlive us, or what other instances need. All
 * concurrent askers about a URL share one flight, and instances share one look. Whoever learns of two
 * statements takes the one with the higher `ver`, here as in the state; so it matters little in which
 * order a look, a withdrawal and the news from elsewhere end. Whatever goes wrong ends in a signed
 * refusal or in "pending": visitors then use HTTP.
 */
export interface CatalogueOptions {
  readonly clock: Clock;
  readonly state: State;
  readonly examiner: Examiner;
  readonly lanes: Lanes;
  readonly budget: Budget;
  readonly authority: Authority;
  readonly roots: LiveRoots;
  readonly drafter: Drafter;
  readonly versions: Versions;
  readonly observe: CatalogueObserver;
}

/** Told what happens, for logs and metrics. */
export interface CatalogueObserver {
  found(url: CanonicalUrl, finding: Finding, look: Look): void;
  failed(url: CanonicalUrl, error: unknown): void;
}

/** URLs worked on at a time, about 2 KiB each; waiting for the archive is most of what they do. */
const MAX_FLIGHTS = 4000;

export class Catalogue implements StateListener {
  readonly #memory = new StatementMemory();
  /** What is under way, by site and URL: resolves to what `ensure` does. None may outlive `close`. */
  readonly #flights = new Flights<number>();
  readonly #end = new AbortController();
  readonly #speaker: Speaker;

  constructor(private readonly options: CatalogueOptions) {
    this.#speaker = new Speaker({
      ...options,
      memory: this.#memory,
      learn: (statement) => {
        this.learn(statement);
      },
    });
  }

  /**
   * The statement about `url` that memory has and is current `now` (ms); it is renewed when it ends soon.
   */
  current(site: Site, url: string, now = this.options.clock.now()): Statement | undefined {
    const known = this.#memory.get(site, url);
    if (!known) return undefined;
    const { authority } = this.options;
    if (isCalm(known, now, authority.edition)) return known.statement;
    if (!authority.isCurrent(known.statement)) return undefined;
    if (isDue(known, now)) void this.#renew(site, known.statement.claims.sub);
    else calm(known, now, authority.edition);
    return known.statement;
  }

  /** The current statement about `url` in memory. Unlike `current`, it causes nothing. */
  remembered(site: Site, url: CanonicalUrl): Statement | undefined {
    const statement = this.#memory.get(site, url)?.statement;
    return statement && this.options.authority.isCurrent(statement) ? statement : undefined;
  }

  /** What is refused at present, as far as memory goes. */
  refusals(site: Site): Refusal[] {
    const isCurrent = (refusal: Refusal): boolean => this.options.authority.isCurrent(refusal);
    return this.#memory.refusals(site).filter(isCurrent);
  }

  /**
   * Sees to it that there will be a statement; resolves when the work that this takes is over, or at
   * once when it is beyond the budget. Whether there is one, `current` tells. Resolves to 0, or to the
   * milliseconds after which it may be tried again. Concurrent callers share the work.
   */
  ensure(site: Site, url: CanonicalUrl, asker: Asker): Promise<number> {
    const flight = this.#flights.get(keyOf(site, url));
    if (flight) return flight;
    const known = this.#memory.get(site, url);
    if (known && this.options.authority.isCurrent(known.statement)) return Promise.resolve(0);
    if (this.#flights.size >= MAX_FLIGHTS) return Promise.resolve(this.options.budget.crowded());
    if (known?.digest) return this.#renew(site, url);
    const wait = asker.pay();
    return wait > 0 ? Promise.resolve(wait) : this.#fly(site, url, () => this.#work(site, url, asker));
  }

  /** The current statement about `url` in memory or state, without asking the origin. */
  async known(site: Site, url: CanonicalUrl): Promise<Statement | undefined> {
    await this.#load(site, url);
    return this.current(site, url);
  }

  /** Replaces the token for `url` by a refusal, whatever the origin says. */
  async withdraw(site: Site, url: CanonicalUrl, code: RefusalCode): Promise<void> {
    await this.#load(site, url);
    await this.#speaker.withdraw(site, url, code);
  }

  /**
   * Visitors say that `url` is other bytes than `reported`: withdrawn at once, whatever the origin says,
   * and then, where it is other bytes indeed, signed anew. Resolves after the withdrawal.
   */
  async review(site: Site, url: CanonicalUrl, reported: Root): Promise<void> {
    await this.withdraw(site, url, 'reported');
    this.#lookAgain(site, url, reported);
  }

  /** The file behind `url` has changed: if anything is said about it, it is looked at again. */
  async recheck(site: Site, url: CanonicalUrl): Promise<void> {
    if (await this.known(site, url)) this.#lookAgain(site, url);
  }

  learn(statement: Statement): void {
    this.remember(statement.claims.ver);
    if (this.#memory.take(statement)) this.options.roots.take(statement);
  }

  vouch(voucher: Voucher): void {
    const { aud, sub, ver } = voucher;
    this.remember(ver);
    // What is kept may be older than what we know, when we could not write.
    const known = this.#memory.get(aud, sub)?.statement.claims.ver ?? 0;
    if (known <= ver) this.options.roots.vouch(voucher);
  }

  remember(ver: number): void {
    this.options.versions.remember(ver);
  }

  forget(site: Site, url: CanonicalUrl): void {
    this.#memory.forget(site, url);
    this.options.roots.forget(site, url);
  }

  /** The layer of `root` is gone: what vouches for it is of no use, and the origin must be asked again. */
  lacks(root: Root): void {
    for (const { aud, sub } of this.options.roots.vouchersOf(prefixOf(root))) this.forget(aud, sub);
  }

  /** Starts no more work, and takes over no result of what is under way. */
  stop(): void {
    this.#end.abort();
  }

  /** Resolves when no work is under way. */
  async settled(): Promise<void> {
    await this.#flights.settled();
  }

  #fly(site: Site, url: CanonicalUrl, work: () => Promise<number>): Promise<number> {
    return this.#flights.start(keyOf(site, url), () => this.#guarded(url, work));
  }

  /** A look that began before now says nothing about now. */
  #lookAgain(site: Site, url: CanonicalUrl, reported?: Root): void {
    const look = (): Promise<number> => this.#guarded(url, () => this.#lookInTurn(site, url, reported));
    void this.#flights.startAfter(keyOf(site, url), look);
  }

  async #guarded(url: CanonicalUrl, work: () => Promise<number>): Promise<number> {
    try {
      return this.#end.signal.aborted ? 0 : await work();
    } catch (error) {
      this.options.observe.failed(url, error);
      return 0;
    }
  }

  #renew(site: Site, url: CanonicalUrl): Promise<number> {
    return this.#fly(site, url, () => this.#work(site, url));
  }

  /** Resolves to what `ensure` does. `asker` has paid for it. */
  async #work(site: Site, url: CanonicalUrl, asker?: Asker): Promise<number> {
    const code = this.options.examiner.prejudge(url);
    if (code === undefined) await this.#load(site, url);
    const isSettled = this.#isSettled(site, url);
    if (isSettled || this.#wasSigned(site, url)) asker?.refund();
    if (isSettled) return 0;
    if (code !== undefined) return this.#refuseInTurn(site, url, code);
    let wait = 0;
    const look = async (): Promise<void> => {
      // Another instance may have looked since.
      if (!this.#isSettled(site, url)) wait = await this.#lookInTurn(site, url);
    };
    await this.options.state.alone(site, url, look, this.#end.signal);
    return wait;
  }

  /** What is in memory is at least as new as what is kept. */
  async #load(site: Site, url: CanonicalUrl): Promise<void> {
    if (this.#memory.get(site, url)) return;
    const kept = await this.options.state.read(site, url);
    if (kept) this.learn(kept);
  }

  async #lookInTurn(site: Site, url: CanonicalUrl, reported?: Root): Promise<number> {
    const wait = this.#pay(site, url);
    if (wait > 0 || this.#end.signal.aborted) return wait;
    const look = this.options.lanes.laneOf(url).run(() => this.#look(site, url, reported));
    if (!look) return this.options.budget.crowded();
    await look;
    return 0;
  }

  async #refuseInTurn(site: Site, url: CanonicalUrl, code: RefusalCode): Promise<number> {
    const wait = this.#pay(site, url);
    if (wait === 0) await this.#speaker.refuseUnseen(site, url, code);
    return wait;
  }

  #pay(site: Site, url: CanonicalUrl): number {
    const wait = this.options.budget.payLook(this.#wasSigned(site, url));
    if (wait > 0) this.#memory.postpone(site, url, this.options.clock.now() + wait);
    return wait;
  }

  /** With `reported`, only other bytes than those are an answer. */
  async #look(site: Site, url: CanonicalUrl, reported?: Root): Promise<void> {
    const { authority, budget, clock, drafter, examiner, observe } = this.options;
    const begun = clock.ticks();
    const subject = drafter.begin(site, url, this.#memory.get(site, url)?.statement);
    const known = reported === undefined ? this.#lastDigest(site, url) : undefined;
    let read = 0;
    const onRead = (length: number): void => {
      read += length;
      budget.payBytes(length);
    };
    const finding = await examiner.examine(site, url, { known: known?.claims, onRead });
    if (this.#end.signal.aborted) return;
    observe.found(url, finding, { duration: clock.ticks() - begun, read });
    if (reported !== undefined && !isOther(finding, reported)) return;
    // An origin that stumbles does not void what it said before; the token lives to its end.
    if (finding.kind === 'refused' && isPassing(finding.code) && this.#speaker.staysWithToken(site, url))
      return;
    const statement = await drafter.conclude(subject, finding, known?.claims);
    // A purge or a revocation came while we looked: the next question looks anew.
    const isVoid = authority.isVoid(statement) || (known !== undefined && authority.isVoid(known));
    if (!isVoid) await this.#speaker.say(statement, finding);
  }

  /**
   * What a conditional request may compare with. Not with what was purged, or signed by a revoked key: an
   * origin whose validators lie would only confirm it.
   */
  #lastDigest(site: Site, url: CanonicalUrl): Token | undefined {
    const digest = this.#memory.get(site, url)?.digest;
    return digest && !this.options.authority.isVoid(digest) ? digest : undefined;
  }

  #wasSigned(site: Site, url: CanonicalUrl): boolean {
    return this.#memory.get(site, url)?.digest !== undefined;
  }

  #isSettled(site: Site, url: CanonicalUrl): boolean {
    const known = this.#memory.get(site, url);
    return known !== undefined && this.options.authority.isCurrent(known.statement) && !this.#isDue(known);
  }

  #isDue(known: Known): boolean {
    return isDue(known, this.options.clock.now());
  }
}

function isOther(finding: Finding, root: Root): boolean {
  return finding.kind === 'digest' && finding.hashed.root !== root;
}

function keyOf(site: Site, url: string): string {
  return `${site} ${url}`;
}
