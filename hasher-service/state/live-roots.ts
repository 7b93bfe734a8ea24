import { prefixOf, type RootPrefix, type Site } from '../../src/core/brands.js';
import type { DigestClaims } from '../../src/protocol/hasher.js';
import type { PolicyBody, Statement } from '../signing/statements.js';

type Voucher = Pick<DigestClaims, 'sub' | 'root' | 'exp' | 'epoch'>;

/** Which roots a current token vouches for, by site and prefix. Several URLs may have the same bytes. */
export class LiveRoots {
  readonly #vouchers = new Map<string, Voucher[]>();

  /** How many roots are known, expired ones included until they are swept. */
  get size(): number {
    return this.#vouchers.size;
  }

  /** Replaces what `before` vouched for by what `after` does. */
  replace(before: Statement | undefined, after: Statement): void {
    if (before?.kind === 'digest') this.#remove(before.claims);
    if (after.kind === 'digest') this.#add(after.claims);
  }

  /** Until when (seconds since 1970) the root is vouched for; `undefined` when it is not. */
  until(site: Site, root: RootPrefix, policy: PolicyBody, now: number): number | undefined {
    if (!policy.enabled) return undefined;
    const current = (this.#vouchers.get(keyOf(site, root)) ?? []).filter(
      (voucher) => voucher.exp > now && voucher.epoch >= policy.minEpoch && !isRevoked(policy, voucher),
    );
    return current.length === 0 ? undefined : Math.max(...current.map(({ exp }) => exp));
  }

  /** Forgets what expired before `now` (seconds). */
  sweep(now: number): void {
    for (const [key, vouchers] of this.#vouchers) {
      const current = vouchers.filter(({ exp }) => exp > now);
      this.#put(key, current);
    }
  }

  #add({ aud, sub, root, exp, epoch }: DigestClaims): void {
    const key = keyOf(aud, prefixOf(root));
    const others = (this.#vouchers.get(key) ?? []).filter((voucher) => voucher.sub !== sub);
    this.#put(key, [...others, { sub, root, exp, epoch }]);
  }

  #remove({ aud, sub, root }: DigestClaims): void {
    const key = keyOf(aud, prefixOf(root));
    this.#put(
      key,
      (this.#vouchers.get(key) ?? []).filter((voucher) => voucher.sub !== sub),
    );
  }

  #put(key: string, vouchers: Voucher[]): void {
    if (vouchers.length === 0) this.#vouchers.delete(key);
    else this.#vouchers.set(key, vouchers);
  }
}

function isRevoked(policy: PolicyBody, { sub, root }: Voucher): boolean {
  return policy.revoked.includes(sub) || policy.revoked.includes(root);
}

function keyOf(site: Site, root: RootPrefix): string {
  return `${site} ${root}`;
}
