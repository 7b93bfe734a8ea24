import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import mime from 'mime';
import type { Tracker } from '../../tracker-service/index.js';
import { SHELF, SHELF_EAGER, SHELF_LAZY, shelf } from './pages.js';
import { Visitor } from './visitor.js';

const PACKAGE = path.resolve(import.meta.dirname, '../..');
const DIST = path.join(PACKAGE, 'dist');
const DEMO = path.join(PACKAGE, 'demo-site/public');
const SCRIPTS = ['peerfold.js', 'peerfold-engine.js', 'peerfold-worker.js'];

/**
 * A static site for one browser test: files in a directory, the least of web servers, `peerfold sign` as
 * it is built, and a tracker to which the site is open. No hash service.
 */
export class StaticStage {
  readonly #visitors = new Set<Visitor>();
  /** Paths that browsers asked the web server for. */
  readonly requests: string[] = [];
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });
  #tracker: Tracker | undefined;
  #trackerUrl = '';
  #operations = '';

  private constructor(private readonly root: string) {}

  static async open(): Promise<StaticStage> {
    const stage = new StaticStage(await mkdtemp(path.join(tmpdir(), 'peerfold-static-')));
    await new Promise<void>((resolve) => stage.#server.listen(0, '127.0.0.1', resolve));
    await stage.#startTracker();
    await stage.#furnish();
    return stage;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Puts a file on the site, in place of what was there. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const file = path.join(this.#directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  /** Runs `peerfold sign` on the site; resolves to what it says. */
  async sign(...options: string[]): Promise<string> {
    const args = [
      'sign',
      this.#directory,
      '--site',
      this.url,
      '--data',
      path.join(this.root, 'keys'),
      ...options,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(DIST, 'cli.js'), ...args]);
    return stdout;
  }

  async visitor(): Promise<Visitor> {
    const visitor = await Visitor.arrive(this.url);
    this.#visitors.add(visitor);
    return visitor;
  }

  /** Resolves when the tracker knows of `count` announced roots, summed over visitors. */
  async announced(count: number, timeout = 30_000): Promise<void> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const metrics = await (await fetch(`${this.#operations}/metrics`)).text();
      const entries = Number(/^peerfold_tracker_entries (.*)$/m.exec(metrics)?.[1] ?? Number.NaN);
      if (entries >= count) return;
      if (Date.now() > deadline)
        throw new Error(`${entries} of ${count} roots announced after ${timeout} ms`);
      await pause(50);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#visitors].map((visitor) => visitor.leave()));
    await this.#tracker?.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.root, { recursive: true, force: true });
  }

  get #directory(): string {
    return path.join(this.root, 'public');
  }

  async #startTracker(): Promise<void> {
    const built = new URL('../../dist/tracker.js', import.meta.url).href;
    const { createTracker } = (await import(built)) as typeof import('../../tracker-service/index.js');
    this.#tracker = await createTracker({ openSites: [this.url], operationsPort: 0, logLevel: 'silent' });
    const { url, operations } = await this.#tracker.listen({ port: 0, host: '127.0.0.1' });
    this.#trackerUrl = url;
    this.#operations = operations ?? '';
  }

  async #furnish(): Promise<void> {
    for (const name of ['site.css', 'favicon.svg', ...SHELF_EAGER, ...SHELF_LAZY])
      await cp(path.join(DEMO, name), path.join(this.#directory, name), { recursive: true });
    for (const name of SCRIPTS) await cp(path.join(DIST, name), path.join(this.#directory, name));
    const literal = {
      hasher: `${this.url}/.peerfold`,
      tracker: this.#trackerUrl.replace('127.0.0.1', 'localhost'),
      static: true,
    };
    const worker = `self.peerfold = ${JSON.stringify(literal)};\nimportScripts('/peerfold-worker.js');\n`;
    await this.write('peerfold-sw.js', worker);
    await this.write(SHELF, shelf());
  }

  /** As servers come: files by their names, to be kept for an hour, whatever they are. */
  async #answer({ url = '/', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(url, this.url);
    this.requests.push(pathname);
    const bytes = await readFile(path.join(this.#directory, decodeURIComponent(pathname))).catch(
      () => undefined,
    );
    if (!bytes) {
      response.writeHead(404).end('not found');
      return;
    }
    const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
    response.setHeader('etag', etag).setHeader('cache-control', 'public, max-age=3600');
    const type = mime.getType(pathname);
    if (type) response.setHeader('content-type', type);
    if (headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.writeHead(200, { 'content-length': bytes.byteLength }).end(bytes);
  }
}
