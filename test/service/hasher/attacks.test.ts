import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Bench, SITE, startOrigin } from './harness.js';

const BODY = 'the bytes of a file';
const MIB = 1024 * 1024;

/** A server that must not be contacted, and how often it was. */
async function forbidden(): Promise<{ url: string; visits: () => number }> {
  let visits = 0;
  const server = createServer((_request, response) => response.end('secret'));
  server.on('connection', () => visits++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, visits: () => visits };
}

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('are followed nowhere (%i)', async (status) => {
    const inner = await forbidden();
    const bench = await Bench.start();
    const targets: Record<string, string> = {
      '/private': `${inner.url}/`,
      '/metadata': 'http://169.254.169.254/latest/meta-data/',
      '/decimal': 'http://2130706433/',
      '/mapped': 'http://[::ffff:127.0.0.1]/',
      '/elsewhere': 'https://elsewhere.example/a.jpg',
      '/relative': '//127.0.0.1:1/',
      '/file': 'file:///etc/passwd',
      '/loop': '/loop',
      '/broken': 'http://[',
    };
    for (const [path, location] of Object.entries(targets)) {
      bench.origin.on(path, (_request, response) => response.writeHead(status, { location }).end());
      expect([path, await bench.codeOf(path)]).toEqual([path, 'redirect']);
      expect(bench.origin.seen(path)).toHaveLength(1);
    }
    expect(inner.visits()).toBe(0);
  });

  it('of the second probe only are met with a refusal, and followed nowhere', async () => {
    const inner = await forbidden();
    const bench = await Bench.start();
    bench.origin.on('/a.jpg', (request, response) => {
      const headers = { 'content-type': 'image/jpeg', 'cache-control': 'max-age=60' };
      if (request.headers.accept === '*/*') response.writeHead(200, headers).end(BODY);
      else response.writeHead(302, { location: inner.url }).end();
    });
    expect(await bench.codeOf('/a.jpg')).toBe('redirect');
    expect(inner.visits()).toBe(0);
  });
});

describe('a URL that can be read in two ways', () => {
  const { host } = new URL(SITE);

  it.each([
    `http://user@${host}/a.jpg`,
    `http://user:pass@${host}/a.jpg`,
    `http://www.example.com@${host}/a.jpg`,
    `http:\\\\${host}\\a.jpg`,
    `http://${host}\\a.jpg`,
    `http:/${host}/a.jpg`,
    `http:${host}/a.jpg`,
    `${SITE}/\ta.jpg`,
    `${SITE}/a.j\npg`,
    ` ${SITE}/a.jpg`,
    `${SITE}/a.jpg `,
    `${SITE}/./a.jpg`,
    `${SITE}/b/../a.jpg`,
    `${SITE}/%2e/a.jpg`,
    `${SITE}/b/%2E%2e/a.jpg`,
    `${SITE}/b/.%2e/a.jpg`,
    `HTTP://${host}/a.jpg`,
    `http://WWW.example.com:${new URL(SITE).port}/a.jpg`,
    `http://www%2eexample.com:${new URL(SITE).port}/a.jpg`,
    'http://www.example.com:80/a.jpg',
    'http://www.example.com:080/a.jpg',
    'http://ｗｗｗ.example.com/a.jpg',
    'http://bücher.example/a.jpg',
    'http://2130706433/a.jpg',
    'http://0x7f.1/a.jpg',
    'http://[0:0::1]/a.jpg',
    SITE,
    `${SITE}/a.jpg#part`,
    `${SITE}/a.jpg#`,
    `${SITE}/a b.jpg`,
    `${SITE}/ü.jpg`,
    `${SITE}/\u0000a.jpg`,
    `blob:${SITE}/1`,
    'file:///etc/passwd',
    'javascript:1',
    'ftp://www.example.com/a.jpg',
  ])('is not looked at: %j', async (url) => {
    const bench = await Bench.start();
    const response = await bench.post('/v1/digests', { site: SITE, urls: [url] });
    expect(response.status).toBe(400);
    expect(bench.origin.requests).toEqual([]);
  });

  it('in one way only is fetched exactly as it is spelt, each spelling as a resource of its own', async () => {
    const bench = await Bench.start();
    const paths = [
      '/a.jpg',
      '/A.jpg',
      '/%61.jpg',
      '/a.jpg/',
      '//a.jpg',
      '/a%2fb',
      '/a%2Fb',
      '/a%00',
      '/...',
      '/;a',
    ];
    for (const path of paths) bench.origin.serve(path, `bytes of ${path}`);
    const roots = new Set<string>();
    for (const path of paths) roots.add((await bench.ask(`${SITE}${path}`)).digest?.root ?? '');
    expect(roots.size).toBe(paths.length);
    expect(new Set(bench.origin.requests.map(({ path }) => path))).toEqual(new Set(paths));
  });
});

