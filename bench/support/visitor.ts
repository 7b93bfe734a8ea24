import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright';
import type { Peerfold, TransferReport } from '../../src/index.js';
import type { BenchContext } from '../report.js';
import { memoryOf } from './memory.js';
import { allProcesses, familyOf, type Process } from './processes.js';

declare global {
  interface Window {
    readonly peerfold: Peerfold;
  }
}

const VIEWPORT = { width: 1280, height: 800 };

/** One visitor with a profile of their own. */
export class Visitor {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly profile: string | undefined,
  ) {}

  /**
   * In a browser of their own with a real profile: contexts off the record keep their store in memory and
   * would flatter it.
   */
  static async arrive({ browser }: BenchContext): Promise<Visitor> {
    const profile = await mkdtemp(path.join(tmpdir(), 'peerfold-bench-profile-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: browser.executablePath,
      args: [...browser.args],
      viewport: VIEWPORT,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    return new Visitor(context, page, profile);
  }

  /** Off the record in a browser that others use, too: for crowds that would be too many browsers. */
  static async join(browser: Browser): Promise<Visitor> {
    const context = await browser.newContext({ viewport: VIEWPORT });
    return new Visitor(context, await context.newPage(), undefined);
  }

  /** Opens a page and resolves with its `load` event. What was there before is left first. */
  async open(url: string): Promise<void> {
    await this.page.goto('about:blank');
    await this.page.goto(url);
  }

  /** Opens a page and resolves when Peerfold's worker answers it. */
  async openReady(url: string): Promise<void> {
    await this.open(url);
    await this.page.waitForFunction(() => 'peerfold' in window);
    const status = await this.page.evaluate(() => window.peerfold.ready);
    if (!status.active) throw new Error(`Peerfold is off: ${status.reason}`);
  }

  /** Resolves when this page holds links to `count` peers. */
  async linked(count = 1): Promise<void> {
    await this.page.waitForFunction((count) => window.peerfold.stats().links >= count, count);
  }

  /** The latest transfers of this page, oldest first. */
  transfers(): Promise<readonly TransferReport[]> {
    return this.page.evaluate(() => window.peerfold.stats().resources);
  }

  /** Seconds of processor time that this visitor's browser has taken so far, all its processes together. */
  async cpuTime(): Promise<number> {
    return (await this.#processes()).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }

  /** Bytes in memory of the processes that pages and workers run in. */
  async memory(): Promise<number> {
    const renderers = (await this.#processes()).filter(({ command }) => command.includes('--type=renderer'));
    const sizes = await Promise.all(renderers.map(({ pid }) => memoryOf(pid)));
    return sizes.reduce((sum, { now }) => sum + now, 0);
  }

  async emptyHttpCache(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    await session.send('Network.clearBrowserCache');
    await session.detach();
  }

  /** Stops the service worker, as the browser does after half a minute without events. */
  async stopWorker(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    await session.send('ServiceWorker.enable');
    await session.send('ServiceWorker.stopAllWorkers');
    await session.detach();
  }

  async leave(): Promise<void> {
    await this.context.close();
    if (this.profile === undefined) return;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #processes(): Promise<Process[]> {
    const { profile } = this;
    if (profile === undefined) throw new Error('this visitor has no browser of their own');
    return familyOf(await allProcesses(), ({ command }) => command.includes(profile));
  }
}

/** Does something with visitors that arrive as it goes. However it ends, all of them have left by then. */
export async function withVisitors<T>(
  context: BenchContext,
  work: (arrive: () => Promise<Visitor>) => Promise<T>,
): Promise<T> {
  const visitors: Visitor[] = [];
  try {
    return await work(async () => {
      const visitor = await Visitor.arrive(context);
      visitors.push(visitor);
      return visitor;
    });
  } finally {
    await Promise.all(visitors.map((visitor) => visitor.leave()));
  }
}
