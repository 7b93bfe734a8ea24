import { BoundedMap } from '../src/core/bounded-map.js';
import { BUILD } from '../src/core/build.js';
import type { Clock } from '../src/core/clock.js';
import type {
  FallbackReason,
  LoadedResource,
  PageMessage,
  SiteConfig,
  WorkerMessage,
} from '../src/protocol/bridge.js';
import { BRIDGE_FORGOTTEN, type BridgeCall, type BridgeHello } from '../src/protocol/hello.js';
import { parsePageMessage } from '../src/protocol/page-message.js';
import { withEarly } from './early.js';
import { Page, type Port } from './page.js';
import { deferred, within, type Deferred } from './timers.js';

/** The part of a `Client` that the bridge uses. */
export interface WindowClient {
  readonly id: string;
  readonly frameType?: string;
  postMessage(message: unknown): void;
}

/** The worker's `Clients`, as far as it is needed. */
export interface WindowClients {
  get(id: string): Promise<WindowClient | undefined>;
  all(): Promise<readonly WindowClient[]>;
}

/** Where a resource sits, in the only unit that matters here: milliseconds that peers may take. */
export interface Placement {
  readonly wait: number;
  readonly reason?: FallbackReason | undefined;
  /** The origin may give one part of a large file while peers give others. */
  readonly together?: boolean | undefined;
  /** The origin takes so long that peers may turn up while it does. */
  readonly slow?: boolean | undefined;
  /** Nobody may hold it yet, but somebody will, and says what it is within so many milliseconds. */
  readonly lasting?: number | undefined;
  /** Bytes per second at which to hand out what is not the origin's. */
  readonly rate?: number | undefined;
}

export interface BridgeEvents {
  /** A page said hello, and with that whether it is allowed; `before`: it was, the last time it said so. */
  onAllowed(page: Page, before: boolean): void;
  onLeader(page: Page): void;
  /** The page leads no more, or is gone: what it was asked for will not come. */
  onLeaderLost(page: Page): void;
  onMessage(page: Page, message: PageMessage): void;
}

export interface BridgeOptions {
  readonly config: SiteConfig;
  readonly clock: Clock;
  readonly clients: WindowClients;
  readonly events: BridgeEvents;
}

/** A live page answers in 4 to 29 ms (measured); one that takes longer is busy, and busy pages use HTTP. */
export const PLACE_WAIT = 50;
/** Players read ahead of what they show, and scripts wait for their own page anyway: no hurry. */
const PATIENT_WAIT = 200;
/** Where the origin takes seconds, it is not quicker for being asked at once. */
export const SLOW_WAIT = 1000;
/** How long the first requests of a new page wait for its script to say hello, counted from the first. */
export const CONNECT_WAIT = 60;
/** Peers never get longer than this (ms), whatever a page proposes. */
export const MAX_PEER_WAIT = 10_000;
/** Windows remembered; more tabs of one site than this are forgotten, and go over HTTP. */
const MAX_PAGES = 64;

/** Clients remembered as loaded through this worker: frames and workers of those tabs, too. */
const MAX_BORN = 512;

/** What a page that does not answer is taken to say. */
export const NOWHERE: Placement = { wait: 0, reason: 'no-answer' };

/**
 * The worker's end of all ports. It keeps who is connected and who leads, and matches answers to
 * questions; what messages mean is the business of `events`. A page that lies here gains nothing but
 * HTTP for itself.
 */
export class Bridge {
  readonly #pages = new BoundedMap<string, Page>(MAX_PAGES);
  /**
   * Clients whose own document or script came through this worker, so that it knows all they asked for. False for
   * pages that want nothing of us.
   */
  readonly #born = new BoundedMap<string, boolean>(MAX_BORN);
  readonly #arrivals = new BoundedMap<string, { until: number; page: Deferred<Page | undefined> }>(MAX_PAGES);
  readonly #placements = new Map<number, { page: Page; answer: Deferred<Placement> }>();
  readonly #early = new BoundedMap<string, readonly WorkerMessage[]>(MAX_PAGES);
  #leader: Page | undefined;
  #nextId = 1;

