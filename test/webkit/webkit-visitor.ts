import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Builder, Capabilities, type WebDriver } from 'selenium-webdriver';
import { DriverService } from 'selenium-webdriver/remote/index.js';
import type { Stats } from '../../src/index.js';
import { imagesLoaded, scrollToEnd } from '../support/in-page.js';

/** How long (ms) a script of a test may run in the page. */
const SCRIPT_TIME = 60_000;

/** A screen that nobody sees: this browser has no headless mode. */
class Screen {
  private constructor(
    private readonly server: ChildProcess,
    readonly name: string,
  ) {}

  static async open(program: string): Promise<Screen> {
    // It takes a number that is free, and tells that on its standard output.
    const server = spawn(program, ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const failed = new Promise<never>((_, reject) => {
      server.once('error', reject);
      server.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)));
    });
    failed.catch(() => undefined);
    const said = new Promise<string>((resolve) => createInterface(server.stdout).once('line', resolve));
    return new Screen(server, `:${await Promise.race([said, failed])}`);
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.server.once('exit', resolve));
    if (this.server.kill()) await gone;
  }
}

/** The small browser that comes with GTK's port of WebKit. It has all that Safari's engine has but WebRTC. */
export class WebKitVisitor {
  private constructor(
    private readonly site: string,
    private readonly driver: WebDriver,
    private readonly service: DriverService,
    private readonly screen: Screen,
  ) {}

  static async arrive(site: string): Promise<WebKitVisitor> {
    const { PEERFOLD_WEBKIT: program, PEERFOLD_SCREEN: screenProgram } = process.env;
    if (!program || !screenProgram)
      throw new Error(
        'WebKit is needed: install webkit2gtk-driver and xvfb, or name them (scripts/find-webkit.mjs)',
      );
    const screen = await Screen.open(screenProgram);
    const environment = { ...process.env, DISPLAY: screen.name };
    const service = new DriverService.Builder(program).setLoopback(true).setEnvironment(environment).build();
    const capabilities = new Capabilities({ browserName: 'MiniBrowser', timeouts: { script: SCRIPT_TIME } });
    const driver = await new Builder()
      .usingServer(await service.start())
      .withCapabilities(capabilities)
      .build();
    return new WebKitVisitor(site, driver, service, screen);
  }

  /** Opens a page of the site; resolves when it has loaded, and Peerfold is ready if it runs there. */
  async open(pathname: string): Promise<void> {
    await this.driver.get(this.site + pathname);
    await this.run(async () => {
      await (window as Partial<Window>).peerfold?.ready;
    });
  }

  /** What `work` gives in the page; it sees nothing but the page and `args`. */
  async run<Args extends unknown[], Result>(
    work: (...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>> {
    return this.driver.executeScript<Awaited<Result>>(`return (${String(work)})(...arguments)`, ...args);
  }

  stats(): Promise<Stats> {
    return this.run(() => window.peerfold.stats());
  }

  /** Scrolls to the end, half a viewport every `pause` ms; resolves when every image is decoded. */
  async readToEnd(pause = 250): Promise<void> {
    await this.run(scrollToEnd, pause);
    await this.driver.wait(() => this.run(imagesLoaded, 'all' as const), SCRIPT_TIME);
  }

  async leave(): Promise<void> {
    await this.driver.quit();
    await this.service.kill();
    await this.screen.close();
  }
}
