import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createDemoSite, type DemoSite, type FaultRule } from '../../demo-site/server.js';
import { createHasher } from '../../hasher-service/index.js';
import { createTracker } from '../../tracker-service/index.js';
import { freePorts } from './ports.js';

/** No bounds worth the name: what is measured is Peerfold, not what a site lets its visitors give. */
const NO_CAP = 1e9;
const NO_BUDGET = 'data-upload-ratio="1000" data-upload-session="1e12" data-upload-month="1e12"';
const ANY_TAG = /<script\b[^>]*\bsrc="\/peerfold\.js"[^>]*><\/script>/;

/** A page with nothing on it but Peerfold, for benchmarks that bring their own resources. */
export const STAGE = '/stage.html';
const STAGE_TEXT =
  '<!doctype html><title>stage</title><script src="/peerfold.js"></script>' +
  '<body style="margin:0;height:30000px"></body>';

/** Benchmarks are compiled into a folder of their own, below all else that is built. */
const BUILT_HASHING = {
  hashWorker: new URL('../hash-worker.js', import.meta.url),
  mediaParser: new URL('../media-parser.js', import.meta.url),
};

/** How long (ms) a state may take to come about before a benchmark gives up. */
const PATIENCE = 60_000;
const LOOK_AGAIN = 50;

export interface StandOptions {
  /** HTML of pages that hold Peerfold's script tag, by path; `STAGE` is there anyway. */
  readonly pages?: Readonly<Record<string, string>>;
  /** Caps on the upload of pages (bytes per second), by path; elsewhere there are none. */
  readonly caps?: Readonly<Record<string, number>>;
  /** Files that both sites serve instead of the demo site's, by path. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly literal?: Readonly<Record<string, unknown>>;
  readonly rules?: readonly FaultRule[];
}

/**
 * What every comparison needs: a site with Peerfold and its two services, and the same site without
 * the script tag. Both are at `localhost` and differ in their ports, so they share no cache.
 */
export class Stand {
  private constructor(
    /** Address of the site with Peerfold. */
    readonly peerfold: string,
    /** Address of the site without. */
    readonly plain: string,
    /** The two sites, the one with Peerfold first. */
    readonly sites: readonly [DemoSite, DemoSite],
    private readonly services: Services,
    private readonly closers: readonly Closer[],
  ) {}

  static async open(options: StandOptions): Promise<Stand> {
    try {
      return await Stand.#open(options);
    } catch (error) {
      // A port that was free a moment ago may be taken by now, by any connection of a browser.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      return Stand.#open(options);
    }
  }

