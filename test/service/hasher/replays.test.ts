import { describe, expect, it } from 'vitest';
import {
  isRevoked,
  verifyAdmission,
  verifyDigest,
  verifyPolicy,
  verifyReceipt,
  verifyRefusal,
  type Verification,
} from '../../../src/verify/statements.js';
import { FakeClock } from '../../support/fake-clock.js';
import { policyOf, purge, signed } from './asks.js';
import { Bench, SITE, asSite } from './harness.js';

const OTHER = asSite('https://other.example');
const TEN_MINUTES = 600_000;

/** A service, and one statement of each kind that it has made. */
async function statements(clock = new FakeClock()) {
  const bench = await Bench.start({ clock, options: { sites: [SITE, OTHER] } });
  const claims = await signed(bench);
  bench.origin.serve('/p.bin', 'private', { 'cache-control': 'private' });
  const { jws: token = '' } = await bench.askOnce('/a.bin');
  await bench.ask('/p.bin');
  const { jws: refusal = '' } = await bench.askOnce('/p.bin');
  const policy = await (await bench.get('/v1/policy')).text();
  return { bench, claims, token, refusal, policy, ...(await bench.admission()) };
}

/** What a visitor whose clock is off by `ms` makes of each kind. */
async function verdicts(made: Awaited<ReturnType<typeof statements>>, using: Verification) {
  return {
    token: (await verifyDigest(made.token, SITE, using)).verdict,
    refusal: (await verifyRefusal(made.refusal, SITE, using)).verdict,
    policy: (await verifyPolicy(made.policy, SITE, using)).verdict,
    admission: (await verifyAdmission(made.admission, made.key, using)).verdict,
    receipt: (await verifyReceipt(made.receipt, SITE, using)).verdict,
  };
}

function clockOffBy(ms: number): FakeClock {
  const clock = new FakeClock();
  clock.jump(ms);
  return clock;
}

describe('a statement', () => {
  it('passes as none of another kind', async () => {
    const made = await statements();
    const using = made.bench.verification;
    const kinds = ['token', 'refusal', 'policy', 'admission', 'receipt'] as const;
    for (const is of kinds) {
      const passed = {
        ...made,
        token: made[is],
        refusal: made[is],
        policy: made[is],
        admission: made[is],
        receipt: made[is],
      };
      const seen = await verdicts(passed, using);
      for (const as of kinds) expect(seen[as], `${is} as ${as}`).toBe(is === as ? 'verified' : 'unsigned');
    }
  });

  it('is for its site only', async () => {
    const { bench, token, refusal, policy, receipt } = await statements();
    const using = bench.verification;
    for (const checked of [
      await verifyDigest(token, OTHER, using),
      await verifyRefusal(refusal, OTHER, using),
      await verifyPolicy(policy, OTHER, using),
      await verifyReceipt(receipt, OTHER, using),
    ])
      expect(checked).toEqual({ verdict: 'unsigned' });
  });

  it('says whose it is: words put into its mouth end its signature', async () => {
    const { bench, token } = await statements();
    const [head = '', body = '', tail = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({ aud: SITE, sub: `${SITE}/a.bin` });
    for (const change of [
      { sub: `${SITE}/b.bin` },
      { aud: OTHER },
      { ver: 2 ** 50 },
      { epoch: 9 },
      { exp: 2 ** 39 },
    ]) {
      const changed = Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url');
      const using = bench.verification;
      for (const site of [SITE, OTHER])
        expect(await verifyDigest(`${head}.${changed}.${tail}`, site, using)).toEqual({
          verdict: 'unsigned',
        });
    }
  });

  it('from before a purge is genuine still, and void', async () => {
    const { bench, claims, token } = await statements();
    await purge(bench, { urls: [claims.sub] });
    const checked = await verifyDigest(token, SITE, bench.verification);
    if (checked.verdict !== 'verified') throw new Error(checked.verdict);
    expect(isRevoked(await policyOf(bench), checked.claims)).toBe(true);
    expect(isRevoked(await policyOf(bench), (await bench.ask('/a.bin')).digest ?? claims)).toBe(false);
  });

  it('of the policy from before a purge is over five minutes after it', async () => {
    const { bench, policy } = await statements();
    await purge(bench, { all: true });
    await bench.clock.advance(299_000);
    expect((await verifyPolicy(policy, SITE, { ...bench.verification, clock: bench.clock })).verdict).toBe(
      'verified',
    );
    await bench.clock.advance(61_000);
    expect(await verifyPolicy(policy, SITE, bench.verification)).toEqual({ verdict: 'expired' });
  });
});

describe('with clocks ten minutes apart', () => {
  it('nobody believes a service that is ahead', async () => {
    const made = await statements(clockOffBy(TEN_MINUTES));
    const { keys } = made.bench.verification;
    const all = {
      token: 'unsigned',
      refusal: 'unsigned',
      policy: 'unsigned',
      admission: 'unsigned',
      receipt: 'unsigned',
    };
    expect(await verdicts(made, { keys, clock: new FakeClock() })).toEqual(all);
  });

  it('what lives shortly is over for a visitor who is ahead, or where the service is behind', async () => {
    const made = await statements();
    const { keys } = made.bench.verification;
    expect(await verdicts(made, { keys, clock: clockOffBy(TEN_MINUTES + 60_000) })).toEqual({
      token: 'verified',
      refusal: 'expired',
      policy: 'expired',
      admission: 'expired',
      receipt: 'expired',
    });
  });

  it('a service that is set back goes on with higher versions, and claims no other time than its own', async () => {
    const { bench, claims } = await statements();
    await purge(bench, { urls: [claims.sub] });
    bench.clock.jump(-TEN_MINUTES);
    const { digest } = await bench.ask('/a.bin');
    expect(digest?.ver).toBeGreaterThan(claims.ver);
    expect(digest?.iat).toBe(Math.floor(bench.clock.now() / 1000));
    expect(digest?.exp).toBeLessThanOrEqual(Math.floor(bench.clock.now() / 1000) + 3600);
    const policy = await policyOf(bench);
    expect(policy.iat).toBe(Math.floor(bench.clock.now() / 1000));
    if (digest) expect(isRevoked(policy, digest)).toBe(false);
  });

  it('a service that was ahead, and made statements of the future, does not give them out', async () => {
    const { bench, claims } = await statements(clockOffBy(TEN_MINUTES));
    bench.clock.jump(-TEN_MINUTES);
    const { digest } = await bench.ask('/a.bin');
    expect(digest?.iat).toBeLessThan(claims.iat);
    expect(digest?.ver).toBeGreaterThan(claims.ver);
  });
});
