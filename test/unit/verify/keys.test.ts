import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JWK } from 'jose';
import { RemoteKeys, readKeySet } from '../../../src/verify/keys.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { createIssuer, type Issuer } from '../../support/issuer.js';

let one: Issuer;
let two: Issuer;

beforeAll(async () => {
  [one, two] = await Promise.all([createIssuer('one'), createIssuer('two', 'ES256')]);
});

describe('readKeySet', () => {
  it('reads keys of both kinds', async () => {
    const keys = await readKeySet({ keys: [one.publicJwk, two.publicJwk] });
    expect([...keys].map(([kid, { algorithm }]) => [kid, algorithm])).toEqual([
      ['one', 'EdDSA'],
      ['two', 'ES256'],
    ]);
  });

  it('skips keys that are of no use, and keeps the others', async () => {
    const useless: (JWK | object)[] = [
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'rsa' },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'secret' },
      { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA', kid: 'curve' },
      { kty: 'OKP', crv: 'X25519', x: 'AA', kid: 'agreement' },
      { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid: 'short' },
      { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'broken' },
      { kty: 'EC', crv: 'P-256', kid: 'empty' },
      { ...one.publicJwk, kid: undefined },
      { ...one.publicJwk, kid: 'x'.repeat(129) },
      { ...one.publicJwk, kid: 5 },
      {},
    ];
    expect([...(await readKeySet({ keys: [...useless, two.publicJwk] })).keys()]).toEqual(['two']);
  });

  it('takes only the public part', async () => {
    const keys = await readKeySet({ keys: [{ ...one.publicJwk, d: 'AAAA', key_ops: ['sign'] }] });
    expect(keys.get('one')?.key).toMatchObject({ type: 'public' });
  });

  it.each([
    null,
    undefined,
    [],
    'x',
    {},
    { keys: {} },
    { keys: [null] },
    { keys: ['x'] },
    { keys: new Array(17).fill({}) },
  ])('refuses %j', async (value) => {
    await expect(readKeySet(value)).rejects.toThrow('not a JWK set');
  });
});

describe('RemoteKeys', () => {
  let clock: FakeClock;
  let requests: { address: string; init: RequestInit | undefined }[];
  let answer: (signal: AbortSignal | null | undefined) => Promise<Response>;
  let keys: RemoteKeys;

  const publish = (...issuers: Issuer[]): void => {
    answer = () => Promise.resolve(Response.json({ keys: issuers.map(({ publicJwk }) => publicJwk) }));
  };

  beforeEach(() => {
    clock = new FakeClock();
    requests = [];
    publish(one);
    keys = new RemoteKeys({
      hasher: 'https://www.example.com/.peerfold',
      clock,
      fetch: (input, init) => {
        requests.push({ address: input instanceof Request ? input.url : String(input), init });
        return answer(init?.signal);
      },
    });
  });

  const unreachable = { code: 'hasher-unreachable' };

  it('reads the set once, below the address it was given, without credentials, and answers from memory', async () => {
    expect((await keys.find('one'))?.algorithm).toBe('EdDSA');
    expect(await keys.find('one')).toBe(await keys.find('one'));
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      address: 'https://www.example.com/.peerfold/v1/jwks.json',
      init: { credentials: 'omit' },
    });
  });

  it('does not call fetch as a method, which browsers refuse', async () => {
    const seen: unknown[] = [];
    const fetch = function (this: unknown): Promise<Response> {
      seen.push(this);
      return Promise.resolve(Response.json({ keys: [] }));
    };
    await new RemoteKeys({ hasher: 'https://hash.example.com', clock, fetch }).find('one');
    expect(seen).toEqual([undefined]);
  });

  it('has one request in flight, however many ask', async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => keys.find('one')));
    expect(new Set(found).size).toBe(1);
    expect(requests).toHaveLength(1);
  });

  it('reads again after five minutes, so that a withdrawn key is dropped', async () => {
    await keys.find('one');
    publish(two);
    await clock.advance(300_000);
    expect(await keys.find('one')).toBeDefined();
    await clock.advance(1);
    expect(await keys.find('one')).toBeUndefined();
    expect(await keys.find('two')).toBeDefined();
    expect(requests).toHaveLength(2);
  });

  it('reads again for an unknown key, but at most every 30 s', async () => {
    await keys.find('one');
    for (let i = 0; i < 50; i++) expect(await keys.find(`made-up-${i}`)).toBeUndefined();
    expect(requests).toHaveLength(1);
    publish(one, two);
    await clock.advance(30_001);
    expect(await keys.find('two')).toBeDefined();
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['the network fails', () => Promise.reject(new TypeError('network'))],
    ['the status is an error', () => Promise.resolve(new Response('{"keys":[]}', { status: 503 }))],
    ['the answer is no JSON', () => Promise.resolve(new Response('<html>'))],
    ['the answer is no key set', () => Promise.resolve(Response.json({ error: 1 }))],
  ])('rejects when %s', async (_what, failing) => {
    answer = failing;
    await expect(keys.find('one')).rejects.toMatchObject(unreachable);
    expect(clock.pending).toBe(0);
  });

  it('asks no more for ten seconds after a failure, then recovers', async () => {
    answer = () => Promise.reject(new TypeError('network'));
    for (let i = 0; i < 20; i++) await expect(keys.find('one')).rejects.toMatchObject(unreachable);
    expect(requests).toHaveLength(1);
    publish(one);
    await clock.advance(10_000);
    expect(await keys.find('one')).toBeDefined();
    expect(requests).toHaveLength(2);
  });

  it('serves known keys through an outage until they are too old', async () => {
    await keys.find('one');
    answer = () => Promise.reject(new TypeError('network'));
    await clock.advance(60_000);
    await expect(keys.find('made-up')).rejects.toMatchObject(unreachable);
    expect(await keys.find('one')).toBeDefined();
    await clock.advance(240_001);
    await expect(keys.find('one')).rejects.toMatchObject(unreachable);
  });

  it('gives up on a silent hash service after five seconds', async () => {
    answer = (signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    const failed = expect(keys.find('one')).rejects.toMatchObject({
      ...unreachable,
      cause: { message: 'no answer in time' },
    });
    await clock.advance(4_999);
    expect(requests[0]?.init?.signal?.aborted).toBe(false);
    await clock.advance(1);
    await failed;
    expect(clock.pending).toBe(0);
  });

  it('stops its timer as soon as the answer is there', async () => {
    const found = keys.find('one');
    await settle();
    await found;
    expect(clock.pending).toBe(0);
  });
});
