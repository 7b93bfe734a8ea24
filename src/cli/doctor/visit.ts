import type { Browser, BrowserContext, Page, Response, WebSocket } from 'playwright-core';
import type { Clock } from '../../core/clock.js';
import { reasonOf } from '../../core/errors.js';
import { within } from '../../core/within.js';
import { parseObject } from '../../protocol/check.js';
import { MAX_TRACKER_MESSAGE } from '../../core/limits.js';
import type { Opening, PageSeen, ScriptSeen } from './examination.js';
import { claim, consent, look, request, resources, scrollThrough } from './in-page/look.js';
import type { Fetched, ResourceSeen, Standing } from './in-page/look.js';
import { OBSERVERS, type Registered } from './in-page/observe.js';
import { isDecided, isLatent, rivalsOf } from './deciding.js';

export interface VisitOptions {
  readonly browser: Browser;
  readonly clock: Clock;
  /** How long the page may take to load, and to be decided about after that (ms). */
  readonly timeout: number;
}

/** Lines kept of each console. */
const MAX_LINES = 200;
/** Between two looks at a page (ms). */
const LOOK_AGAIN = 50;
/** A worker that takes pages over does so within this time (ms) from when it could. */
const CLAIM = 1000;
/** What a page registers it mostly does within this time (ms) after it has loaded. */
const LATE_WORKER = 1000;
/** Resources named of a page. */
const MAX_RESOURCES = 300;
const SCROLL = { screens: 20, pause: 60 };
/** Of a page that tells nothing. */
const UNSEEN: Standing = {
  ...{ secure: true, started: false, links: 0 },
  ...{ tags: [], policies: [], registrations: [], registered: [], violations: [], faults: [] },
};
const OURS = /\/peerfold[\w-]*\.js$/;

/** One visitor with a profile of its own, and what is heard of their page. Never throws for what a site does. */
export class Visit {
  readonly #console: string[] = [];
  readonly #workerConsole: string[] = [];
  readonly #scripts = new Map<string, ScriptSeen>();
  readonly #registered = new Map<string, Registered>();
  readonly #sockets: { url: string; welcomed: boolean }[] = [];
  /** Prefixes of the roots that the page announced. */
  readonly announced = new Set<string>();
  /** What the tracker brought of other visitors. */
  readonly heard = new Set<'peers' | 'signal'>();
  #opening: Opening = { ok: false, problem: 'nothing was opened' };
  #policy = '';
  #standing: Standing = UNSEEN;
  #firstReason: string | undefined;
  #consented = false;
  #reloaded = false;
  #isBlocking = false;
  #chooses = false;

