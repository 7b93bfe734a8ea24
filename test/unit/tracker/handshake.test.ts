import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../src/protocol/base64.js';
import { createIdentity } from '../../../src/protocol/seal.js';
import {
  FakeConnection,
  OTHER_SITE,
  SITE,
  Signer,
  TrackerWorld,
  prefix,
  type Client,
} from '../../support/tracker-world.js';

let signer: Signer;
let world: TrackerWorld;

beforeAll(async () => {
  signer = await Signer.create();
});
beforeEach(() => {
  world = new TrackerWorld(signer);
});

describe('a visitor with an admission of its own', () => {
  it('is challenged, proves its key and is welcomed', async () => {
    const client = await world.joined();
    expect(client.connection.sent.map(({ t }) => t)).toEqual(['challenge', 'welcome']);
    expect(client.welcome).toMatchObject({ lease: 90 });
    expect(client.pid).toMatch(/^[A-Za-z0-9_-]{20}$/);
    expect(world.core.census()).toMatchObject({ sessions: 1, visitors: 1, sites: 1 });
  });

  it('may come without an Origin header, as programs do', async () => {
    const client = await world.joined(new FakeConnection({ origin: null }));
    expect(client.welcome).toBeDefined();
  });

  it('gets a pid that nobody else has', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => world.joined()));
    expect(new Set(clients.map(({ pid }) => pid)).size).toBe(20);
  });
});

describe('an admission that is not good', () => {
  const now = () => Math.floor(world.clock.now() / 1000);
  const cases: [string, () => Promise<Record<string, unknown> | undefined>, string][] = [
    ['absent', () => Promise.resolve({ admission: undefined }), 'bad-admission'],
    ['not a JWS of ours', () => Promise.resolve({ admission: 'a.b.c' }), 'bad-admission'],
    [
      'expired',
      async () => ({ admission: await sign({ iat: now() - 900, exp: now() - 300 }) }),
      'bad-admission',
    ],
    [
      'of the future',
      async () => ({ admission: await sign({ iat: now() + 300, exp: now() + 900 }) }),
      'bad-admission',
    ],
    ['too long-lived', async () => ({ admission: await sign({ exp: now() + 601 }) }), 'bad-admission'],
    ['for another audience', async () => ({ admission: await sign({ aud: SITE }) }), 'bad-admission'],
    ['without thumbprint', async () => ({ admission: await sign({ jkt: undefined }) }), 'bad-admission'],
    ['for another site', async () => ({ admission: await sign({ site: OTHER_SITE }) }), 'wrong-site'],
    [
      'of another type',
      async () => ({ admission: await sign({}, { typ: 'peerfold-digest+jwt' }) }),
      'bad-admission',
    ],
    ['of an unknown key id', async () => ({ admission: await sign({}, { kid: 'k2' }) }), 'bad-admission'],
  ];
  let identityKey = '';
  const sign = (claims: Record<string, unknown>, header?: Record<string, unknown>) =>
    signer.admission(world.clock.now(), identityKey, claims, header);

  it.each(cases)('%s: refused and closed', async (_name, changes, code) => {
    const client = await world.client();
    identityKey = client.identity.publicKey;
    const made = await changes();
    const admission = await signer.admission(world.clock.now(), identityKey);
    const hello = { t: 'hello', v: 1, site: SITE, key: identityKey, admission, ...made };
    await client.session.receive(JSON.stringify(hello));
    expect(client.last('error')).toMatchObject({ re: 'hello', code });
    expect(client.connection.closedWith).toBeDefined();
    expect(client.last('challenge')).toBeUndefined();
  });

  it('forged with a key of the same id: refused', async () => {
    const forger = await Signer.create('k1');
    const client = await world.client();
    const admission = await forger.admission(world.clock.now(), client.identity.publicKey);
    await client.hello({ admission });
    expect(client.last('error')).toMatchObject({ code: 'bad-admission' });
  });

  it('borrowed from another visitor: refused for another key, useless with the same one', async () => {
    const owner = await world.client();
    const thief = await world.client();
    const admission = await signer.admission(world.clock.now(), owner.identity.publicKey);
    await thief.hello({ admission });
    expect(thief.last('error')).toMatchObject({ code: 'bad-admission' });

    const second = await world.client();
    await second.hello({ admission, key: owner.identity.publicKey });
    await expect(second.prove()).rejects.toThrow('cannot open');
    await second.say({ t: 'proof', nonce: toBase64Url(new Uint8Array(32)) });
    expect(second.last('error')).toMatchObject({ re: 'proof', code: 'bad-proof' });
    expect(second.connection.closedWith).toMatchObject({ code: 4401 });
  });

  it('on a page of another origin: wrong site, whatever the admission says', async () => {
    for (const origin of [OTHER_SITE, 'null', `${SITE}/`]) {
      const client = await world.client(new FakeConnection({ origin }));
      await client.hello();
      expect(client.last('error')).toMatchObject({ code: 'wrong-site' });
      expect(client.connection.closedWith).toMatchObject({ code: 4403 });
    }
  });

  it('for a key that is no point of the curve: refused, and nothing else happens', async () => {
    const client = await world.client();
    const key = toBase64Url(Uint8Array.from({ length: 65 }, (_, i) => (i === 0 ? 4 : 1)));
    const admission = await signer.admission(world.clock.now(), key);
    await client.hello({ key, admission });
    expect(client.last('error')).toMatchObject({ code: 'bad-message' });
    expect(world.tally.troubles).toEqual([]);
  });

  it('cannot be checked while keys cannot be had: come back later', async () => {
    const broken = { keys: { find: () => Promise.reject(new Error('no route')) } };
    const sad = new TrackerWorld(Object.assign(Object.create(signer) as Signer, broken));
    const client = await sad.client();
    await client.hello();
    expect(client.last('error')).toMatchObject({ code: 'full', retry: 5000 });
    expect(client.connection.closedWith).toMatchObject({ code: 4503 });
    expect(sad.tally.troubles).toHaveLength(1);
  });
});

