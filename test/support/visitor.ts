import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page, type Response } from 'playwright';
import type { Peerfold } from '../../src/index.js';

declare global {
  interface Window {
    readonly peerfold: Peerfold;
  }
}

const BROWSER_ARGUMENTS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-sync',
  '--no-first-run',
  '--no-default-browser-check',
  '--autoplay-policy=no-user-gesture-required',
];

/** What a page received for one URL: what it was answered with, and the digest of the body. */
export interface Received {
  readonly path: string;
  readonly status: number;
  readonly sha256: string;
  readonly bytes: number;
  readonly fromWorker: boolean;
}

/** One browser with one profile. */
export class Visitor {
  readonly #bodies: Promise<Received | undefined>[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly site: string,
    private readonly profile: string,
  ) {}

  static async arrive(site: string): Promise<Visitor> {
    const profile = await mkdtemp(path.join(tmpdir(), 'peerfold-visitor-'));
    const executablePath = process.env['PEERFOLD_CHROMIUM'];
    const context = await chromium.launchPersistentContext(profile, {
      args: BROWSER_ARGUMENTS,
      viewport: { width: 1280, height: 800 },
      ...(executablePath === undefined ? {} : { executablePath }),
    });
    const page = context.pages()[0] ?? (await context.newPage());
    const visitor = new Visitor(context, page, site, profile);
    visitor.watch(page);
    return visitor;
  }

  /** Digests the body of every media response that `page` receives from now on. */
  watch(page: Page): void {
    page.on('response', (response) => {
      if (new URL(response.url()).pathname.startsWith('/media/')) this.#bodies.push(digestOf(response));
    });
  }

  /** All media answers received so far whose bodies the browser still had. */
  async received(): Promise<Received[]> {
    const all = await Promise.all(this.#bodies);
    return all.filter((one) => one !== undefined);
  }

  /** Opens a page of the site; resolves when it has loaded and Peerfold is ready. */
  async open(pathname: string): Promise<void> {
    await this.page.goto(this.site + pathname);
    await this.ready();
  }

  async ready(page: Page = this.page): Promise<void> {
    await page.waitForFunction(() => window.peerfold !== undefined);
    await page.evaluate(() => window.peerfold.ready);
  }

  /** Resolves when this page holds at least one link to a peer. */
  async linked(page: Page = this.page): Promise<void> {
    await page.waitForFunction(() => window.peerfold.stats().links > 0);
  }

  stats(): Promise<ReturnType<Peerfold['stats']>> {
    return this.page.evaluate(() => window.peerfold.stats());
  }

  /** Scrolls to the end at reading pace: half a viewport every `pause` ms. */
  async readToEnd(pause = 250): Promise<void> {
    await this.page.evaluate(async (pause) => {
      const atEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
      while (!atEnd()) {
        scrollBy(0, innerHeight / 2);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }, pause);
    await this.allImagesLoaded();
  }

  /** Resolves when every image of the page is decoded, or only the `eager` ones. */
  async allImagesLoaded(which: 'all' | 'eager' = 'all'): Promise<void> {
    await this.page.waitForFunction((which) => {
      const images = [...document.images].filter((image) => which === 'all' || image.loading !== 'lazy');
      return images.every((image) => image.complete && image.naturalWidth > 0);
    }, which);
  }

  /** Stops the service worker as the browser does when it is idle; the next event starts it anew. */
  async stopWorker(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    await session.send('ServiceWorker.enable');
    await session.send('ServiceWorker.stopAllWorkers');
    await session.detach();
  }

  async leave(): Promise<void> {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 3 });
  }
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