describe('bytes that are packed', () => {
  /** Ten gigabytes of zeros, which fit into ten megabytes; counts what was taken of them. */
  async function bomb(headers: Record<string, string>) {
    const bench = await Bench.start();
    let sent = 0;
    bench.origin.on('/a.bin', (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', ...headers });
      const gzip = createGzip();
      gzip.on('data', (chunk: Buffer) => {
        sent += chunk.byteLength;
        if (!response.write(chunk)) gzip.pause();
      });
      response.on('drain', () => gzip.resume()).on('close', () => gzip.destroy());
      const zeros = Buffer.alloc(MIB);
      for (let i = 0; i < 64; i++) gzip.write(zeros);
    });
    return { bench, sent: () => sent };
  }

  it.each([
    { 'content-encoding': 'gzip' },
    { 'content-encoding': 'br' },
    { 'content-encoding': 'identity, gzip' },
    { 'content-encoding': 'x-unheard-of' },
  ])('are refused by their head: %j', async (headers) => {
    const { bench, sent } = await bomb(headers);
    expect(await bench.codeOf('/a.bin')).toBe('encoded');
    expect(sent()).toBeLessThan(MIB);
    expect(bench.origin.requests[0]?.headers['accept-encoding']).toBe('identity');
  });
});

describe('invented queries', () => {
  const asked = (n: number, make: (i: number) => string): string[] =>
    Array.from({ length: n }, (_, i) => `${SITE}${make(i)}`);

  async function askInBatches(bench: Bench, urls: readonly string[]): Promise<void> {
    for (let at = 0; at < urls.length; at += 100) await bench.askAll(urls.slice(at, at + 100));
  }

  it('cost the origin nothing', async () => {
    const bench = await Bench.start();
    await askInBatches(
      bench,
      asked(1000, (i) => `/a.bin?x=${i}`),
    );
    expect(await bench.codeOf('/a.bin?x=1')).toBe('query');
    expect(bench.origin.requests).toEqual([]);
  });

  it('that may be dropped cost one fetch in all, and name the same bytes', async () => {
    const bench = await Bench.start({ options: { dropQueries: ['*?utm_*'] } });
    bench.origin.serve('/a.bin', BODY);
    const plain = await bench.ask('/a.bin');
    await askInBatches(
      bench,
      asked(1000, (i) => `/a.bin?utm_id=${i}`),
    );
    const variant = await bench.ask('/a.bin?utm_id=7');
    const { sub, ...rest } = variant.digest ?? {};
    expect(sub).toBe(`${SITE}/a.bin?utm_id=7`);
    expect({ ...rest, sub: plain.digest?.sub }).toEqual(plain.digest);
    expect(bench.origin.requests).toHaveLength(1);
  });

  it('that may be dropped are refused like the file they name', async () => {
    const bench = await Bench.start({ options: { dropQueries: ['*'] } });
    bench.origin.serve('/a.bin', BODY, { 'cache-control': 'private' });
    const { refusal } = await bench.ask('/a.bin?x');
    expect([refusal?.code, refusal?.sub]).toEqual(['private', `${SITE}/a.bin?x`]);
    expect(await bench.codeOf('/a.bin?token=1')).toBe('private');
    expect(bench.origin.requests).toHaveLength(1);
  });

  it('that matter are resources of their own', async () => {
    const bench = await Bench.start({ options: { keepQueries: ['/img/*?w'] } });
    for (const w of [1, 2]) bench.origin.serve(`/img/a.bin?w=${w}`, `${BODY} ${w}`);
    const roots = [await bench.codeOrRoot('/img/a.bin?w=1'), await bench.codeOrRoot('/img/a.bin?w=2')];
    expect(new Set(roots).size).toBe(2);
    expect(roots).not.toContain('query');
    expect(await bench.codeOf('/img/a.bin?h=1')).toBe('query');
  });

  it('with secrets are refused unless they are named', async () => {
    const bench = await Bench.start({ options: { keepQueries: ['/all/*', '/named/*?token'] } });
    bench.origin.serve('/named/a.bin?token=1', BODY);
    expect(await bench.codeOf('/all/a.bin?token=1')).toBe('tokenised-url');
    expect(await bench.codeOf('/a.bin?token=1')).toBe('tokenised-url');
    expect(await bench.codeOf('/named/a.bin?token=1')).toBe('signed');
  });
});

describe('an origin that says nothing about freshness', () => {
  const assume = { assumeFresh: ['/media/*=600'] };
  const lifeOf = async (headers: Record<string, string | undefined>, path = '/media/a.bin') => {
    const origin = await startOrigin();
    const bench = await Bench.start({ origin, options: assume });
    origin.on(path, (_request, response) => {
      const length = { 'content-length': String(BODY.length) };
      response
        .writeHead(200, JSON.parse(JSON.stringify({ ...length, ...headers })) as typeof length)
        .end(BODY);
    });
    const { digest, refusal } = await bench.ask(path);
    return digest ? digest.exp - digest.iat : refusal?.code;
  };

  it.each<[string, Record<string, string>, number | string]>([
    ['nothing', {}, 600],
    ['public without a time', { 'cache-control': 'public' }, 600],
    ['an age', { age: '100' }, 500],
    ['that it is over', { age: '600' }, 'stale'],
    ['a shorter time', { 'cache-control': 'max-age=5' }, 5],
    ['no time at all', { 'cache-control': 'max-age=0' }, 'stale'],
    ['an unclear time', { 'cache-control': 'max-age=ten' }, 'stale'],
    ['a time in the past', { expires: '0' }, 'stale'],
    ['that it must not be kept', { 'cache-control': 'no-store' }, 'private'],
    ['that it is personal', { 'cache-control': 'private' }, 'private'],
  ])('is believed where it says %s', async (_name, headers, life) => {
    expect(await lifeOf(headers)).toBe(life);
  });

  it('is refused elsewhere', async () => {
    expect(await lifeOf({}, '/a.bin')).toBe('stale');
  });
});