  static async #open(options: StandOptions): Promise<Stand> {
    const closers: Closer[] = [];
    try {
      return await Stand.#build(options, closers);
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /** Puts what has to be closed again into `closers` as it goes. */
  static async #build(
    { pages = {}, caps = {}, files, literal = {}, rules = [] }: StandOptions,
    closers: Closer[],
  ): Promise<Stand> {
    const folder = await mkdtemp(path.join(tmpdir(), 'peerfold-bench-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const publicFolder = files && (await writeFiles(path.join(folder, 'public'), files));
    const [hasherPort = 0, trackerPort = 0] = await freePorts(2);
    const where = {
      port: 0,
      hasher: `http://localhost:${hasherPort}`,
      tracker: `ws://localhost:${trackerPort}`,
      literal,
      ...(publicFolder ? { public: publicFolder } : {}),
    };
    const [site, plain] = await Promise.all([createDemoSite(where), createDemoSite(where)]);
    closers.push(
      () => plain.close(),
      () => site.close(),
    );
    for (const [name, html] of Object.entries({ ...pages, [STAGE]: STAGE_TEXT })) {
      site.faults.set({ path: name, content: retagged(html, tag(caps[name] ?? NO_CAP)) });
      plain.faults.set({ path: name, content: retagged(html, '') });
    }
    for (const rule of rules) for (const one of [site, plain]) one.faults.set(rule);
    const data = path.join(folder, 'hasher');
    const services = await startServices(site, { hasherPort, trackerPort, data }, closers);
    return new Stand(site.url, plain.url, [site, plain], services, closers);
  }

  /** Resolves when visitors have announced `count` roots to the tracker, summed over visitors. */
  async announced(count: number): Promise<void> {
    await this.#until('entries', (entries) => entries >= count, `${count} roots announced`);
  }

  /** Resolves when the tracker knows exactly so many visitors. */
  async visitors(count: number): Promise<void> {
    await this.#until('visitors', (visitors) => visitors === count, `${count} visitors`);
  }

  /**
   * Does something while the origin of the site with Peerfold resets every request for these files (`*` stands
   * for any characters): where it would help, a loopback's origin hides what peers can do. A pattern that
   * stands in no other rule.
   */
  async withoutOrigin<T>(files: string, work: () => Promise<T>): Promise<T> {
    const { faults } = this.sites[0];
    faults.set({ path: files, stop: true });
    try {
      return await work();
    } finally {
      faults.clear(files);
    }
  }

  /** Has the hash service sign these, as it would have for earlier visitors. */
  async sign(paths: readonly string[]): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    const body = JSON.stringify({ site: this.peerfold, urls: paths.map((path) => this.peerfold + path) });
    for (;;) {
      const answer = await fetch(`${this.services.hasher}/v1/digests`, { method: 'POST', body });
      if (answer.ok && !(await answer.text()).includes('"pending"')) return;
      if (performance.now() > deadline) throw new Error('the hash service does not sign the site');
      await pause(LOOK_AGAIN);
    }
  }

  async close(): Promise<void> {
    await closeAll(this.closers);
  }

  async #until(gauge: string, isSo: (value: number) => boolean, wish: string): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    for (let value = await this.#gauge(gauge); !isSo(value); value = await this.#gauge(gauge)) {
      if (performance.now() > deadline) throw new Error(`instead of ${wish}: ${value}`);
      await pause(LOOK_AGAIN);
    }
  }

  async #gauge(name: string): Promise<number> {
    const metrics = await (await fetch(`${this.services.operations}/metrics`)).text();
    return Number(new RegExp(`^peerfold_tracker_${name} (.*)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);
  }
}

interface Services {
  /** Address of the hash service. */
  readonly hasher: string;
  /** Where the tracker says how it is. */
  readonly operations: string;
}

type Closer = () => Promise<unknown>;

/** What was opened last is closed first. */
async function closeAll(closers: readonly Closer[]): Promise<void> {
  for (const close of [...closers].reverse()) await close();
}

async function startServices(
  site: DemoSite,
  { hasherPort, trackerPort, data }: { hasherPort: number; trackerPort: number; data: string },
  closers: Closer[],
): Promise<Services> {
  const rootsToken = randomBytes(16).toString('hex');
  const hasher = await createHasher(
    { sites: [site.url], allowPrivate: true, data, rootsToken, logLevel: 'silent' },
    BUILT_HASHING,
  );
  closers.push(() => hasher.close());
  await hasher.listen({ port: hasherPort, host: '127.0.0.1' });
  const url = `http://localhost:${hasherPort}`;
  const tracker = await createTracker({
    hasher: url,
    hasherToken: rootsToken,
    operationsPort: 0,
    logLevel: 'silent',
  });
  closers.push(() => tracker.close());
  const { operations = '' } = await tracker.listen({ port: trackerPort, host: '127.0.0.1' });
  return { hasher: url, operations };
}

async function writeFiles(folder: string, files: NonNullable<StandOptions['files']>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}

function tag(cap: number): string {
  return `<script async src="/peerfold.js" data-consent="implied" data-upload="${cap}" ${NO_BUDGET}></script>`;
}

function retagged(html: string, tag: string): string {
  if (!ANY_TAG.test(html)) throw new Error('the page has no script tag of Peerfold');
  return html.replace(ANY_TAG, tag);
}
