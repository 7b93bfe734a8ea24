import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createDemoSite, type DemoSite, type FaultRule } from '../../demo-site/server.js';
import { createHasher } from '../../hasher-service/index.js';
import { createTracker } from '../../tracker-service/index.js';
import { freePorts } from './ports.js';

/** No cap worth the name: what is measured is Peerfold, not the uplink that a site grants it. */
const TAG = '<script async src="/peerfold.js" data-consent="implied" data-upload="1000000000"></script>';
const ANY_TAG = /<script\b[^>]*\bsrc="\/peerfold\.js"[^>]*><\/script>/;

/** A page with nothing on it but Peerfold, for benchmarks that bring their own resources. */
export const STAGE = '/stage.html';
const STAGE_TEXT = `<!doctype html><title>stage</title>${TAG}<body style="margin:0;height:30000px"></body>`;

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
    /** Where the tracker says how it is. */
    private readonly operations: string,
    private readonly closers: readonly (() => Promise<unknown>)[],
  ) {}

  static async open({ pages = {}, files, literal = {}, rules = [] }: StandOptions): Promise<Stand> {
    const folder = await mkdtemp(path.join(tmpdir(), 'peerfold-bench-'));
    const publicFolder = files && (await writeFiles(path.join(folder, 'public'), files));
    const [hasherPort = 0, trackerPort = 0] = await freePorts(2);
    const hasherUrl = `http://localhost:${hasherPort}`;
    const where = {
      port: 0,
      hasher: hasherUrl,
      tracker: `ws://localhost:${trackerPort}`,
      literal,
      ...(publicFolder ? { public: publicFolder } : {}),
    };
    const [site, plain] = await Promise.all([createDemoSite(where), createDemoSite(where)]);
    for (const [name, html] of Object.entries({ ...pages, [STAGE]: STAGE_TEXT })) {
      site.faults.set({ path: name, content: retagged(html, TAG) });
      plain.faults.set({ path: name, content: retagged(html, '') });
    }
    for (const rule of rules) for (const one of [site, plain]) one.faults.set(rule);
    const { operations, closers } = await startServices(site, {
      hasherPort,
      trackerPort,
      data: path.join(folder, 'hasher'),
    });
    return new Stand(site.url, plain.url, operations, [
      ...closers,
      () => site.close(),
      () => plain.close(),
      () => rm(folder, { recursive: true, force: true }),
    ]);
  }

  /** Resolves when visitors have announced `count` roots to the tracker, summed over visitors. */
  async announced(count: number): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const entries = await this.#entries();
      if (entries >= count) return;
      if (performance.now() > deadline) throw new Error(`only ${entries} of ${count} roots were announced`);
      await pause(LOOK_AGAIN);
    }
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close();
  }

  async #entries(): Promise<number> {
    const metrics = await (await fetch(`${this.operations}/metrics`)).text();
    return Number(/^peerfold_tracker_entries (.*)$/m.exec(metrics)?.[1] ?? Number.NaN);
  }
}

async function startServices(
  site: DemoSite,
  { hasherPort, trackerPort, data }: { hasherPort: number; trackerPort: number; data: string },
): Promise<{ operations: string; closers: (() => Promise<unknown>)[] }> {
  const rootsToken = randomBytes(16).toString('hex');
  const hasher = await createHasher(
    { sites: [site.url], allowPrivate: true, data, rootsToken, logLevel: 'silent' },
    BUILT_HASHING,
  );
  await hasher.listen({ port: hasherPort, host: '127.0.0.1' });
  const tracker = await createTracker({
    hasher: `http://localhost:${hasherPort}`,
    hasherToken: rootsToken,
    operationsPort: 0,
    logLevel: 'silent',
  });
  const { operations = '' } = await tracker.listen({ port: trackerPort, host: '127.0.0.1' });
  return { operations, closers: [() => tracker.close(), () => hasher.close()] };
}

async function writeFiles(folder: string, files: NonNullable<StandOptions['files']>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}

function retagged(html: string, tag: string): string {
  if (!ANY_TAG.test(html)) throw new Error('the page has no script tag of Peerfold');
  return html.replace(ANY_TAG, tag);
}
