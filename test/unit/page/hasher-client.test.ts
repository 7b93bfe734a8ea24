import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ByteLength, CanonicalUrl, Root } from '../../../src/core/brands.js';
import { toHex } from '../../../src/core/bytes.js';
import { HasherClient, retryAfter } from '../../../src/page/hasher-client.js';
import { limitedBody } from '../../../src/page/limited-body.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { CONFIG, SITE } from '../../support/fake-worker.js';
import { sha256 } from '../../support/sha256.js';

const HASHER = 'https://hash.example';
const server = setupServer();
beforeAll(() => {
  server.listen({ onUnhandledRequest: 'error' });
});
afterEach(() => {
  server.resetHandlers();
});
afterAll(() => {
  server.close();
});

const clientOf = (clock = new FakeClock(), config = CONFIG) =>
  new HasherClient({ config, fetch, clock, sha256 });
const urls = ['https://site.example/a.jpg', 'https://site.example/b.jpg'] as CanonicalUrl[];
const ROOT = 'ab'.repeat(32) as Root;
const cut = { length: (3 * 65536) as ByteLength, piece: 65536 as ByteLength };

describe('digests', () => {
  it('are asked for without credentials or preflight, and come back in order', async () => {
    let seen: { body: string; type: string | null; credentials: RequestCredentials } | undefined;
    server.use(
      http.post(`${HASHER}/v1/digests`, async ({ request }) => {
        seen = {
          body: await request.text(),
          type: request.headers.get('content-type'),
          credentials: request.credentials,
        };
        return HttpResponse.json({ answers: ['a.b.c', { pending: 100 }] });
      }),
    );
    expect(await clientOf().digests(urls)).toEqual(['a.b.c', { pending: 100 }]);
    expect(seen?.type).toMatch(/^text\/plain/);
    expect(seen?.credentials).toBe('omit');
    expect(JSON.parse(seen?.body ?? '')).toEqual({ site: SITE, urls });
  });

  const hostile: [string, () => Response][] = [
    ['garbage', () => HttpResponse.text('<html>')],
    ['nothing', () => new HttpResponse(null, { status: 200 })],
    ['null', () => HttpResponse.json(null)],
    ['an array', () => HttpResponse.json(['a.b.c', 'a.b.c'])],
    ['too few answers', () => HttpResponse.json({ answers: ['a.b.c'] })],
    ['too many answers', () => HttpResponse.json({ answers: ['a.b.c', 'a.b.c', 'a.b.c'] })],
    ['answers of another type', () => HttpResponse.json({ answers: [1, true] })],
    ['a token that is none', () => HttpResponse.json({ answers: ['a.b.c', 'a.b'] })],
    ['a token too long', () => HttpResponse.json({ answers: ['a.b.c', `a.b.${'c'.repeat(9000)}`] })],
    ['a hint for tomorrow', () => HttpResponse.json({ answers: ['a.b.c', { pending: 1e9 }] })],
    ['a negative hint', () => HttpResponse.json({ answers: ['a.b.c', { pending: -1 }] })],
    ['an endless body', () => HttpResponse.text('x'.repeat(3_000_000))],
    ['an error', () => HttpResponse.json({ error: { code: 'x', message: 'y' } }, { status: 500 })],
    ['a network error', () => HttpResponse.error()],
  ];
  it.each(hostile)('that are %s are an unreachable service', async (_, answer) => {
    server.use(http.post(`${HASHER}/v1/digests`, answer));
    await expect(clientOf().digests(urls)).rejects.toMatchObject({ code: 'hasher-unreachable' });
  });

  it('that do not come in time are given up', async () => {
    server.use(http.post(`${HASHER}/v1/digests`, () => new Promise(() => undefined)));
    const clock = new FakeClock();
    const asked = clientOf(clock).digests(urls);
    const outcome = expect(asked).rejects.toMatchObject({ code: 'hasher-unreachable' });
    await settle();
    await clock.advance(8000);
    await outcome;
    expect(clock.pending).toBe(0);
  });

  it('are given up when the client is closed', async () => {
    server.use(http.post(`${HASHER}/v1/digests`, () => new Promise(() => undefined)));
    const client = clientOf();
    const outcome = expect(client.digests(urls)).rejects.toMatchObject({ code: 'hasher-unreachable' });
    await settle();
    client.close();
    client.close();
    await outcome;
  });
});