  private constructor(
    private readonly options: VisitOptions,
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {}

  static async begin(options: VisitOptions): Promise<Visit> {
    const context = await options.browser.newContext({ viewport: { width: 1280, height: 800 } });
    for (const observe of OBSERVERS) await context.addInitScript(observe);
    const visit = new Visit(options, context, await context.newPage());
    visit.#listen();
    return visit;
  }

  async end(): Promise<void> {
    await this.context.close();
  }

  /** Opens `url` without getting any of `blocked`. */
  async open(url: string, blocked: readonly string[] = []): Promise<Opening> {
    const { timeout } = this.options;
    try {
      this.#isBlocking = blocked.length > 0;
      if (this.#isBlocking)
        await this.page.route(
          ({ href }) => blocked.includes(href),
          (route) => route.abort(),
        );
      const response = await this.page.goto(url, { waitUntil: 'domcontentloaded', timeout });
      if (response) await this.#opened(response);
      await this.page.waitForLoadState('load', { timeout }).catch(() => undefined);
    } catch (error) {
      this.#opening = { ok: false, problem: browserProblem(error) };
    }
    return this.#opening;
  }

  /** How the page stands once it is decided whether Peerfold runs on it, or after all the time there is. */
  async decided(): Promise<PageSeen> {
    const seen = await this.#undisturbed();
    if (!isLatent(seen, this.page.url())) return seen;
    await this.#bounded(this.#beTakenOver(), undefined);
    return this.#undisturbed();
  }

  /** The same, but it may be for want of another page. */
  #undisturbed(): Promise<PageSeen> {
    const { clock } = this.options;
    const since = clock.ticks();
    let latent = Infinity;
    return this.until((seen) => {
      const address = this.page.url();
      const now = clock.ticks();
      if (this.#consents(seen)) return false;
      latent = isLatent(seen, address) ? Math.min(latent, now) : Infinity;
      return isDecided(seen, address, now - since) || now - latent >= CLAIM;
    });
  }

  /** Gives consent, once the page knows how it stands without. */
  #consents({ started, status, faults }: PageSeen): boolean {
    if (this.#consented || !started || (!status && faults.length === 0)) return false;
    this.#consented = true;
    this.#firstReason = status?.reason;
    void this.page.evaluate(consent).catch(() => undefined);
    return true;
  }

  /** As visitors are with their second page. Where something is blocked, it would come through the worker then. */
  async #beTakenOver(): Promise<void> {
    this.#reloaded = true;
    if (!this.#isBlocking) await this.page.reload({ waitUntil: 'load' });
    else await Promise.all(this.context.serviceWorkers().map((worker) => worker.evaluate(claim)));
  }

  /** The page after one more load: of two workers for one scope the other one takes its turn then. */
  async again(): Promise<PageSeen> {
    await this.#bounded(this.page.reload({ waitUntil: 'load' }), undefined);
    return this.until((seen) => rivalsOf(seen, this.page.url()).length > 0, LATE_WORKER);
  }

  /** How the page stands when `isThere` holds, or after all the time there is. */
  async until(isThere: (seen: PageSeen) => boolean, timeout = this.options.timeout): Promise<PageSeen> {
    const { clock } = this.options;
    const end = clock.ticks() + timeout;
    for (;;) {
      const seen = this.#seen(await this.#look());
      if (isThere(seen) || clock.ticks() >= end) return seen;
      await new Promise<void>((resolve) => clock.setTimeout(resolve, LOOK_AGAIN));
    }
  }

  /** What the page shows after it was scrolled through. */
  async resources(): Promise<ResourceSeen[]> {
    await this.#bounded(this.page.evaluate(scrollThrough, SCROLL), undefined);
    return this.#bounded(this.page.evaluate(resources, MAX_RESOURCES), []);
  }

  /** Requests these anew, now that nothing is blocked any more. */
  async request(wanted: readonly ResourceSeen[]): Promise<Fetched[]> {
    await this.page.unrouteAll({ behavior: 'ignoreErrors' });
    return this.#bounded(this.page.evaluate(request, wanted), []);
  }

  async #look(): Promise<Standing> {
    this.#standing = await this.#bounded(this.page.evaluate(look), this.#standing);
    this.#chooses ||= this.#standing.chooses === true;
    for (const one of this.#standing.registered)
      if (this.#registered.size < MAX_LINES) this.#registered.set(`${one.scope} ${one.script}`, one);
    return this.#standing;
  }

  /** What a page comes to; `otherwise` where it leads elsewhere meanwhile, or stands still. */
  #bounded<T>(work: Promise<T>, otherwise: T): Promise<T> {
    const { clock, timeout } = this.options;
    return within(
      clock,
      timeout,
      work.catch(() => otherwise),
      () => otherwise,
    );
  }

  #listen(): void {
    const { page, context } = this;
    page.on('console', (message) => {
      if (message.worker() || !['error', 'warning'].includes(message.type())) return;
      if (this.#console.length < MAX_LINES) this.#console.push(message.text());
    });
    context.on('serviceworker', (worker) => {
      worker.on('console', (message) => {
        if (message.type() === 'error' && this.#workerConsole.length < MAX_LINES)
          this.#workerConsole.push(message.text());
      });
    });
    page.on('response', (response) => {
      this.#script(response.url(), scriptOf(response));
    });
    page.on('requestfailed', (failed) => {
      const failure = failed.failure()?.errorText ?? 'failed';
      // A script that came with an error is given up after that.
      if (this.#scripts.has(failed.url())) return;
      this.#script(failed.url(), { url: failed.url(), status: 0, type: '', cacheControl: '', failure });
    });
    page.on('websocket', (socket) => {
      this.#socket(socket);
    });
  }

  #script(url: string, seen: ScriptSeen): void {
    if (URL.canParse(url) && OURS.test(new URL(url).pathname) && this.#scripts.size < MAX_LINES)
      this.#scripts.set(url, seen);
  }

  #socket(socket: WebSocket): void {
    const entry = { url: socket.url(), welcomed: false };
    this.#sockets.push(entry);
    socket.on('framereceived', ({ payload }) => {
      const { t, peers } = messageIn(payload) ?? {};
      if (t === 'welcome') entry.welcomed = true;
      if (t === 'signal' || (t === 'peers' && Array.isArray(peers) && peers.length > 0)) this.heard.add(t);
    });
    socket.on('framesent', ({ payload }) => {
      const message = messageIn(payload);
      if (message?.['t'] !== 'have' || !Array.isArray(message['add'])) return;
      for (const prefix of message['add']) this.announced.add(String(prefix));
    });
  }

  async #opened(response: Response): Promise<void> {
    const headers = await response.allHeaders();
    this.#policy = headers['content-security-policy'] ?? '';
    const type = headers['content-type'] ?? '';
    this.#opening = { ok: true, url: response.url(), status: response.status(), type };
  }

  #seen(standing: Standing): PageSeen {
    return {
      ...standing,
      policy: this.#policy,
      console: [...this.#console],
      workerConsole: [...this.#workerConsole],
      scripts: [...this.#scripts.values()],
      sockets: this.#sockets.map((socket) => ({ ...socket })),
      registered: [...this.#registered.values()],
      reloaded: this.#reloaded,
      chooses: this.#chooses,
      ...(this.#firstReason === undefined ? {} : { firstReason: this.#firstReason }),
    };
  }
}

function scriptOf(response: Response): ScriptSeen {
  const headers = response.headers();
  return {
    url: response.url(),
    status: response.status(),
    type: headers['content-type'] ?? '',
    cacheControl: headers['cache-control'] ?? '',
  };
}

function messageIn(payload: string | Buffer): Readonly<Record<string, unknown>> | undefined {
  return typeof payload === 'string' ? parseObject(payload, 2 * MAX_TRACKER_MESSAGE) : undefined;
}

/** `page.goto: net::ERR_NAME_NOT_RESOLVED at https://…` and a call log. */
function browserProblem(error: unknown): string {
  const [first = ''] = reasonOf(error).split('\n');
  const [, ms] = /Timeout (\d+)ms exceeded/.exec(first) ?? [];
  if (ms !== undefined) return `no answer within ${Number(ms) / 1000} s`;
  return first.replace(/^page\.goto: /, '').replace(/ at https?:\/\/.*$/, '');
}
