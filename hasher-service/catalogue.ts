import type { CanonicalUrl, Site } from '../src/core/brands.js';
import type { Clock } from '../src/core/clock.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import type { Archive } from './state/archive.js';
import { LeastRecentlyUsedMap } from '../src/core/bounded-map.js';
import type { Drafter } from './signing/drafter.js';
import type { Examiner, Finding } from './sources/examine.js';
import type { FetchQueue } from './fetch-queue.js';
import type { LiveRoots } from './state/live-roots.js';
import type { PolicyFile } from './policy/policy-file.js';
import { isKept, isPassing, type RefusalCode } from './judging/refusals.js';
import type { Refusal, Statement, Token } from './signing/statements.js';

/**
 * What is known about every URL, and the one place where it changes.
 *
 *     unknown ──▶ fetching ──▶ signed ──expiry──▶ fetching (conditional)
 *                     └──────▶ refused ──expiry──▶ fetching
 *     signed ──reports──▶ refused (withdrawn)
 *
 * An entry belongs to one site and one URL. Its `work` is the single flight that all concurrent
 * askers share. Statements only ever get a higher `ver`; memory is a cache of the archive, except for
 * short refusals, which are not worth a file. Whatever goes wrong ends in a signed refusal or in
 * "pending": visitors then use HTTP.
 */
interface Entry {
  statement?: Statement;
  /** The last digest, for a conditional request after it expired. */
  digest?: DigestClaims;
  work?: Promise<void>;
  /** Whether the archive was asked. */
  loaded: boolean;
  /** Before this (ms) no renewal is tried. */
  renewAfter: number;
}

export interface CatalogueOptions {
  readonly clock: Clock;
  readonly archive: Archive;
  readonly examiner: Examiner;
  readonly queue: FetchQueue;
  readonly policy: PolicyFile;
  readonly roots: LiveRoots;
  readonly drafter: Drafter;
  readonly observe: CatalogueObserver;
}

/** Told what happens, for logs and metrics. */
export interface CatalogueObserver {
  found(url: CanonicalUrl, finding: Finding): void;
  failed(url: CanonicalUrl, error: unknown): void;
}

/** Entries in memory: about 2 KiB each. */
const MAX_ENTRIES = 20_000;
/** A token is renewed in its last fifth, but no earlier than this before its end (seconds). */
const RENEW_BEFORE = 30;
/** After a renewal that failed for a passing reason (ms). */
const RENEW_PAUSE = 30_000;

export class Catalogue {
  readonly #entries = new LeastRecentlyUsedMap<string, Entry>(MAX_ENTRIES);
  /** Statements under way of being made; they must not outlive `close`. */
  readonly #flights = new Set<Promise<void>>();
  #closed = false;

  constructor(private readonly options: CatalogueOptions) {}

  /** The current statement about `url`, if there is one in memory; never waits. */
  current(site: Site, url: CanonicalUrl): Statement | undefined {
    const statement = this.#entry(site, url).statement;
    return statement && this.#isCurrent(statement) ? statement : undefined;
  }

