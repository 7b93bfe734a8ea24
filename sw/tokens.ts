import { BoundedMap } from '../src/core/bounded-map.js';
import type { CanonicalUrl, Root } from '../src/core/brands.js';
import type { Clock } from '../src/core/clock.js';
import type { SiteConfig, WorkerMessage } from '../src/protocol/bridge.js';
import { REFUSAL_TYPE, type DigestClaims, type RefusalClaims } from '../src/protocol/hasher.js';
import type { PieceStore } from '../src/store/port.js';
import { claimedKey, claimedType, isRevoked, verifyDigest, verifyRefusal } from '../src/verify/statements.js';
import type { RemoteKeys } from '../src/verify/keys.js';
import { deferred, within, type Deferred } from './timers.js';
import type { Trust } from './trust.js';

/** A statement about one URL whose signature was checked. */
type Statement = { readonly text: string } & (
  | { readonly kind: 'digest'; readonly claims: DigestClaims }
  | { readonly kind: 'refusal'; readonly claims: RefusalClaims }
);

export interface TokensOptions {
  readonly config: SiteConfig;
  readonly clock: Clock;
  readonly keys: Pick<RemoteKeys, 'find' | 'has'>;
  readonly store: PieceStore;
  readonly trust: Trust;
  /** A statement became known, newer than any before it. */
  readonly onLearned: (url: CanonicalUrl) => void;
  /** No token in force names this root any more: it must not be announced. */
  readonly onOrphan: (root: Root) => void;
}

/** Statements kept in memory: several pages' worth of images. */
const MAX_STATEMENTS = 3000;
/** URLs that were found to differ; a visitor with more of them has a site that should not share. */
const MAX_DIFFERING = 200;
const DIFFERING = 'differing';

/**
 * What the hash service has signed about URLs. Tokens come from anyone and are worth what their
 * signature is; the newest `ver` about a URL wins, and policy can void them at any time. The store's
 * tokens are checked like any other.
 */
