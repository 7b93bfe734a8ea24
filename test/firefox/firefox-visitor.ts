import { createHash } from 'node:crypto';
import { launch, type Browser, type HTTPResponse, type Page } from 'puppeteer-core';
import type { Peerfold } from '../../src/index.js';
import { imagesLoaded, scrollToEnd } from '../support/in-page.js';
import type { Received } from '../support/visitor.js';

/** Beyond those of puppeteer, which keep Firefox from most of what it does by itself. */
const PREFERENCES = {
  // Whatever else it wants to reach is not there.
  'network.dns.native-is-localhost': true,
  // Other visitors are on this machine, which may have no other network and no mDNS.
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
};

/** Firefox with a profile of its own. It speaks WebDriver BiDi, which Playwright does not. */
export class FirefoxVisitor {
  readonly #bodies: Promise<Omit<Received, 'fromWorker'>>[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly site: string,
  ) {
    page.on('response', (response) => {
      const path = new URL(response.url()).pathname;
      if (path.startsWith('/media/images/')) this.#bodies.push(digestOf(path, response));
    });
  }

  static async arrive(site: string): Promise<FirefoxVisitor> {
    const executablePath = process.env['PEERFOLD_FIREFOX'];
    if (!executablePath) {
      throw new Error('Firefox is needed: install firefox-esr, or name one with PEERFOLD_FIREFOX');
    }
    const browser = await launch({
      browser: 'firefox',
      executablePath,
      extraPrefsFirefox: PREFERENCES,
      defaultViewport: { width: 1280, height: 800 },
    });
    return new FirefoxVisitor(browser, await browser.newPage(), site);
  }

  /** All answers with images received so far. */
  received(): Promise<Omit<Received, 'fromWorker'>[]> {
    return Promise.all(this.#bodies);
  }

  /** Opens a page of the site; resolves when it has loaded and Peerfold is ready. */
  async open(pathname: string): Promise<void> {
    await this.page.goto(this.site + pathname);
    await this.page.waitForFunction(() => 'peerfold' in window);
    await this.page.evaluate(() => window.peerfold.ready);
  }

  /** Resolves when the page holds at least one link to a peer. */
  async linked(): Promise<void> {
    await this.page.waitForFunction(() => window.peerfold.stats().links > 0);
  }

  stats(): Promise<ReturnType<Peerfold['stats']>> {
    return this.page.evaluate(() => window.peerfold.stats());
  }

  /** Scrolls to the end, half a viewport every `pause` ms; resolves when every image is decoded. */
  async readToEnd(pause = 250): Promise<void> {
    await this.page.evaluate(scrollToEnd, pause);
    await this.page.waitForFunction(imagesLoaded, {}, 'all' as const);
  }

  async leave(): Promise<void> {
    await this.browser.close();
  }
}

async function digestOf(path: string, response: HTTPResponse): Promise<Omit<Received, 'fromWorker'>> {
  const body = await response.buffer();
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { path, status: response.status(), sha256, bytes: body.byteLength };
}