/** Minutes in which nothing is heard of a visitor but that it is there. */
async function stay(client: Client, minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    await world.clock.advance(60_000);
    client.session.heard();
  }
}

describe('the order of things', () => {
  it('refuses everything before the proof', async () => {
    const client = await world.client();
    await client.say({ t: 'want', q: 1, roots: [prefix(1)], k: 4, live: 0 });
    expect(client.last('error')).toMatchObject({ re: 'want', code: 'hello-first' });
    await client.hello();
    await client.say({ t: 'have', seq: 1, add: [prefix(1)], del: [] });
    expect(client.last('error')).toMatchObject({ re: 'have', code: 'hello-first' });
    expect(world.core.census()).toMatchObject({ visitors: 0, sites: 0 });
  });

  it('ends a session that says hello twice, before or after the welcome', async () => {
    const early = await world.client();
    await early.hello();
    await early.hello();
    const late = await world.joined();
    await late.hello();
    for (const client of [early, late]) {
      expect(client.last('error')).toMatchObject({ re: 'hello', code: 'bad-message' });
      expect(client.connection.closedWith).toMatchObject({ code: 4400 });
    }
  });

  it('ends a session that says hello twice while the first is being checked', async () => {
    const client = await world.client();
    await Promise.all([client.hello(), client.hello()]);
    expect(client.connection.closedWith).toMatchObject({ code: 4400 });
    expect(client.last('welcome')).toBeUndefined();
  });

  it('gives one try for the proof', async () => {
    const client = await world.client();
    await client.hello();
    await client.say({ t: 'proof', nonce: 'AAAA' });
    expect(client.connection.closedWith).toMatchObject({ code: 4401 });
    await client.prove();
    expect(client.last('welcome')).toBeUndefined();
  });

  it('refuses a proof without challenge and a second proof', async () => {
    const client = await world.client();
    await client.say({ t: 'proof', nonce: 'AAAA' });
    expect(client.last('error')).toMatchObject({ re: 'proof', code: 'bad-message' });
    const joined = await world.joined();
    await joined.prove();
    expect(joined.connection.closedWith).toMatchObject({ code: 4400 });
  });

  it('takes no proof from one session for the challenge of another', async () => {
    const identity = await createIdentity();
    const [a, b] = [await world.client(), await world.client()];
    const admission = await signer.admission(world.clock.now(), identity.publicKey);
    for (const client of [a, b]) await client.hello({ key: identity.publicKey, admission });
    Object.assign(a, { identity });
    const original = b.connection.sent.slice();
    b.connection.sent.splice(0, b.connection.sent.length, ...a.connection.sent);
    Object.assign(b, { identity });
    await b.prove();
    expect(original).toHaveLength(1);
    expect(b.last('error')).toMatchObject({ code: 'bad-proof' });
  });

  it('lets a visitor stay with a new admission for its key, over the same socket', async () => {
    const client = await world.joined();
    await stay(client, 8);
    const admission = await signer.admission(world.clock.now(), client.identity.publicKey);
    await client.say({ t: 'renew', seq: 7, admission });
    expect(client.last('ok')).toEqual({ t: 'ok', seq: 7 });
    await stay(client, 8);
    expect(client.connection.closedWith).toBeUndefined();
  });

  it.each([
    ['of another key', async () => signer.admission(world.clock.now(), (await createIdentity()).publicKey)],
    ['of another site', (key: string) => signer.admission(world.clock.now(), key, { site: OTHER_SITE })],
    ['that has ended', (key: string) => signer.admission(world.clock.now() - 700_000, key)],
    [
      'of another hash service',
      async (key: string) => (await Signer.create()).admission(world.clock.now(), key),
    ],
  ])('renews nothing by an admission %s, and sends nobody away for it', async (_, made) => {
    const client = await world.joined();
    await client.say({ t: 'renew', seq: 1, admission: await made(client.identity.publicKey) });
    expect(client.last('error')).toMatchObject({ re: 'renew' });
    expect(client.last('ok')).toBeUndefined();
    await stay(client, 10);
    expect(client.connection.closedWith).toBeUndefined();
    await stay(client, 1);
    expect(client.connection.closedWith).toMatchObject({ code: 4401 });
  });

  it('checks only so many renewals of one visitor', async () => {
    const client = await world.joined();
    for (let i = 0; i < 20; i++) await client.say({ t: 'renew', seq: i, admission: 'a.b.c' });
    const codes = client.all('error').map(({ code }) => code);
    expect(codes.filter((code) => code === 'bad-admission').length).toBeLessThanOrEqual(6);
    expect(codes).toContain('rate');
  });

  it('waits 5 s for hello and 5 s for the proof', async () => {
    const mute = await world.client();
    const halfway = await world.client();
    await world.clock.advance(4_000);
    await halfway.hello();
    await world.clock.advance(1_000);
    expect(mute.connection.closedWith).toMatchObject({ code: 4408 });
    expect(halfway.connection.closedWith).toBeUndefined();
    await world.clock.advance(4_000);
    expect(halfway.connection.closedWith).toMatchObject({ code: 4408 });
    expect(world.core.census().sessions).toBe(0);
  });

  it('is over when the socket closes in the middle of the check', async () => {
    const client = await world.client();
    const hello = client.hello();
    client.drop();
    await hello;
    expect(client.connection.sent).toEqual([]);
    expect(world.core.census().sessions).toBe(0);
  });
});