  readonly #options: BridgeOptions;

  constructor(options: BridgeOptions) {
    this.#options = options;
  }

  /** The page whose engine can be asked; one that has fallen silent counts as none. */
  get leader(): Page | undefined {
    return this.#leader?.silent ? undefined : this.#leader;
  }

  /** The page whose engine works for all, silent or not: what it is told it will hear once it can. */
  get listener(): Page | undefined {
    return this.#leader;
  }

  newId(): number {
    return this.#nextId++;
  }

  /** Asks every window to say hello: after a restart all ports are gone. Frames carry no script of ours. */
  async callAll(): Promise<void> {
    for (const client of await this.#options.clients.all()) {
      if (client.frameType === 'nested') this.expect(client.id);
      else client.postMessage({ peerfold: 'call', build: BUILD } satisfies BridgeCall);
    }
  }

  /** Takes the port that came with a window's hello. */
  accept(clientId: string, hello: BridgeHello, port: Port): void {
    if (hello.build !== BUILD) {
      port.postMessage({ t: 'mismatch', build: BUILD } satisfies WorkerMessage, []);
      port.close();
      return;
    }
    const page = new Page(clientId, hello.visit, hello.allowed, hello.early, port);
    const before = this.#pages.get(clientId);
    this.#remove(before);
    this.#pages.set(clientId, page);
    port.onmessage = ({ data }) => {
      this.#receive(page, data);
    };
    page.post({ t: 'welcome', build: BUILD, config: this.#options.config });
    this.#options.events.onAllowed(page, before?.allowed ?? false);
    this.#arrivals.get(clientId)?.page.resolve(page);
  }

  /** A page, frame or worker is about to be loaded through this worker; it may never say hello, and want nothing of us. */
  expect(clientId: string, isOn = true): void {
    this.#born.set(clientId, isOn);
  }

  /** Whether this page, whatever others do, goes without us. */
  isOff(clientId: string): boolean {
    return !(this.#pages.get(clientId)?.allowed ?? this.#born.get(clientId) ?? true);
  }

  /** Whether any page that is still there said that we may. */
  async isAnyAllowed(): Promise<boolean> {
    const there = (await this.#options.clients.all()).map(({ id }) => this.#pages.get(id));
    return there.some((page) => page?.allowed);
  }

  /** Everything is forgotten: no page is heard any more, and all windows are told, with or without a port. */
  async dismissAll(): Promise<void> {
    for (const page of this.#pages.values()) this.#remove(page);
    for (const client of await this.#options.clients.all()) client.postMessage(BRIDGE_FORGOTTEN);
  }

  /** Whether everything that this client ever asked for came through this worker. */
  isBorn(clientId: string): boolean {
    return this.#born.has(clientId);
  }

  /** Why it is no use to ask this page where something sits: one that is still loading has no engine. */
  whyNotAsk(clientId: string): FallbackReason | undefined {
    const page = this.#pages.get(clientId);
    if (page?.silent) return 'no-answer';
    return (page ? page.places : this.#mayArrive(clientId)) ? undefined : 'no-engine';
  }

  /** The page of a client; one that was there before this worker is given a moment to say hello. */
  async pageOf(clientId: string): Promise<Page | undefined> {
    return this.#pages.get(clientId) ?? (this.isBorn(clientId) ? undefined : this.#arriving(clientId));
  }

  /** Asks the requesting page where a resource sits. Never rejects; no answer within `wait` ms means HTTP now. */
  async place(
    clientId: string,
    { url, destination, start }: LoadedResource & { readonly start?: number | undefined },
    wait = PATIENT_WAIT,
  ): Promise<Placement> {
    const page = await this.pageOf(clientId);
    if (!page || page.silent) return NOWHERE;
    const id = this.newId();
    const answer = deferred<Placement>();
    this.#placements.set(id, { page, answer });
    page.post({ t: 'place', id, url, destination, ...(start === undefined ? {} : { start }) });
    const placement = await within(this.#options.clock, wait, answer.promise);
    this.#placements.delete(id);
    if (!placement) {
      // It is not asked again before it has spoken: the late answer to this question will do.
      page.silent = true;
      void this.checkPresence(page);
    }
    return placement ?? NOWHERE;
  }

  /**
   * Something from `page` is overdue: if its window is gone, so is its port. Only the platform's word
   * counts, however late: a busy machine takes long to give it, and a page is not called back.
   */
  async checkPresence(page: Page): Promise<void> {
    const { clients } = this.#options;
    const isGone = await clients.get(page.clientId).then(
      (client) => client === undefined,
      () => false,
    );
    if (isGone && this.#pages.get(page.clientId) === page) this.#remove(page);
  }

  /** What is for a page without an engine waits for that: its first images are answered before. */
  to(clientId: string, message: WorkerMessage): void {
    const page = this.#pages.get(clientId);
    if (page?.places) page.post(message);
    else this.#early.set(clientId, withEarly(this.#early.get(clientId) ?? [], message));
  }

  toLeader(message: WorkerMessage): void {
    this.#leader?.post(message);
  }

  toAll(message: WorkerMessage): void {
    for (const page of this.#pages.values()) page.post(message);
  }

  /** One that was called, or has just come under our control, says hello soon or never. */
  async #arriving(clientId: string): Promise<Page | undefined> {
    const { clock } = this.#options;
    const arrival = this.#arrivals.get(clientId) ?? {
      until: clock.ticks() + CONNECT_WAIT,
      page: deferred<Page | undefined>(),
    };
    this.#arrivals.set(clientId, arrival);
    const remaining = arrival.until - clock.ticks();
    return remaining > 0 ? within(clock, remaining, arrival.page.promise) : undefined;
  }

  /** Whether a client that has not said hello may still do so. */
  #mayArrive(clientId: string): boolean {
    const until = this.#arrivals.get(clientId)?.until ?? Infinity;
    return !this.isBorn(clientId) && this.#options.clock.ticks() < until;
  }

  #receive(page: Page, data: unknown): void {
    const message = parsePageMessage(data);
    if (!message) return;
    page.silent = false;
    if (message.t === 'placed') this.#placed(page, message);
    else if (message.t === 'lead') this.#lead(page, message.on);
    else if (message.t === 'places') this.#places(page, message.on);
    else this.#options.events.onMessage(page, message);
  }

  #places(page: Page, on: boolean): void {
    page.places = on;
    if (!on) return;
    for (const message of this.#early.get(page.clientId) ?? []) page.post(message);
    this.#early.delete(page.clientId);
  }

  #placed(page: Page, message: PageMessage & { t: 'placed' }): void {
    const { id, wait, reason, together, slow, lasting, rate } = message;
    const question = this.#placements.get(id);
    if (question?.page !== page) return;
    const { fallbackMs } = this.#options.config;
    const allowed = wait > 0 ? Math.min(fallbackMs ?? wait, MAX_PEER_WAIT) : 0;
    question.answer.resolve({ wait: allowed, reason, together, slow, lasting, rate });
  }

  #lead(page: Page, on: boolean): void {
    const before = this.#leader;
    if (on) this.#leader = page;
    else if (before === page) this.#leader = undefined;
    if (before && before !== this.#leader) this.#options.events.onLeaderLost(before);
    if (on) this.#options.events.onLeader(page);
  }

  #remove(page: Page | undefined): void {
    if (!page) return;
    this.#lead(page, false);
    if (this.#pages.get(page.clientId) === page) this.#pages.delete(page.clientId);
    page.close();
  }
}
