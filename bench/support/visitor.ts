import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright';
import type { Peerfold, TransferReport } from '../../src/index.js';
import type { BenchContext } from '../report.js';

declare global {
  interface Window {
    readonly peerfold: Peerfold;
  }
}

const VIEWPORT = { width: 1280, height: 800 };

/**
 * One browser with a real profile of its own: contexts off the record keep their store in memory and
 * would flatter it.
 */
export class Visitor {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly profile: string,
  ) {}

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

  /** Resolves when this page holds a link to a peer. */
  async linked(): Promise<void> {
    await this.page.waitForFunction(() => window.peerfold.stats().links > 0);
  }

  /** The latest transfers of this page, oldest first. */
  transfers(): Promise<readonly TransferReport[]> {
    return this.page.evaluate(() => window.peerfold.stats().resources);
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
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