  /**
   * Sees to it that there will be a statement; resolves when the work that this takes is over, or at
   * once when too many wait. Whether there is one, `current` tells. Concurrent callers share the work.
   */
  async ensure(site: Site, url: CanonicalUrl): Promise<void> {
    const entry = this.#entry(site, url);
    if (this.current(site, url)) {
      if (this.#isDue(entry)) void this.#fly(entry, site, url);
      return;
    }
    await this.#fly(entry, site, url);
  }

  /** The current statement about `url` in memory or archive, without asking the origin. */
  async known(site: Site, url: CanonicalUrl): Promise<Statement | undefined> {
    await this.#load(this.#entry(site, url), site, url);
    return this.current(site, url);
  }

  /** Replaces the token for `url` by a refusal, whatever the origin says. */
  async withdraw(site: Site, url: CanonicalUrl, code: RefusalCode): Promise<void> {
    const entry = this.#entry(site, url);
    await this.#load(entry, site, url);
    await this.#install(entry, await this.#refuse(entry, site, url, code));
  }

  /** Reads one statement of the archive into the index of live roots. */
  index(statement: Statement): void {
    this.options.drafter.remember(statement);
    const { aud, sub } = statement.claims;
    const isKnown = this.#entries.get(keyOf(aud, sub))?.statement !== undefined;
    if (!isKnown) this.options.roots.replace(undefined, statement);
  }

  /** Starts no more work, and takes over no result of what is under way. */
  stop(): void {
    this.#closed = true;
  }

  /** Resolves when no work is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#flights);
  }

  #entry(site: Site, url: CanonicalUrl): Entry {
    const key = keyOf(site, url);
    const known = this.#entries.get(key);
    if (known) return known;
    const entry: Entry = { loaded: false, renewAfter: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #fly(entry: Entry, site: Site, url: CanonicalUrl): Promise<void> {
    if (this.#closed) return Promise.resolve();
    entry.work ??= this.#track(
      this.#work(entry, site, url)
        .catch((error: unknown) => {
          this.options.observe.failed(url, error);
        })
        .finally(() => {
          delete entry.work;
        }),
    );
    return entry.work;
  }

  #track(flight: Promise<void>): Promise<void> {
    this.#flights.add(flight);
    return flight.finally(() => this.#flights.delete(flight));
  }

  async #work(entry: Entry, site: Site, url: CanonicalUrl): Promise<void> {
    const code = this.options.examiner.prejudge(url);
    if (code !== undefined) {
      entry.statement = await this.#refuse(entry, site, url, code);
      return;
    }
    await this.#load(entry, site, url);
    const isSettled = entry.statement && this.#isCurrent(entry.statement) && !this.#isDue(entry);
    if (!isSettled) await this.options.queue.run(() => this.#look(entry, site, url));
  }

  async #load(entry: Entry, site: Site, url: CanonicalUrl): Promise<void> {
    if (entry.loaded) return;
    const kept = await this.options.archive.read(site, url);
    entry.loaded = true;
    if (!kept || entry.statement) return;
    entry.statement = kept;
    if (kept.kind === 'digest') entry.digest = kept.claims;
    this.options.roots.replace(undefined, kept);
  }

  async #look(entry: Entry, site: Site, url: CanonicalUrl): Promise<void> {
    const { drafter, examiner, observe } = this.options;
    const subject = drafter.begin(site, url, entry.statement);
    const finding = await examiner.examine(site, url, entry.digest);
    if (this.#closed) return;
    observe.found(url, finding);
    if (overtaking(entry, subject.ver)) return;
    if (finding.kind === 'refused' && isPassing(finding.code) && this.#keepsToken(entry)) return;
    const draft = await drafter.conclude(subject, finding, entry.digest);
    const statement = draft.kind === 'digest' ? await this.#kept(entry, draft, finding) : draft;
    const withdrawal = overtaking(entry, subject.ver);
    // The token may have been written over the withdrawal's file a moment ago.
    if (withdrawal) await this.#keepRefusal(withdrawal);
    else await this.#install(entry, statement);
  }

  /** An origin that stumbles does not void what it said before; the token lives to its end. */
  #keepsToken(entry: Entry): boolean {
    const { statement } = entry;
    if (statement?.kind !== 'digest' || !this.#isCurrent(statement)) return false;
    entry.renewAfter = this.options.clock.now() + RENEW_PAUSE;
    return true;
  }

  /** A token whose layer or file cannot be written is not given out: it would be lost in a restart. */
  async #kept(entry: Entry, token: Token, finding: Finding): Promise<Statement> {
    const { archive, observe } = this.options;
    try {
      if (finding.kind === 'digest') await archive.writeLayer(finding.hashed.root, finding.hashed.layer);
      await archive.write(token);
      return token;
    } catch (error) {
      const { aud, sub } = token.claims;
      observe.failed(sub, error);
      return this.#refuse(entry, aud, sub, 'store-failed');
    }
  }

  async #install(entry: Entry, statement: Statement): Promise<void> {
    const before = entry.statement;
    entry.statement = statement;
    this.options.roots.replace(before, statement);
    if (statement.kind === 'digest') entry.digest = statement.claims;
    else await this.#keepRefusal(statement);
  }

  async #keepRefusal(refusal: Refusal): Promise<void> {
    if (isKept(refusal.claims.code)) await this.options.archive.write(refusal);
  }

  #refuse(entry: Entry, site: Site, url: CanonicalUrl, code: RefusalCode): Promise<Refusal> {
    const { drafter } = this.options;
    return drafter.refusal(drafter.begin(site, url, entry.statement), code);
  }

  #isCurrent({ claims }: Statement): boolean {
    const { clock, policy } = this.options;
    return claims.exp > clock.now() / 1000 && claims.epoch >= policy.latest.minEpoch;
  }

  #isDue({ statement, renewAfter }: Entry): boolean {
    if (statement?.kind !== 'digest') return false;
    const now = this.options.clock.now();
    const { iat, exp } = statement.claims;
    const lead = Math.min(RENEW_BEFORE, (exp - iat) / 5);
    return now >= renewAfter && now / 1000 >= exp - lead;
  }
}

function keyOf(site: Site, url: CanonicalUrl): string {
  return `${site} ${url}`;
}

/** A refusal that was installed after the look with `ver` began. */
function overtaking({ statement }: Entry, ver: number): Refusal | undefined {
  return statement?.kind === 'refusal' && statement.claims.ver > ver ? statement : undefined;
}
