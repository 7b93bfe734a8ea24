import { beforeAll, describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { Drafter } from '../../../hasher-service/signing/drafter.js';
import { readKey, makeKey, type SigningKey } from '../../../hasher-service/signing/key-file.js';
import { Signer } from '../../../hasher-service/signing/statements.js';
import { Versions } from '../../../hasher-service/signing/versions.js';
import type { Finding } from '../../../hasher-service/sources/examine.js';
import { FakeClock } from '../../support/fake-clock.js';
import { DIGEST_CLAIMS, SITE } from '../../support/samples.js';

const DAY = 24 * 3600_000;
let active: SigningKey;

beforeAll(async () => {
  active = await readKey((await makeKey('Ed25519', { created: 0, activeFrom: 0 })).text);
});

function drafting() {
  const clock = new FakeClock();
  const policy = { epoch: 3 };
  const signer = new Signer({ active, find: () => Promise.resolve(undefined) }, 'https://hash.example.com');
  const versions = new Versions(clock);
  const drafter = new Drafter({ clock, policy, signer, versions, isLive: (url) => url.endsWith('.m4s') });
  const unchanged: Finding = { kind: 'unchanged', hdr: {}, freshUntil: clock.now() + 100 * DAY };
  return { clock, policy, drafter, versions, unchanged };
}

describe('a draft', () => {
  it('has the version and the epoch of when its look began', async () => {
    const { clock, policy, drafter, unchanged } = drafting();
    const subject = drafter.begin(SITE, DIGEST_CLAIMS.sub);
    const began = clock.now();
    await clock.advance(5000);
    policy.epoch = 4;
    const { kind, claims } = await drafter.conclude(subject, unchanged, DIGEST_CLAIMS);
    expect([kind, claims.ver, claims.epoch]).toEqual(['digest', began, 3]);
    expect(claims.iat).toBe((began + 5000) / 1000);
    expect(claims.exp - claims.iat).toBe(DAY / 1000);
  });

  it('is none after a look of more than a day: purges are forgotten after that', async () => {
    const { clock, drafter, unchanged } = drafting();
    const subject = drafter.begin(SITE, DIGEST_CLAIMS.sub);
    await clock.advance(DAY);
    expect((await drafter.conclude(subject, unchanged, DIGEST_CLAIMS)).kind).toBe('digest');
    await clock.advance(1);
    const statement = await drafter.conclude(subject, unchanged, DIGEST_CLAIMS);
    expect(statement).toMatchObject({ kind: 'refusal', claims: { code: 'origin-slow' } });
  });
});

describe('a refusal', () => {
  const SEGMENT = 'https://www.example.com/live/7.m4s' as CanonicalUrl;

  it.each([
    ['missing', DIGEST_CLAIMS.sub, 60],
    ['missing', SEGMENT, 2],
    ['origin-slow', SEGMENT, 2],
    ['guarded', SEGMENT, 300],
    ['reported', SEGMENT, 3600],
  ] as const)('for "%s" of %s stands %d s', async (code, url, life) => {
    const { drafter } = drafting();
    const { claims } = await drafter.refusal(drafter.begin(SITE, url), code);
    expect(claims.exp - claims.iat).toBe(life);
  });
});

describe('versions', () => {
  it('rise by the clock, within a millisecond, and while the clock is set back', async () => {
    const { clock, versions } = drafting();
    const start = clock.now();
    expect([versions.next(), versions.next(), versions.latest()]).toEqual([start, start + 1, start + 1]);
    clock.jump(-600_000);
    expect([versions.latest(), versions.next()]).toEqual([start + 1, start + 2]);
    await clock.advance(700_000);
    expect(versions.next()).toBe(start + 100_000);
  });

  it('rise above what was said or used elsewhere', () => {
    const { clock, versions } = drafting();
    expect(versions.next(clock.now() + 50)).toBe(clock.now() + 51);
    versions.remember(clock.now() + 70);
    expect(versions.next()).toBe(clock.now() + 71);
  });
});
