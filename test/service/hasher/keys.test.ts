import { spawnSync } from 'node:child_process';
import {
  chmod,
  cp,
  link,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import {
  createHasher,
  listKeys,
  newKey,
  revokeKey,
  rotateKey,
  type KeyAlgorithm,
} from '../../../hasher-service/index.js';
import { makeKey } from '../../../hasher-service/signing/key-file.js';
import { Keyring } from '../../../hasher-service/signing/keys.js';
import { FakeClock } from '../../support/fake-clock.js';
import { errorOf, report, signed } from './asks.js';
import { Bench, SITE, temporaryDirectory } from './harness.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * 3600_000;

/** What is told to the log. */
interface Line {
  readonly details: object;
  readonly message: string;
}

async function keyring(data: string, clock = new FakeClock()) {
  const lines: Line[] = [];
  const tell = (details: object, message: string) => lines.push({ details, message });
  const ring = await Keyring.open({ data, clock, log: { error: tell, info: tell } });
  return { ring, clock, lines };
}

function kids(ring: Keyring): (string | undefined)[] {
  return ring.published.map(({ kid }) => kid);
}

function pathOf(data: string, kid: string): string {
  return join(data, 'keys', `${kid}.json`);
}

async function publishedBy(bench: Bench): Promise<string[]> {
  const { keys } = (await (await bench.get('/v1/jwks.json')).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

function kidOf(jws: string | undefined): string {
  const header = JSON.parse(Buffer.from(jws?.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
  return header.kid;
}

/** A service with one key that has signed one file. */
async function signing() {
  const bench = await Bench.start();
  const claims = await signed(bench);
  const { jws = '' } = await bench.ask('/a.bin');
  return { bench, claims, kid: kidOf(jws), jws, data: bench.data };
}

describe('the first key', () => {
  it('is made at the first start, for the owner only, and published without its private part', async () => {
    const { bench, kid, data } = await signing();
    expect(await listKeys(data, bench.clock.now())).toEqual([
      { kid, alg: 'Ed25519', state: { is: 'signs' } },
    ]);
    expect((await stat(join(data, 'keys'))).mode & 0o777).toBe(0o700);
    expect((await stat(pathOf(data, kid))).mode & 0o7777).toBe(0o600);
    expect(await (await bench.get('/v1/jwks.json')).json()).toEqual({
      keys: [{ kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid, alg: 'Ed25519', use: 'sig' }],
    });
  });

  it('may be of P-256', async () => {
    const data = await temporaryDirectory();
    const clock = new FakeClock();
    const { kid } = await newKey(data, { alg: 'ES256', now: clock.now() });
    const bench = await Bench.start({ data, clock });
    await signed(bench);
    const { jws = '' } = await bench.ask('/a.bin');
    expect(JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({
      kid,
      alg: 'ES256',
    });
  });

  it('of an earlier version, without a time from which it signs, signs', async () => {
    const { kid, data, bench } = await signing();
    const { activeFrom, ...earlier } = JSON.parse(await readFile(pathOf(data, kid), 'utf8')) as {
      activeFrom: number;
    };
    expect(activeFrom).toBe(bench.clock.now());
    await writeFile(pathOf(data, kid), JSON.stringify(earlier));
    expect((await keyring(data)).ring.active.kid).toBe(kid);
  });
});

describe('a successor', () => {
  it('is published within seconds, signs after ten minutes, and the one before ends a day later', async () => {
    const { bench, kid, data } = await signing();
    const next = await rotateKey(data, { now: bench.clock.now() });
    expect(next.alg).toBe('Ed25519');
    await bench.clock.advance(2000);
    expect(await publishedBy(bench)).toEqual([kid, next.kid]);
    await signed(bench, '/b.bin', 'b');
    expect(kidOf((await bench.ask('/b.bin')).jws)).toBe(kid);
    await bench.clock.advance(10 * MINUTE);
    await signed(bench, '/c.bin', 'c');
    expect(kidOf((await bench.ask('/c.bin')).jws)).toBe(next.kid);
    expect(kidOf((await bench.ask('/a.bin')).jws)).toBe(kid);
    await bench.clock.advance(DAY + MINUTE);
    expect(await publishedBy(bench)).toEqual([next.kid]);
    expect(await readdir(join(data, 'keys'))).toEqual([`${next.kid}.json`]);
  });

  it('may be of another algorithm, and lists show who does what', async () => {
    const { bench, kid, data } = await signing();
    const now = bench.clock.now();
    const { kid: next } = await rotateKey(data, { alg: 'ES256', now });
    expect(await listKeys(data, now)).toEqual([
      { kid, alg: 'Ed25519', state: { is: 'signs' } },
      { kid: next, alg: 'ES256', state: { is: 'next', from: now + 10 * MINUTE } },
    ]);
    expect(await listKeys(data, now + 10 * MINUTE)).toEqual([
      { kid, alg: 'Ed25519', state: { is: 'published', until: now + 11 * MINUTE + DAY } },
      { kid: next, alg: 'ES256', state: { is: 'signs' } },
    ]);
  });

  it('is made by "new" as well, and only one at a time', async () => {
    const { bench, data } = await signing();
    const now = bench.clock.now();
    const next = await newKey(data, { alg: 'ES256', now });
    expect(next.activeFrom).toBe(now + 10 * MINUTE);
    const more = [() => newKey(data, { alg: 'Ed25519', now }), () => rotateKey(data, { now })];
    for (const make of more) await expect(make()).rejects.toThrow(`the key ${next.kid} is next`);
  });

  it('needs a key before it', async () => {
    await expect(rotateKey(await temporaryDirectory())).rejects.toThrow('no key to rotate');
  });

  it('is refused where verifiers could not read so many, with room for a revocation', async () => {
    const data = await temporaryDirectory();
    let now = 1_000_000;
    for (let i = 0; i < 15; i++) {
      await newKey(data, { alg: 'Ed25519', now });
      now += 11 * MINUTE;
    }
    await expect(newKey(data, { alg: 'Ed25519', now })).rejects.toThrow(/holds 15 keys/);
    const { kid } = (await listKeys(data, now)).find(({ state }) => state.is === 'signs') ?? { kid: '' };
    const heir = await revokeKey(data, kid, now);
    const clock = new FakeClock();
    clock.jump(now - clock.now());
    const { ring } = await keyring(data, clock);
    expect([ring.active.kid, ring.published.length]).toEqual([heir.kid, 15]);
  });
});

it('of more keys than verifiers read, the last sixteen are published', async () => {
  const data = await temporaryDirectory();
  const clock = new FakeClock();
  await mkdir(join(data, 'keys'));
  const made: string[] = [];
  for (let i = 0; i < 18; i++) {
    const { info, text } = await makeKey('Ed25519', { created: 0, activeFrom: clock.now() - 18 + i });
    await writeFile(pathOf(data, info.kid), text, { mode: 0o600 });
    made.push(info.kid);
  }
  const { ring } = await keyring(data, clock);
  expect(kids(ring)).toEqual(made.slice(2));
  expect(ring.active.kid).toBe(made.at(-1));
});

describe('a revoked key', () => {
  it('makes way at once; what it signed is given out no more, signed anew, and no conditional request trusts it', async () => {
    const { bench, kid, claims, data } = await signing();
    bench.origin.on('/a.bin', (request, response) => {
      if (request.headers['if-none-match']) response.writeHead(304).end();
      else
        response
          .writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 3, etag: '"1"' })
          .end('abc');
    });
    const heir = await revokeKey(data, kid, bench.clock.now());
    await bench.clock.advance(1500);
    await bench.askAll([`${SITE}/a.bin`]);
    await bench.clock.advance(500);
    expect(await publishedBy(bench)).toEqual([heir.kid]);
    expect((await bench.live(claims)).size).toBe(0);
    const [text] = await bench.askAll([`${SITE}/a.bin`]);
    expect(typeof text === 'string' ? kidOf(text) : text).toBe(heir.kid);
    expect((await bench.live(claims)).size).toBe(1);
    expect(bench.origin.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
    ]);
    expect((await readdir(join(data, 'keys'))).sort()).toEqual([`${heir.kid}.json`, `${kid}.revoked`].sort());
  });

  it('signed nothing that a look under way may be measured by', async () => {
    const { bench, kid, claims, data } = await signing();
    bench.origin.serve('/a.bin', 'abc', { etag: '"1"' });
    await bench.clock.advance(HOUR);
    expect((await bench.ask('/a.bin')).digest?.hdr).toEqual({ 'cache-control': 'max-age=3600', etag: '"1"' });
    await bench.clock.advance(HOUR);
    const finish: (() => void)[] = [];
    bench.origin.on('/a.bin', (_request, response) => {
      finish.push(() => response.writeHead(304, { etag: '"1"', 'cache-control': 'max-age=60' }).end());
    });
    const asked = bench.askOnce('/a.bin');
    await vi.waitFor(() => {
      expect(finish).toHaveLength(1);
    });
    await revokeKey(data, kid, bench.clock.now());
    await bench.clock.advance(2000);
    await asked;
    await publishedBy(bench);
    bench.origin.serve('/a.bin', 'new!');
    finish[0]?.();
    const { root } = (await bench.ask('/a.bin')).digest ?? claims;
    expect(root).not.toBe(claims.root);
    expect(bench.origin.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
      '"1"',
      undefined,
    ]);
  });

  it('is not believed by visitors five minutes later', async () => {
    const { bench, kid, data } = await signing();
    await revokeKey(data, kid, bench.clock.now());
    await bench.clock.advance(2000);
    expect((await bench.verification.keys.find(kid)) !== undefined).toBe(true);
    await bench.clock.advance(5 * MINUTE);
    expect(await bench.verification.keys.find(kid)).toBeUndefined();
  });

  it('gives way to the key that waits', async () => {
    const { bench, kid, data } = await signing();
    const next = await rotateKey(data, { now: bench.clock.now() });
    expect((await revokeKey(data, kid, bench.clock.now())).kid).toBe(next.kid);
    expect(await listKeys(data, bench.clock.now())).toEqual([
      { kid, state: { is: 'revoked', at: bench.clock.now() } },
      { kid: next.kid, alg: 'Ed25519', state: { is: 'signs' } },
    ]);
  });

  it('that only waited, or is over, changes nothing else', async () => {
    const { bench, kid, data } = await signing();
    const now = bench.clock.now();
    const next = await rotateKey(data, { now });
    expect((await revokeKey(data, next.kid, now)).kid).toBe(kid);
    const { kid: later } = await rotateKey(data, { now });
    expect((await revokeKey(data, kid, now + 11 * MINUTE)).kid).toBe(later);
  });

  it('voids the receipts and statements it signed, in the archive, too', async () => {
    const { bench, kid, claims, data } = await signing();
    const { receipt } = await bench.admission();
    await revokeKey(data, kid, bench.clock.now());
    await bench.clock.advance(2000);
    expect(await errorOf(await report(bench, claims, receipt))).toEqual([403, 'bad-receipt']);
    await bench.hasher.close();
    const again = await Bench.start({ origin: bench.origin, data, clock: bench.clock });
    expect((await again.live(claims)).size).toBe(0);
    expect(kidOf((await again.ask('/a.bin')).jws)).not.toBe(kid);
  });

  it('stays revoked when a copy of its file turns up again', async () => {
    const { bench, kid, data } = await signing();
    const copy = await readFile(pathOf(data, kid), 'utf8');
    const heir = await revokeKey(data, kid, bench.clock.now());
    await writeFile(pathOf(data, kid), copy, { mode: 0o600 });
    await bench.clock.advance(2000);
    expect(await publishedBy(bench)).toEqual([heir.kid]);
    await writeFile(join(data, 'keys', `${kid}.revoked`), 'damaged');
    expect(kids((await keyring(data, bench.clock)).ring)).toEqual([heir.kid]);
    expect((await listKeys(data))[0]).toEqual({ kid, state: { is: 'revoked', at: undefined } });
  });

  it('can be one whose file, or another’s, cannot be used', async () => {
    const { bench, kid, data } = await signing();
    const { kid: next } = await rotateKey(data, { now: bench.clock.now() });
    await chmod(pathOf(data, next), 0o644);
    await revokeKey(data, next, bench.clock.now());
    await writeFile(pathOf(data, kid), '{');
    const heir = await revokeKey(data, kid, bench.clock.now());
    expect(kids((await keyring(data, bench.clock)).ring)).toEqual([heir.kid]);
    await expect(revokeKey(data, 'unknown')).rejects.toThrow('there is no key unknown');
  });
});

it('what a killed process left half-written is cleared away at the next start', async () => {
  const { bench, data, kid } = await signing();
  await bench.hasher.close();
  const left = [join(data, 'keys', `${kid}.json.1.unfinished`), join(data, 'policy.json.1.unfinished')];
  for (const path of left) await writeFile(path, 'half');
  await Bench.start({ origin: bench.origin, data, clock: bench.clock });
  expect(await readdir(join(data, 'keys'))).toEqual([`${kid}.json`]);
  expect(await readdir(data)).not.toContain('policy.json.1.unfinished');
});

describe('a running service', () => {
  it('goes on with the keys it has when their files go bad, and says so once', async () => {
    const data = await temporaryDirectory();
    const { ring, clock, lines } = await keyring(data);
    const { kid } = ring.active;
    await writeFile(pathOf(data, kid), 'damaged');
    for (let i = 0; i < 3; i++) {
      await clock.advance(2000);
      await ring.refresh();
    }
    expect([ring.active.kid, ring.trusts(kid)]).toEqual([kid, true]);
    expect(lines.filter(({ message }) => message === 'a key file cannot be used')).toHaveLength(1);
    await rm(join(data, 'keys'), { recursive: true });
    await clock.advance(2000);
    await ring.refresh();
    expect(ring.active.kid).toBe(kid);
  });

  it('follows a revocation although another file is bad', async () => {
    const data = await temporaryDirectory();
    const { ring, clock } = await keyring(data);
    const { kid } = ring.active;
    const next = await rotateKey(data, { now: clock.now() });
    await writeFile(join(data, 'keys', 'other.json'), 'not a key', { mode: 0o600 });
    await revokeKey(data, kid, clock.now());
    await clock.advance(2000);
    await ring.refresh();
    expect([ring.trusts(kid), ring.active.kid]).toEqual([false, next.kid]);
  });

  it('signs also when the clock is set back to before its first key', async () => {
    const data = await temporaryDirectory();
    const { ring, clock } = await keyring(data);
    clock.jump(-DAY);
    expect(ring.active.kid).toBe(kids(ring)[0]);
  });

  it('agrees at every moment with another one that has the same files', async () => {
    const [data, copy] = [await temporaryDirectory(), await temporaryDirectory()];
    const one = await keyring(data);
    await rotateKey(data, { now: one.clock.now() });
    await one.clock.advance(11 * MINUTE);
    await rotateKey(data, { now: one.clock.now(), alg: 'ES256' });
    await cp(join(data, 'keys'), join(copy, 'keys'), { recursive: true });
    const other = await keyring(copy, one.clock);
    for (let i = 0; i < 30; i++) {
      await one.ring.refresh();
      await other.ring.refresh();
      expect([other.ring.active.kid, kids(other.ring)]).toEqual([one.ring.active.kid, kids(one.ring)]);
      await one.clock.advance(60 * MINUTE);
    }
    expect(kids(one.ring)).toHaveLength(1);
  });
});

describe('files that are not for the owner alone', () => {
  async function failureOf(data: string): Promise<string> {
    const failure = await createHasher({ sites: [SITE], data, logLevel: 'silent' }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'bad-config' });
    await expect(listKeys(data)).rejects.toMatchObject({ code: 'bad-config' });
    return String(failure);
  }

  async function keyed() {
    const data = await temporaryDirectory();
    const { kid } = await newKey(data, { alg: 'Ed25519' });
    return { data, path: pathOf(data, kid), kid };
  }

  it.each([0o640, 0o604, 0o660, 0o700, 0o400, 0o4600])('are refused: mode %o', async (mode) => {
    const { data, path } = await keyed();
    await chmod(path, mode);
    expect(await failureOf(data)).toContain(`${path} has mode ${mode.toString(8)}, and only its owner may`);
  });

  it('are refused: symbolic links, also to good files', async () => {
    const { data, path } = await keyed();
    await rename(path, join(data, 'moved'));
    await symlink(join(data, 'moved'), path);
    expect(await failureOf(data)).toContain(`${path} is a symbolic link`);
  });

  it('are refused: what is no file', async () => {
    const { data, path } = await keyed();
    await rm(path);
    await mkdir(path, { mode: 0o600 });
    expect(await failureOf(data)).toContain(path);
    await rm(path, { recursive: true });
    expect(spawnSync('mkfifo', ['-m', '600', path]).status).toBe(0);
    expect(await failureOf(data)).toContain(`${path} is not a plain file`);
  });

  it('are refused: files too large for a secret', async () => {
    const { data, path } = await keyed();
    await writeFile(path, 'x'.repeat(20_000));
    expect(await failureOf(data)).toContain(`${path} is too large`);
  });

  it('are refused under another name than their own', async () => {
    const { data, path } = await keyed();
    await link(path, join(data, 'keys', 'another.json'));
    expect(await failureOf(data)).toContain('its name is not its kid');
  });

  it.each(['roots-token', 'operator-token'])('are refused: the %s', async (name) => {
    const data = await temporaryDirectory();
    await writeFile(join(data, name), 'a token that others can read', { mode: 0o644 });
    const failure = createHasher({ sites: [SITE], data, logLevel: 'silent' });
    await expect(failure).rejects.toThrow(/mode 644.*chmod 600/);
  });

  it.runIf(process.getuid?.() === 0)('are refused: files of another user', async () => {
    const { data, path } = await keyed();
    expect(spawnSync('chown', ['12345', path]).status).toBe(0);
    expect(await failureOf(data)).toContain(`${path} belongs to user 12345`);
  });
});

describe('a private key', () => {
  const ALGORITHMS: readonly KeyAlgorithm[] = ['Ed25519', 'ES256'];

  async function withKey(alg: KeyAlgorithm) {
    const data = await temporaryDirectory();
    const clock = new FakeClock();
    const { kid } = await newKey(data, { alg, now: clock.now() });
    const text = await readFile(pathOf(data, kid), 'utf8');
    const jwk = JSON.parse(text) as Record<string, string>;
    return { data, clock, kid, text, jwk, d: jwk['d'] ?? '' };
  }

  /** Every part of the secret that is long enough to be told from chance. */
  function expectNoPartOf(secret: string, said: string): void {
    const bytes = Buffer.from(secret, 'base64url');
    const spellings = [secret, bytes.toString('hex'), bytes.toString('base64')];
    for (const spelling of spellings)
      for (let at = 0; at + 12 <= spelling.length; at++)
        expect(said).not.toContain(spelling.slice(at, at + 12));
  }

  it.each(ALGORITHMS)('is not in what a service says, also at level debug: %s', async (alg) => {
    const { data, clock, kid, d } = await withKey(alg);
    const { ring, lines } = await keyring(data, clock);
    const bench = await Bench.start({ data, clock });
    await signed(bench);
    await rotateKey(data, { now: clock.now() });
    await clock.advance(2000);
    await ring.refresh();
    await revokeKey(data, kid, clock.now());
    await clock.advance(2000);
    await ring.refresh();
    const answers = ['/v1/jwks.json', '/metrics', '/readyz', '/v1/policy', '/nowhere'].map(async (path) =>
      (await bench.get(path)).text(),
    );
    const listed = await listKeys(data, clock.now());
    const said = [
      ...(await Promise.all(answers)),
      JSON.stringify([lines, listed, ring, bench.hasher.app.printRoutes()]),
    ];
    const seen = inspect([ring, ring.active, bench.hasher.app], {
      depth: 20,
      showHidden: true,
      maxStringLength: null,
      maxArrayLength: null,
    });
    const heir = await readFile(pathOf(data, ring.active.kid), 'utf8');
    const secrets = [d, (JSON.parse(heir) as { d: string }).d];
    for (const secret of secrets) expectNoPartOf(secret, [...said, seen].join('\n'));
  });

  it('cannot be exported again', async () => {
    const { data, clock } = await withKey('Ed25519');
    const { privateKey } = (await keyring(data, clock)).ring.active;
    expect(privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('jwk', privateKey)).rejects.toThrow();
  });

  const DAMAGES: Record<string, (text: string, jwk: Record<string, string>) => string> = {
    'cut off': (text) => text.slice(0, -3),
    'cut off in the secret': (text) => text.slice(0, text.indexOf('"d"') + 30),
    'with rubbish after it': (text) => `${text}}`,
    'with rubbish before it': (text) => `key: ${text}`,
    'as a list': (text) => `[${text}]`,
    'as a text': (text) => JSON.stringify(text),
    'without kid': (_text, jwk) => JSON.stringify({ ...jwk, kid: undefined }),
    'without public part': (_text, jwk) => JSON.stringify({ ...jwk, x: undefined }),
    'of an unknown kind': (_text, jwk) => JSON.stringify({ ...jwk, kty: 'oct', k: jwk['d'] }),
    'of an unknown curve': (_text, jwk) => JSON.stringify({ ...jwk, crv: 'P-521' }),
    'with a secret of another length': (_text, jwk) => JSON.stringify({ ...jwk, d: `${jwk['d'] ?? ''}AAAA` }),
    'with a secret that is no text': (_text, jwk) => JSON.stringify({ ...jwk, d: [jwk['d']] }),
    'with the secret as kid': (_text, jwk) => JSON.stringify({ ...jwk, kid: jwk['d'] }),
    'with the secret as kind': (_text, jwk) => JSON.stringify({ ...jwk, kty: jwk['d'] }),
    'with the secret as public part': (_text, jwk) => JSON.stringify({ ...jwk, x: jwk['d'] }),
    'with the secret as time': (_text, jwk) => JSON.stringify({ ...jwk, created: jwk['d'] }),
    'with another secret': (_text, jwk) =>
      JSON.stringify({ ...jwk, d: Buffer.alloc(32, 7).toString('base64url') }),
  };
  const CASES = ALGORITHMS.flatMap((alg) => Object.keys(DAMAGES).map((how) => [alg, how] as const));

  it.each(CASES)('%s %s is refused, and not quoted', async (alg, how) => {
    const { data, clock, kid, text, jwk, d } = await withKey(alg);
    const running = await keyring(data, clock);
    await writeFile(pathOf(data, kid), DAMAGES[how]?.(text, jwk) ?? '');
    const failures = [
      await keyring(data, clock).catch((error: unknown) => error),
      await listKeys(data).catch((error: unknown) => error),
      await rotateKey(data).catch((error: unknown) => error),
    ];
    for (const failure of failures) {
      expect(failure).toMatchObject({
        code: 'bad-config',
        message: expect.stringContaining(pathOf(data, kid)),
      });
      expectNoPartOf(d, inspect(failure, { depth: 10, showHidden: true }) + String((failure as Error).stack));
    }
    await clock.advance(2000);
    await running.ring.refresh();
    expect(running.lines).not.toEqual([]);
    expectNoPartOf(d, JSON.stringify(running.lines));
  });
});