export class Tokens {
  readonly #statements = new BoundedMap<CanonicalUrl, Statement>(MAX_STATEMENTS);
  /** Which URLs were said to be a root: hints, checked when used. */
  readonly #namers = new BoundedMap<Root, Set<CanonicalUrl>>(MAX_STATEMENTS);
  readonly #awaited = new BoundedMap<CanonicalUrl, Deferred<undefined>>(MAX_STATEMENTS);
  readonly #unsigned = new BoundedMap<CanonicalUrl, true>(MAX_STATEMENTS);
  readonly #differing = new BoundedMap<string, true>(MAX_DIFFERING);

  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.#options = options;
    void options.store.ready.then(() => {
      const remembered = options.store.recall(DIFFERING)?.split('\n') ?? [];
      for (const mark of remembered.slice(-MAX_DIFFERING)) this.#differing.set(mark, true);
    });
  }

  /** The digest in force for `url`, from memory. */
  peek(url: CanonicalUrl): DigestClaims | undefined {
    const statement = this.#current(url);
    return statement?.kind === 'digest' ? statement.claims : undefined;
  }

  refused(url: CanonicalUrl): boolean {
    return this.#current(url)?.kind === 'refusal';
  }

  /** Whether a page found nothing signed about `url`: a statement may come one day, but not in time. */
  isUnsigned(url: CanonicalUrl): boolean {
    return this.#unsigned.has(url);
  }

  /** A page found nothing signed about these. If it lies, the site's pages use HTTP: no harm. */
  expectNone(urls: readonly CanonicalUrl[]): void {
    for (const url of urls) {
      this.#unsigned.set(url, true);
      this.#wake(url);
    }
  }

  /** Whether the store has a statement about `url`, still to be verified. */
  isStored(url: CanonicalUrl): boolean {
    return this.#options.store.tokenFor(url) !== undefined;
  }

  /** The digest in force for `url`, from memory or the store. */
  async find(url: CanonicalUrl): Promise<DigestClaims | undefined> {
    const { store, trust } = this.#options;
    // Without a policy nothing can be believed, nor found to be void.
    const stored = this.#current(url) || !trust.policy ? undefined : store.tokenFor(url);
    if (stored !== undefined && (await this.#take(stored)) === 'void') store.forgetToken(url);
    return this.peek(url);
  }

  /** A digest in force for `root`: the licence to announce, upload and serve it. */
  licence(root: Root): DigestClaims | undefined {
    for (const url of this.#namers.get(root) ?? []) {
      const digest = this.peek(url);
      if (digest?.root === root) return digest;
    }
    return undefined;
  }

  /** The signed text about `url`, to be kept beside the pieces it speaks for. */
  tokenOf(url: CanonicalUrl): string | undefined {
    return this.#statements.get(url)?.text;
  }

  /** Waits up to `ms` for a statement about `url`; then what is known, if anything. */
  async arrival(url: CanonicalUrl, ms: number): Promise<DigestClaims | undefined> {
    const awaited = this.#awaited.get(url) ?? deferred<undefined>();
    this.#awaited.set(url, awaited);
    await within(this.#options.clock, ms, awaited.promise);
    return this.peek(url);
  }

  /** Checks statements that a page sent; returns what to tell it about each genuine one. */
  async learn(tokens: readonly string[]): Promise<WorkerMessage[]> {
    await this.#options.trust.settled();
    const answers = await Promise.all(tokens.map((token) => this.#take(token)));
    return answers.flatMap((answer) => (typeof answer === 'object' ? [tellingOf(answer)] : []));
  }

  /** The origin's bytes differ from what `digest` says: it is not used again in this visit. */
  distrust({ sub, root }: DigestClaims): void {
    this.#differing.set(markOf(sub, root), true);
    this.#options.store.remember(DIFFERING, [...this.#differing.keys()].join('\n'));
    this.#options.store.forgetToken(sub);
    this.#statements.delete(sub);
    this.#checkOrphan(root);
  }

  /** Forgets what the policy now in force voids, and what was signed by a key that was taken back. */
  recheck(): void {
    for (const [url, { kind, claims, text }] of [...this.#statements]) {
      if (!this.#isVoid(claims) && this.#options.keys.has(claimedKey(text))) continue;
      this.#statements.delete(url);
      this.#options.store.forgetToken(url);
      if (kind === 'digest') this.#checkOrphan(claims.root);
    }
  }

  #current(url: CanonicalUrl): Statement | undefined {
    const statement = this.#statements.get(url);
    const inForce = statement && statement.claims.exp * 1000 > this.#options.clock.now();
    return inForce && !this.#isVoid(statement.claims) ? statement : undefined;
  }

  #isVoid(claims: DigestClaims | RefusalClaims): boolean {
    const { policy } = this.#options.trust;
    return !policy || isRevoked(policy, claims);
  }

  /** Verifies and adopts one statement. `unknown`: the keys cannot be had now. */
  async #take(text: string): Promise<Statement | 'void' | 'unknown'> {
    const statement = await this.#verify(text).catch(() => 'unknown' as const);
    if (typeof statement === 'string') return statement;
    if (!this.#mayAdopt(statement)) return 'void';
    const { sub } = statement.claims;
    const before = this.#statements.get(sub);
    this.#statements.set(sub, statement);
    this.#keep(statement);
    if (before?.kind === 'digest') this.#checkOrphan(before.claims.root);
    this.#options.onLearned(sub);
    this.#wake(sub);
    return statement;
  }

  #wake(url: CanonicalUrl): void {
    this.#awaited.get(url)?.resolve(undefined);
    this.#awaited.delete(url);
  }

  #mayAdopt({ kind, claims }: Statement): boolean {
    if (this.#isVoid(claims)) return false;
    if (kind === 'digest' && this.#differing.has(markOf(claims.sub, claims.root))) return false;
    return (this.#statements.get(claims.sub)?.claims.ver ?? 0) <= claims.ver;
  }

  async #verify(text: string): Promise<Statement | 'void'> {
    const { site } = this.#options.config;
    if (claimedType(text) === REFUSAL_TYPE) {
      const refusal = await verifyRefusal(text, site, this.#options);
      return refusal.verdict === 'verified' ? { kind: 'refusal', text, claims: refusal.claims } : 'void';
    }
    const digest = await verifyDigest(text, site, this.#options);
    return digest.verdict === 'verified' ? { kind: 'digest', text, claims: digest.claims } : 'void';
  }

  #keep({ kind, text, claims }: Statement): void {
    const { store } = this.#options;
    if (kind === 'refusal') {
      store.forgetToken(claims.sub);
      return;
    }
    const { root, sub } = claims;
    this.#namers.set(root, (this.#namers.get(root) ?? new Set()).add(sub));
    store.keepToken(root, sub, text);
  }

  #checkOrphan(root: Root): void {
    if (!this.licence(root)) this.#options.onOrphan(root);
  }
}

function markOf(url: CanonicalUrl, root: Root): string {
  return `${root} ${url}`;
}

function tellingOf({ kind, claims }: Statement): WorkerMessage {
  const { sub: url, exp } = claims;
  const until = exp * 1000;
  if (kind === 'refusal') return { t: 'refused', url, code: claims.code, why: claims.why, until };
  return { t: 'known', url, root: claims.root, length: claims.len, piece: claims.piece, until };
}