describe('a statement of a static site', () => {
  const [url = '' as CanonicalUrl] = urls;
  const BASE = `${SITE}/docs/.peerfold`;
  const PLACE = `${BASE}/v1/d/${toHex(sha256(new TextEncoder().encode(url)))}`;
  const statement = (cache: RequestCache = 'default', clock = new FakeClock()) =>
    clientOf(clock, { ...CONFIG, hasher: BASE, static: true }).statement(url, cache);

  it('lies under the hash of its URL, below the path of the address', async () => {
    const seen: Request[] = [];
    server.use(
      http.get(PLACE, ({ request }) => {
        seen.push(request);
        return HttpResponse.text('a.b.c\n');
      }),
    );
    expect(await statement()).toBe('a.b.c');
    expect(await statement('no-cache')).toBe('a.b.c');
    expect(seen.map(({ credentials, cache }) => ({ credentials, cache }))).toEqual([
      { credentials: 'omit', cache: 'default' },
      { credentials: 'omit', cache: 'no-cache' },
    ]);
  });

  const absent: [string, () => Response][] = [
    ['not there', () => new HttpResponse('nothing here', { status: 404 })],
    ['forbidden, as object stores say of what they lack', () => new HttpResponse(null, { status: 403 })],
    ['gone', () => new HttpResponse(null, { status: 410 })],
    ['a page in its place', () => HttpResponse.html('<!doctype html><title>Not found</title>')],
    ['a page of any length', () => HttpResponse.html('x'.repeat(3_000_000))],
    ['empty', () => HttpResponse.text('')],
    ['too long', () => HttpResponse.text(`a.b.${'c'.repeat(8189)}`)],
  ];
  it.each(absent)('that is %s says that nothing is signed', async (_, answer) => {
    server.use(http.get(PLACE, answer));
    expect(await statement()).toBeUndefined();
  });

  it.each<[string, () => Response]>([
    ['an error', () => new HttpResponse(null, { status: 500 })],
    ['too many requests', () => new HttpResponse(null, { status: 429 })],
    ['a network error', () => HttpResponse.error()],
  ])('for which there is %s is to be asked for later', async (_, answer) => {
    server.use(http.get(PLACE, answer));
    await expect(statement()).rejects.toMatchObject({ code: 'hasher-unreachable' });
  });
});

describe('a service that asks for a rest', () => {
  it.each([
    ['7', 7000],
    ['100000000', 600_000],
    ['-3', 0],
    ['soon', 0],
  ])('with Retry-After %s gets %s ms', async (header, ms) => {
    server.use(
      http.post(
        `${HASHER}/v1/digests`,
        () => new HttpResponse(null, { status: 429, headers: { 'retry-after': header } }),
      ),
    );
    const error: unknown = await clientOf()
      .digests(urls)
      .catch((caught: unknown) => caught);
    expect(retryAfter(error)).toBe(ms);
  });

  it('is only one of our own errors', () => {
    expect(retryAfter(new Error('x'))).toBe(0);
    expect(retryAfter(undefined)).toBe(0);
  });
});

describe('admissions, layers and reports', () => {
  it('get an admission for the key', async () => {
    let body: unknown;
    server.use(
      http.post(`${HASHER}/v1/admissions`, async ({ request }) => {
        body = JSON.parse(await request.text());
        return HttpResponse.json({ admission: 'a.b.c', receipt: 'r.e.c' });
      }),
    );
    expect(await clientOf().admission('key')).toEqual({ admission: 'a.b.c', receipt: 'r.e.c' });
    expect(body).toEqual({ site: SITE, key: 'key' });
  });

  it.each([
    {},
    { admission: 7, receipt: 'a.b.c' },
    { admission: 'a.b.c' },
    { admission: 'a.b.c', receipt: 'x' },
  ])('refuse %j', async (answer) => {
    server.use(http.post(`${HASHER}/v1/admissions`, () => HttpResponse.json(answer)));
    await expect(clientOf().admission('key')).rejects.toMatchObject({ code: 'hasher-unreachable' });
  });

  it('get a layer of exactly the right size', async () => {
    server.use(http.get(`${HASHER}/v1/layers/${ROOT}`, () => HttpResponse.arrayBuffer(new ArrayBuffer(96))));
    expect((await clientOf().layer(ROOT, cut)).byteLength).toBe(96);
  });

  it.each([0, 32, 95, 97, 1_000_000])('refuse a layer of %s bytes', async (size) => {
    server.use(
      http.get(`${HASHER}/v1/layers/${ROOT}`, () => HttpResponse.arrayBuffer(new ArrayBuffer(size))),
    );
    await expect(clientOf().layer(ROOT, cut)).rejects.toMatchObject({ code: 'hasher-unreachable' });
  });

  it('report a copy that differs', async () => {
    let body: unknown;
    server.use(
      http.post(`${HASHER}/v1/reports`, async ({ request }) => {
        body = JSON.parse(await request.text());
        return new HttpResponse(null, { status: 204 });
      }),
    );
    await clientOf().report({ url: urls[0] as CanonicalUrl, signed: ROOT, receipt: 'r.e.c' });
    expect(body).toEqual({ site: SITE, url: urls[0], signed: ROOT, receipt: 'r.e.c' });
  });
});

describe('a limited body', () => {
  const bodyOf = (...chunks: number[]) =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const size of chunks) controller.enqueue(new Uint8Array(size).fill(size));
          controller.close();
        },
      }),
    );

  it('is read whole up to the limit', async () => {
    expect((await limitedBody(bodyOf(3, 2), 5))?.byteLength).toBe(5);
    expect((await limitedBody(new Response(null), 5))?.byteLength).toBe(0);
  });

  it('is not read on beyond it', async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    expect(await limitedBody(new Response(endless), 5000)).toBeUndefined();
    expect(pulled).toBeLessThan(10);
  });
});
