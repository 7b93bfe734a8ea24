import { prefixOf, type CanonicalUrl, type RootPrefix, type Site } from '../../src/core/brands.js';
import { isRevoked } from '../../src/verify/statements.js';
import type { PolicyBody, Statement } from '../signing/statements.js';
import { voucherOf, type Voucher } from './voucher.js';

/** The vouchers of one site: the newest for each URL, found by URL and by root. */
interface SiteRoots {
  readonly urls: Map<CanonicalUrl, Voucher>;
  readonly roots: Map<RootPrefix, readonly Voucher[]>;
}

/**
 * Which roots a current token vouches for. Several URLs may have the same bytes; of each URL only the
 * newest token counts.
 */
export class LiveRoots {
  readonly #sites = new Map<Site, SiteRoots>();
  /** While a round goes on: the vouchers that it has not confirmed. */
  #unconfirmed: Set<Voucher> | undefined;

  /** `trusts` tells whether a key is still good. */
  constructor(private readonly trusts: (kid: string) => boolean) {}

  /** How many roots are known, expired ones included until they are swept. */
  get size(): number {
    return [...this.#sites.values()].reduce((sum, { roots }) => sum + roots.size, 0);
  }

  /** Takes over what a statement says about its URL, unless something newer is known. */
  take(statement: Statement): void {
    const { aud, sub, ver } = statement.claims;
    if (statement.kind === 'digest') this.vouch(voucherOf(statement));
    else if (!this.#isNewer(aud, sub, ver)) this.forget(aud, sub);
  }

  /** Takes over a voucher, unless something newer is known. */
  vouch(voucher: Voucher): void {
    const { aud, sub, ver } = voucher;
    if (this.#isNewer(aud, sub, ver)) return;
    this.forget(aud, sub);
    add(this.#siteOf(aud), voucher);
  }

  /** Until when (seconds since 1970) the root is vouched for; `undefined` when it is not. */
  until(site: Site, root: RootPrefix, policy: PolicyBody, now: number): number | undefined {
    if (!policy.enabled) return undefined;
    const current = (this.#sites.get(site)?.roots.get(root) ?? []).filter(
      (voucher) => voucher.exp > now && this.trusts(voucher.kid) && !isRevoked(policy, voucher),
    );
    return current.length === 0 ? undefined : Math.max(...current.map(({ exp }) => exp));
  }

  /** What vouches for a root on any site, current or not. */
  vouchersOf(root: RootPrefix): readonly Voucher[] {
    return [...this.#sites.values()].flatMap(({ roots }) => roots.get(root) ?? []);
  }

  /** The token about `url` is gone. */
  forget(aud: Site, url: CanonicalUrl): void {
    const site = this.#siteOf(aud);
    const voucher = site.urls.get(url);
    if (!voucher) return;
    remove(site, voucher);
    this.#unconfirmed?.delete(voucher);
  }

  /** From now on vouchers are confirmed, by being taken over once more; see `endRound`. */
  beginRound(): void {
    this.#unconfirmed = new Set([...this.#sites.values()].flatMap(({ urls }) => [...urls.values()]));
  }

  /** Ends the round; after a complete one, what was not confirmed is forgotten: its token is gone. */
  endRound(isComplete: boolean): void {
    const lost = this.#unconfirmed ?? [];
    this.#unconfirmed = undefined;
    if (isComplete) for (const { aud, sub } of lost) this.forget(aud, sub);
  }

  /** Forgets what expired before `now` (seconds). */
  sweep(now: number): void {
    for (const { urls } of this.#sites.values())
      for (const { aud, sub, exp } of urls.values()) if (exp <= now) this.forget(aud, sub);
  }

  #isNewer(aud: Site, sub: CanonicalUrl, ver: number): boolean {
    return (this.#sites.get(aud)?.urls.get(sub)?.ver ?? 0) > ver;
  }

  #siteOf(aud: Site): SiteRoots {
    const known = this.#sites.get(aud);
    if (known) return known;
    const fresh: SiteRoots = { urls: new Map(), roots: new Map() };
    this.#sites.set(aud, fresh);
    return fresh;
  }
}

function add({ urls, roots }: SiteRoots, voucher: Voucher): void {
  const prefix = prefixOf(voucher.root);
  const others = roots.get(prefix);
  urls.set(voucher.sub, voucher);
  roots.set(prefix, others ? [...others, voucher] : [voucher]);
}

function remove({ urls, roots }: SiteRoots, voucher: Voucher): void {
  const prefix = prefixOf(voucher.root);
  const others = (roots.get(prefix) ?? []).filter((other) => other !== voucher);
  urls.delete(voucher.sub);
  if (others.length === 0) roots.delete(prefix);
  else roots.set(prefix, others);
}
