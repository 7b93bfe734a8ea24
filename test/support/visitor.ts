import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page, type Response } from 'playwright';
import { CHROMIUM_ARGS } from '../../scripts/find-browser.mjs';
import type { Peerfold } from '../../src/index.js';
import { openBrowserWithTabs } from './browser-with-tabs.js';
import { imagesLoaded, scrollToEnd } from './in-page.js';

declare global {
  interface Window {
    peerfold: Peerfold;
  }
}

const BROWSER_ARGUMENTS = [...CHROMIUM_ARGS, '--autoplay-policy=no-user-gesture-required'];

const MEDIA = /^\/(media|live)\//;

/** What a page received for one URL: what it was answered with, and the digest of the body. */
export interface Received {
  readonly path: string;
  readonly status: number;
  readonly sha256: string;
  readonly bytes: number;
  readonly fromWorker: boolean;
}

export interface VisitorOptions {
  /** Pages that are left may be kept, as browsers do. Playwright turns that off: it loses hold of such pages. */
  readonly backForwardCache?: boolean;
  /** Comes in a window of its own of this browser, off the record: cheaper than a browser of one's own. */
  readonly browser?: Browser;
  /** The tab in front is visible and the others are hidden, as for people. Playwright has all in view. */
  readonly hiddenTabs?: boolean;
}

const VIEWPORT = { width: 1280, height: 800 };

/** One browser with one profile, or a window of it with a profile of its own. */
export class Visitor {
  readonly #bodies: Promise<Received | undefined>[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly site: string,
    private readonly close: () => Promise<void>,
  ) {}

  static async arrive(site: string, options: VisitorOptions = {}): Promise<Visitor> {
    const { context, close } = await openWindow(options);
    const page = context.pages()[0] ?? (await context.newPage());
    const visitor = new Visitor(context, page, site, close);
    visitor.watch(page);
    return visitor;
  }

  /** Digests the body of every media response that `page` receives from now on. */
  watch(page: Page): void {
    page.on('response', (response) => {
      if (MEDIA.test(new URL(response.url()).pathname)) this.#bodies.push(digestOf(response));
    });
  }

  /** All media answers received so far whose bodies the browser still had. */
  async received(): Promise<Received[]> {
    const all = await Promise.all(this.#bodies);
    return all.filter((one) => one !== undefined);
  }

  /** Opens a page of the site; resolves when it has loaded and Peerfold is ready. */
  async open(pathname: string, page: Page = this.page): Promise<void> {
    await page.goto(this.site + pathname);
    await this.ready(page);
  }

  /** Another tab of the same browser. */
  async newTab(): Promise<Page> {
    const page = await this.context.newPage();
    this.watch(page);
    return page;
  }

  async ready(page: Page = this.page): Promise<void> {
    await page.waitForFunction(() => 'peerfold' in window);
    await page.evaluate(() => window.peerfold.ready);
  }

  /** Resolves when this page holds at least one link to a peer. */
  async linked(page: Page = this.page): Promise<void> {
    await page.waitForFunction(() => window.peerfold.stats().links > 0);
  }

  stats(page: Page = this.page): Promise<ReturnType<Peerfold['stats']>> {
    return page.evaluate(() => window.peerfold.stats());
  }

  /** Scrolls to the end at reading pace: half a viewport every `pause` ms. */
  async readToEnd(pause = 250, page: Page = this.page): Promise<void> {
    await page.evaluate(scrollToEnd, pause);
    await this.allImagesLoaded('all', page);
  }

  /** Resolves when every image of the page is decoded, or only the `eager` ones. */
  async allImagesLoaded(which: 'all' | 'eager' = 'all', page: Page = this.page): Promise<void> {
    await page.waitForFunction(imagesLoaded, which);
  }

  /** Stops the service worker as the browser does when it is idle; the next event starts it anew. */
  async stopWorker(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    await session.send('ServiceWorker.enable');
    await session.send('ServiceWorker.stopAllWorkers');
    await session.detach();
  }

  /** Empties the browser's HTTP cache, and nothing else. */
  async clearHttpCache(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    await session.send('Network.clearBrowserCache');
    await session.detach();
  }

  leave(): Promise<void> {
    return this.close();
  }
}

interface OpenWindow {
  readonly context: BrowserContext;
  readonly close: () => Promise<void>;
}

async function openWindow(options: VisitorOptions): Promise<OpenWindow> {
  if (options.browser) {
    const context = await options.browser.newContext({ viewport: VIEWPORT });
    return { context, close: () => context.close() };
  }
  const profile = await mkdtemp(path.join(tmpdir(), 'peerfold-visitor-'));
  const { context, close } = await (options.hiddenTabs
    ? openBrowserWithTabs(profile, VIEWPORT)
    : launch(profile, options));
  return {
    context,
    close: async () => {
      await close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

async function launch(profile: string, options: VisitorOptions): Promise<OpenWindow> {
  const executablePath = process.env['PEERFOLD_CHROMIUM'];
  const context = await chromium.launchPersistentContext(profile, {
    args: BROWSER_ARGUMENTS,
    ignoreDefaultArgs: options.backForwardCache ? ['--disable-back-forward-cache'] : [],
    viewport: VIEWPORT,
    ...(executablePath === undefined ? {} : { executablePath }),
  });
  return { context, close: () => context.close() };
}

async function digestOf(response: Response): Promise<Received | undefined> {
  try {
    const body = await response.body();
    return {
      path: new URL(response.url()).pathname,
      status: response.status(),
      sha256: createHash('sha256').update(body).digest('hex'),
      bytes: body.byteLength,
      fromWorker: response.fromServiceWorker(),
    };
  } catch {
    // The browser keeps no bodies of media streams and of pages that were left.
    return undefined;
  }
}
