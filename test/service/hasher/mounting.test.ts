import { createServer, request as httpRequest, Agent, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createHasher, type Hasher } from '../../../hasher-service/index.js';
import { FakeClock } from '../../support/fake-clock.js';
import { Bench, SITE, temporaryDirectory } from './harness.js';

const PREFIX = '/peerfold';

/** Where one way of mounting serves the hash service, and something of the site's. */
interface Mounted {
  readonly hasher: string;
  readonly site: string;
}

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A site that has a form, a hook, and ideas of its own about errors. */
function siteApp(): FastifyInstance {
  const site = Fastify({ bodyLimit: 100 });
  onTestFinished(() => site.close());
  site.addContentTypeParser('application/x-own', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  site.post('/form', (request) => request.body);
  site.get('/fail', () => Promise.reject(new Error('the site’s own words')));
  return site;
}

async function asPlugin({ plugin }: Hasher): Promise<Mounted> {
  const site = siteApp();
  await site.register(plugin, { prefix: PREFIX });
  const url = await site.listen({ port: 0, host: '127.0.0.1' });
  return { hasher: url + PREFIX, site: url };
}

async function asHandler({ handler }: Hasher): Promise<Mounted> {
  const url = await listening(handler);
  return { hasher: url, site: url };
}

/** As frameworks do that strip the prefix. */
async function asStrippedHandler({ handler }: Hasher): Promise<Mounted> {
  const url = await listening((request, response) => {
    if (!request.url?.startsWith(`${PREFIX}/`)) response.writeHead(404).end('the site’s own page');
    else {
      request.url = request.url.slice(PREFIX.length);
      handler(request, response);
    }
  });
  return { hasher: url + PREFIX, site: url };
}

const WAYS: readonly (readonly [string, (hasher: Hasher) => Promise<Mounted>])[] = [
  ['in a Fastify app', asPlugin],
  ['in a Node server', asHandler],
  ['in a framework that strips a prefix', asStrippedHandler],
];

function ask(hasher: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${hasher}/v1/digests`, { method: 'POST', body, headers: { origin: SITE, ...headers } });
}

const question = (path: string) => JSON.stringify({ site: SITE, urls: [SITE + path] });

describe.each(WAYS)('the hash service %s', (_name, mount) => {
  it('answers as on its own', async () => {
    const bench = await Bench.start();
    bench.origin.serve('/a.bin', 'abc');
    const { digest, jws } = await bench.ask('/a.bin');
    const { hasher } = await mount(bench.hasher);
    const answer = await ask(hasher, question('/a.bin'));
    expect(await answer.json()).toEqual({ answers: [jws] });
    expect(answer.headers.get('access-control-allow-origin')).toBe(SITE);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${hasher}/v1/layers/${digest?.root ?? ''}`)).status).toBe(200);
    const keys: unknown = await (await fetch(`${hasher}/v1/jwks.json`)).json();
    expect(keys).toMatchObject({ keys: [{ kty: 'OKP' }] });
    const nowhere = await fetch(`${hasher}/v1/nowhere`);
    expect([nowhere.status, await nowhere.json()]).toMatchObject([404, { error: { code: 'not-found' } }]);
  });

  it('takes bodies up to its own limit, and no longer ones', async () => {
    const bench = await Bench.start();
    const { hasher } = await mount(bench.hasher);
    const long = Array.from({ length: 100 }, (_, i) => `https://elsewhere.example/${'x'.repeat(3000)}${i}`);
    expect((await ask(hasher, JSON.stringify({ site: SITE, urls: long }))).status).toBe(200);
    const tooLong = await ask(hasher, 'x'.repeat(600 * 1024));
    expect([tooLong.status, await tooLong.json()]).toMatchObject([413, { error: { code: 'too-large' } }]);
  });

  it('serves many requests on one connection', async () => {
    const bench = await Bench.start();
    const { hasher } = await mount(bench.hasher);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => {
      agent.destroy();
    });
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 5; i++) {
      await new Promise<void>((resolve, reject) => {
        const sent = httpRequest(`${hasher}/healthz`, { agent }, (response) => {
          ports.add(sent.socket?.localPort);
          expect(response.statusCode).toBe(200);
          response.resume().on('end', resolve);
        });
        sent.on('error', reject).end();
      });
    }
    expect(ports.size).toBe(1);
  });

  it('finishes a look whose asker has gone', async () => {
    const bench = await Bench.start();
    const { hasher } = await mount(bench.hasher);
    let answer = (): void => undefined;
    bench.origin.on('/a.bin', (_request, response) => {
      answer = () =>
        response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 3 }).end('abc');
    });
    const gone = new AbortController();
    const asked = fetch(`${hasher}/v1/digests`, {
      method: 'POST',
      body: question('/a.bin'),
      signal: gone.signal,
    });
    await vi.waitFor(() => {
      expect(bench.origin.seen('/a.bin')).toHaveLength(1);
    });
    gone.abort();
    await expect(asked).rejects.toThrow('abort');
    answer();
    expect((await bench.ask('/a.bin')).digest?.len).toBe(3);
    expect(bench.origin.seen('/a.bin')).toHaveLength(1);
  });

  it('survives a body that breaks off', async () => {
    const bench = await Bench.start();
    const { hasher } = await mount(bench.hasher);
    const sent = httpRequest(`${hasher}/v1/digests`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'content-length': 1000 },
    });
    const failed = new Promise((resolve) => sent.on('error', resolve));
    sent.write('{"site":', () => sent.destroy());
    await failed;
    expect((await fetch(`${hasher}/healthz`)).status).toBe(200);
  });

  it('answers 503 once it is closed', async () => {
    const bench = await Bench.start();
    const { hasher } = await mount(bench.hasher);
    expect((await fetch(`${hasher}/readyz`)).status).toBe(200);
    await bench.hasher.close();
    const late = await ask(hasher, question('/a.bin'));
    expect([late.status, await late.json()]).toMatchObject([503, { error: { code: 'stopping' } }]);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('the site around it', () => {
  it('keeps its own bodies, limits, errors and headers', async () => {
    const bench = await Bench.start({ options: { requestsPerSecond: 1 } });
    const { site, hasher } = await asPlugin(bench.hasher);
    const form = await fetch(`${site}/form`, {
      method: 'POST',
      body: 'own',
      headers: { 'content-type': 'application/x-own', origin: SITE },
    });
    expect(await form.text()).toBe('own');
    for (const name of ['access-control-allow-origin', 'content-security-policy', 'vary'])
      expect([name, form.headers.get(name)]).toEqual([name, null]);
    const json = await fetch(`${site}/form`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await json.json()).toEqual({ a: 1 });
    const long = await fetch(`${site}/form`, { method: 'POST', body: 'x'.repeat(200) });
    expect([long.status, await long.json()]).toMatchObject([413, { code: 'FST_ERR_CTP_BODY_TOO_LARGE' }]);
    expect(await (await fetch(`${site}/fail`)).json()).toMatchObject({ message: 'the site’s own words' });
    expect(await (await fetch(`${site}/nowhere`)).json()).toMatchObject({ error: 'Not Found' });
    for (let i = 0; i < 11; i++) await fetch(`${hasher}/healthz`);
    expect((await fetch(`${hasher}/healthz`)).status).toBe(429);
    expect((await fetch(`${site}/nowhere`)).status).toBe(404);
  });

  it('may have CORS of its own, and need not give a prefix', async () => {
    const bench = await Bench.start();
    const site = siteApp();
    site.addHook('onRequest', (_request, reply, done) => {
      void reply.header('access-control-allow-origin', '*');
      done();
    });
    site.options('*', (_request, reply) => reply.code(204).send());
    await site.register(bench.hasher.plugin);
    const url = await site.listen({ port: 0, host: '127.0.0.1' });
    expect(
      (await fetch(`${url}/healthz`, { headers: { origin: SITE } })).headers.get(
        'access-control-allow-origin',
      ),
    ).toBe(SITE);
    expect(
      (await fetch(`${url}/form`, { method: 'POST', body: '1' })).headers.get('access-control-allow-origin'),
    ).toBe('*');
    expect(await (await fetch(`${url}/nowhere`)).json()).toMatchObject({ error: 'Not Found' });
  });

  it('may refuse visitors in its own words', async () => {
    const bench = await Bench.start();
    const site = siteApp();
    site.addHook('onRequest', (_request, _reply, done) => {
      done(Object.assign(new Error('Members only.'), { statusCode: 402 }));
    });
    await site.register(bench.hasher.plugin, { prefix: PREFIX });
    const refused = await site.inject(`${PREFIX}/healthz`);
    expect([refused.statusCode, refused.json()]).toEqual([
      402,
      { error: { code: 'refused', message: 'Members only.' } },
    ]);
  });

  it('decides what address a visitor has', async () => {
    const bench = await Bench.start({ options: { requestsPerSecond: 1 } });
    const site = Fastify({ trustProxy: '127.0.0.1' });
    onTestFinished(() => site.close());
    await site.register(bench.hasher.plugin, { prefix: PREFIX });
    const from = async (address: string) =>
      (await site.inject({ url: `${PREFIX}/healthz`, headers: { 'x-forwarded-for': address } })).statusCode;
    for (let i = 0; i < 10; i++) expect(await from('192.0.2.1')).toBe(200);
    expect([await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([429, 200]);
  });

  it('closes the hash service with itself', async () => {
    const clock = new FakeClock();
    const hasher = await createHasher(
      { sites: [SITE], data: await temporaryDirectory(), logLevel: 'silent' },
      { clock },
    );
    const site = siteApp();
    await site.register(hasher.plugin, { prefix: PREFIX });
    await site.ready();
    await site.close();
    expect((await fetch(await listening(hasher.handler))).status).toBe(503);
    expect(clock.pending).toBe(0);
  });
});

describe('preflights', () => {
  const ASKING = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-session' };

  it('allow pages of the site what they ask for, and no others', async () => {
    const bench = await Bench.start();
    const preflight = (origin: string) =>
      fetch(`${bench.url}/v1/admissions`, { method: 'OPTIONS', headers: { origin, ...ASKING } });
    const ours = await preflight(SITE);
    expect(ours.status).toBe(204);
    expect(ours.headers.get('access-control-allow-origin')).toBe(SITE);
    expect(ours.headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(ours.headers.get('access-control-allow-headers')).toBe('x-session');
    expect(ours.headers.get('vary')).toContain('Access-Control-Request-Headers');
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});
