import { describe, expect, it } from 'vitest';
import { LiveRoots } from '../../../hasher-service/state/live-roots.js';
import type { Refusal } from '../../../hasher-service/signing/statements.js';
import type { Voucher } from '../../../hasher-service/state/voucher.js';
import { prefixOf, type Root } from '../../../src/core/brands.js';
import { OTHER_SITE, SITE, urlOf } from '../../support/scribe.js';

const POLICY = { enabled: true, minEpoch: 0, rollout: 1, revoked: [] };
const A = 'a'.repeat(64) as Root;
const B = 'b'.repeat(64) as Root;

function voucher(path: string, root: Root, over: Partial<Voucher> = {}): Voucher {
  return { aud: SITE, sub: urlOf(path), root, exp: 100, ver: 1, epoch: 0, kid: 'k', ...over };
}

function refusal(path: string, ver: number): Refusal {
  const claims = {
    iss: '',
    aud: SITE,
    sub: urlOf(path),
    code: 'x',
    why: 'y',
    iat: 0,
    exp: 100,
    ver,
    epoch: 0,
  };
  return { kind: 'refusal', jws: '', kid: 'k', claims };
}

describe('LiveRoots', () => {
  function world(trusts: (kid: string) => boolean = () => true) {
    const roots = new LiveRoots(trusts);
    const until = (root: Root, now = 50, policy: object = {}) =>
      roots.until(SITE, prefixOf(root), { ...POLICY, ...policy }, now);
    return { roots, until };
  }

  it('vouches for a root as long as the last token of any URL lives', () => {
    const { roots, until } = world();
    roots.vouch(voucher('/a', A, { exp: 60 }));
    roots.vouch(voucher('/b', A, { exp: 80 }));
    expect([until(A), until(A, 70), until(A, 80), until(B)]).toEqual([80, 80, undefined, undefined]);
    expect(roots.until(OTHER_SITE, prefixOf(A), POLICY, 50)).toBeUndefined();
  });

  it('goes by the newest token of a URL, in whatever order they are heard of', () => {
    const { roots, until } = world();
    roots.vouch(voucher('/a', A, { ver: 2 }));
    roots.vouch(voucher('/a', B, { ver: 1 }));
    expect([until(A), until(B)]).toEqual([100, undefined]);
    roots.vouch(voucher('/a', B, { ver: 3 }));
    expect([until(A), until(B)]).toEqual([undefined, 100]);
    roots.take(refusal('/a', 2));
    expect(until(B)).toBe(100);
    roots.take(refusal('/a', 4));
    expect([until(B), roots.size]).toEqual([undefined, 0]);
  });

  it('goes by policy and keys', () => {
    const { roots, until } = world((kid) => kid === 'good');
    roots.vouch(voucher('/a', A, { kid: 'good', epoch: 3, ver: 5 }));
    roots.vouch(voucher('/b', B, { kid: 'revoked' }));
    expect([until(A), until(B)]).toEqual([100, undefined]);
    expect(until(A, 50, { enabled: false })).toBeUndefined();
    expect(until(A, 50, { minEpoch: 4 })).toBeUndefined();
    expect(until(A, 50, { revoked: [{ of: urlOf('/a'), before: 6 }] })).toBeUndefined();
    expect(until(A, 50, { revoked: [{ of: A, before: 5 }] })).toBe(100);
  });

  it('forgets what is over, what is lost, and what a complete round did not confirm', () => {
    const { roots, until } = world();
    roots.vouch(voucher('/a', A, { exp: 60 }));
    roots.vouch(voucher('/b', B));
    roots.sweep(60);
    expect([roots.size, until(B)]).toEqual([1, 100]);
    roots.forget(SITE, urlOf('/b'));
    roots.forget(SITE, urlOf('/c'));
    expect(roots.size).toBe(0);
    roots.vouch(voucher('/a', A));
    roots.vouch(voucher('/b', B));
    roots.beginRound();
    roots.vouch(voucher('/b', B));
    roots.vouch(voucher('/c', B));
    roots.endRound(false);
    expect([until(A), until(B)]).toEqual([100, 100]);
    roots.beginRound();
    roots.vouch(voucher('/b', B, { ver: 2 }));
    roots.endRound(true);
    expect([until(A), until(B), roots.vouchersOf(prefixOf(B)).length]).toEqual([undefined, 100, 1]);
  });
});
