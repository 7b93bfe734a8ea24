import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../../bench/support/ports.js';
import { createDemoSite, type DemoSite, type DemoSiteOptions } from '../../demo-site/server.js';
import type { LoggedRequest } from '../../demo-site/log.js';
import type { Hasher, HasherOptions } from '../../hasher-service/index.js';
import type { Tracker } from '../../tracker-service/index.js';
import { SHELF, shelf } from './pages.js';
import { Visitor, type VisitorOptions } from './visitor.js';

/** User agents: the hash service fetches, too. */
const BROWSERS = /AppleWebKit|Firefox/;

/**
 * The whole of Peerfold for one browser test: the demo site's origin, the hash service and the
 * tracker as they are built, and visitors, each a browser of its own with a profile of its own.
 */
export class Stage {
  readonly #visitors = new Set<Visitor>();
  /** Paths that browsers asked the hash service for. */
  readonly hasherRequests: string[] = [];
  #hasher: Hasher | undefined;
  #tracker: Tracker | undefined;
  #operations = '';

  private constructor(
    readonly site: DemoSite,
    readonly ports: { readonly hasher: number; readonly tracker: number },
    private readonly data: string,
    private readonly rootsToken: string,
  ) {}

  static async open(options: Partial<DemoSiteOptions> = {}): Promise<Stage> {
    const [hasher = 0, tracker = 0] = await freePorts(2);
    const site = await createDemoSite({
      port: 0,
      hasher: `http://localhost:${hasher}`,
      tracker: `ws://localhost:${tracker}`,
      ...options,
    });
    const data = await mkdtemp(path.join(tmpdir(), 'peerfold-stage-'));
    const stage = new Stage(site, { hasher, tracker }, data, randomBytes(16).toString('hex'));
    await stage.startHasher();
    await stage.startTracker();
    stage.serve(SHELF, shelf());
    return stage;
  }

  async startHasher(options: Partial<HasherOptions> = {}): Promise<void> {
    const { createHasher } = await built<typeof import('../../hasher-service/index.js')>('hasher.js');
    this.#hasher = await createHasher({
      sites: [this.site.url],
      allowPrivate: true,
      data: this.data,
      rootsToken: this.rootsToken,
      live: ['/live/*'],
      logLevel: 'silent',
      ...options,
    });
    this.#hasher.app.server.on('request', ({ url = '', headers }: IncomingMessage) => {
      if (BROWSERS.test(headers['user-agent'] ?? '')) this.hasherRequests.push(url);
    });
    await this.#hasher.listen({ port: this.ports.hasher, host: '127.0.0.1' });
  }

  async stopHasher(): Promise<void> {
    await this.#hasher?.close();
    this.#hasher = undefined;
  }

  async startTracker(): Promise<void> {
    const { createTracker } = await built<typeof import('../../tracker-service/index.js')>('tracker.js');
    this.#tracker = await createTracker({
      hasher: `http://localhost:${this.ports.hasher}`,
      hasherToken: this.rootsToken,
      operationsPort: 0,
      logLevel: 'silent',
    });
    const { operations } = await this.#tracker.listen({ port: this.ports.tracker, host: '127.0.0.1' });
    this.#operations = operations ?? '';
  }

  async stopTracker(): Promise<void> {
    await this.#tracker?.close();
    this.#tracker = undefined;
  }

  /** Puts a page or script on the site, in place of what was there. */
  serve(path: string, content: string): void {
    this.site.faults.set({ path, content });
  }

  /**
   * Resolves when the tracker knows of `count` announced roots, summed over visitors: whoever comes
   * next can be introduced to their holders. Rejects after `timeout` ms.
   */
  async announced(count: number, timeout = 30_000): Promise<void> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const entries = await this.gauge('entries');
      if (entries >= count) return;
      if (Date.now() > deadline)
        throw new Error(`${entries} of ${count} roots announced after ${timeout} ms`);
      await pause(50);
    }
  }

  /** A gauge of the tracker's `/metrics`. */
  async gauge(name: string): Promise<number> {
    const metrics = await (await fetch(`${this.#operations}/metrics`)).text();
    return Number(new RegExp(`^peerfold_tracker_${name} (.*)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);
  }

  /** Writes the operator's policy, and resolves once the hash service signs it. */
  async setPolicy(policy: { readonly enabled: boolean }): Promise<void> {
    await writeFile(path.join(this.data, 'policy.json'), JSON.stringify(policy));
    for (;;) {
      const jws = await (await fetch(`http://localhost:${this.ports.hasher}/v1/policy`)).text();
      const claims = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as object;
      if ('enabled' in claims && claims.enabled === policy.enabled) return;
      await pause(50);
    }
  }

  async operatorToken(): Promise<string> {
    return (await readFile(path.join(this.data, 'operator-token'), 'utf8')).trim();
  }

  /** Voids what the hash service has signed about URLs that match `pattern`: it looks at them anew. */
  async purge(pattern: string): Promise<void> {
    const token = await this.operatorToken();
    const answer = await fetch(`http://localhost:${this.ports.hasher}/v1/purge`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ patterns: [pattern] }),
    });
    if (!answer.ok) throw new Error(`the purge was answered ${answer.status}`);
  }

  /** Requests that browsers sent for media; the hash service's own fetches are left out. */
  browserRequests(pattern: string): LoggedRequest[] {
    return this.site.log.of(pattern).filter(({ headers }) => BROWSERS.test(headers['user-agent'] ?? ''));
  }

  /** A new visitor with an empty profile. */
  async visitor(options: VisitorOptions = {}): Promise<Visitor> {
    const visitor = await Visitor.arrive(this.site.url, options);
    this.#visitors.add(visitor);
    return visitor;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#visitors].map((visitor) => visitor.leave()));
    await this.stopTracker();
    await this.stopHasher();
    await this.site.close();
    await rm(this.data, { recursive: true, force: true });
  }
}

function built<Module>(file: string): Promise<Module> {
  return import(new URL(`../../dist/${file}`, import.meta.url).href) as Promise<Module>;
}
