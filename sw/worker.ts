import type { Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import type { PageMessage, SiteConfig, Source } from '../src/protocol/bridge.js';
import { isBridgeHello } from '../src/protocol/hello.js';
import type { DigestClaims, PolicyClaims } from '../src/protocol/hasher.js';
import { isOurs } from '../src/protocol/patterns.js';
import type { PieceStore } from '../src/store/port.js';
import { RemoteKeys } from '../src/verify/keys.js';
import { verifyAdmission } from '../src/verify/statements.js';
import type { Tally } from './account.js';
import { Bridge, type WindowClients } from './bridge.js';
import type { Page, Port } from './page.js';
import { Chooser } from './choose.js';
import { Copies } from './copies.js';
import { Disk } from './disk.js';
import { Holdings } from './holdings.js';
import { Intake, type Answerer } from './intake.js';
import { Layers } from './layers.js';
import { Needs } from './needs.js';
import { Origin, type Asked } from './origin.js';
import { PassThrough } from './pass-through.js';
import { Playlists } from './playlists.js';
import { Prefetch } from './prefetch.js';
import type { Readers } from './readers.js';
import { Responder } from './respond.js';
import type { RequestFacts } from './route.js';
import { Saves } from './saves.js';
import { Seen } from './seen.js';
import { TagWatch } from './tag-watch.js';
import { within } from './timers.js';
import { Tokens } from './tokens.js';
import { Trust } from './trust.js';
import { faultMessage, policyMessage } from './worker-messages.js';

/** Everything the worker takes from its platform. */
export interface WorkerOptions {
  readonly config: SiteConfig;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  readonly random: () => number;
  readonly sha256: Sha256;
  readonly store: PieceStore;
  readonly clients: WindowClients;
  readonly isOnline: () => boolean;
  /** The browser objects on the visitor's behalf (Global Privacy Control). */
  readonly privacyControl: boolean;
  /** Media elements ask on after an answer with less than they asked for. */
  readonly playsParts: boolean;
  /** Outlive the worker's other parts when it forgets all: elements that play go on with answers of the same kind. */
  readonly readers: Readers;
  /** There is no tag any more: `forget` is to be called. */
  readonly onForget: () => void;
}

/** The part of a fetch event that tells who is there. */
export interface SeenRequest {
  readonly request: Pick<RequestFacts, 'url' | 'destination' | 'headers'>;
  readonly clientId: string;
  readonly resultingClientId: string;
}

/** A store that hangs is not waited for longer (ms). */
const ERASE_WAIT = 5_000;
/** A page that is opened so wants nothing of us, from its first request on. */
const OFF = /[?&]peerfold=off(?![^&#])/;

/** All parts of the worker, put together; events come in here. */
export class PeerfoldWorker {
  readonly #keys: RemoteKeys;
  readonly #bridge: Bridge;
  readonly #origin: Origin;
  readonly #trust: Trust;
  readonly #tokens: Tokens;
  readonly #holdings: Holdings;
  readonly #needs: Needs;
  readonly #prefetch: Prefetch;
  readonly #seen: Seen;
  readonly #copies: Copies;
  readonly #playlists: Playlists;
  readonly #intake: Intake;
  readonly #tagWatch: TagWatch;
  #isForgotten = false;

  readonly #options: WorkerOptions;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { config, clock, fetch, onForget } = options;
    const { hasher, minSize } = config;
    const onDiffers = this.#onDiffers.bind(this);
    const onOver = this.#report.bind(this);
    const onPolicy = this.#onPolicy.bind(this);
    const settling = this.#guard.bind(this, undefined);
    const trusted = { ...options, fetch: config.static ? revalidating(fetch) : fetch };
    const keys = (this.#keys = new RemoteKeys({ ...trusted, hasher }));
    const bridge = (this.#bridge = new Bridge({ ...options, events: this.#events() }));
    const trust = (this.#trust = new Trust({ ...trusted, keys, onPolicy }));
    const tokens = (this.#tokens = new Tokens({ ...options, keys, trust, ...this.#tokenEvents() }));
    this.#tagWatch = new TagWatch({ ...options, onGone: onForget });
    const disk = new Disk(clock);
    const layers = new Layers({ ...options, hasher, disk });
    const holdings = (this.#holdings = new Holdings({ ...options, disk, layers, tokens, trust, bridge }));
    const needs = (this.#needs = new Needs({ ...options, bridge, layers, holdings }));
    const seen = (this.#seen = new Seen(clock, bridge));
    this.#prefetch = new Prefetch({ ...options, trust, tokens, layers, needs, seen });
    const onTraffic = (on: boolean): void => {
      bridge.toLeader({ t: 'busy', on });
    };
    const origin = (this.#origin = new Origin({ ...options, onTraffic }));
    const known = { ...options, bridge, trust, tokens, layers, holdings, origin, seen };
    const copies = (this.#copies = new Copies({ ...known, minSize, settling, onDiffers }));
    const playlists = (this.#playlists = new Playlists(known));
    const passThrough = new PassThrough({ ...known, copies, onOver });
    const chooser = new Chooser(known);
    const responder = new Responder({ ...known, chooser, needs, passThrough, onOver, onDiffers });
    this.#intake = new Intake({ ...known, chooser, saves: new Saves(clock), playlists, responder });
  }

  /** Tells the windows of a worker that was stopped meanwhile to say hello again. */
  async start(): Promise<void> {
    await this.#bridge.callAll();
  }

  /** A request passes, whoever answers it. One with a resulting client loads a page, frame or worker. */
  see({ request, clientId, resultingClientId }: SeenRequest): void {
    this.#tagWatch.asks(clientId);
    if (!resultingClientId) return;
    const isOn = !OFF.test(request.url);
    this.#bridge.expect(resultingClientId, isOn);
    // What is loaded ahead may never be looked at.
    const isPage = request.destination === 'document' && !request.headers.has('sec-purpose');
    if (isOn && isPage) this.#tagWatch.loads(resultingClientId);
  }

  /** How to answer a request; `undefined` leaves it to the browser, as if there were no worker. Never throws. */
  route(facts: RequestFacts, clientId: string): Answerer | undefined {
    return this.#intake.route(facts, clientId);
  }

  /**
   * Drops all that is kept of the visitor, in memory and on disk, and ends: of later requests only those of elements
   * that play are answered, by the origin. `last` runs before pages are told.
   */
  async forget(last: () => Promise<unknown>): Promise<void> {
    const { clock, store } = this.#options;
    this.#isForgotten = true;
    this.#trust.setAllowed(false);
    await within(clock, ERASE_WAIT, store.erase());
    await last().catch(() => undefined);
    await this.#bridge.dismissAll();
  }

  /** Takes a message posted to the worker; anything but a window's hello with a port is ignored. */
  hello(clientId: string, data: unknown, port: Port | undefined): void {
    if (!port || !isBridgeHello(data)) return;
    // It is told once that is done.
    if (this.#isForgotten) return;
    this.#tagWatch.greeted();
    this.#bridge.accept(clientId, data, port);
  }

  #tokenEvents(): Pick<ConstructorParameters<typeof Tokens>[0], 'onLearned' | 'onOrphan'> {
    return {
      onLearned: (url) => {
        this.#seen.settled(url);
        const digest = this.#tokens.peek(url);
        if (digest) this.#holdings.renewed(digest);
        this.#prefetch.review();
        this.#guard(undefined, this.#copies.settle(url));
      },
      onOrphan: (root) => this.#holdings.withdraw(root),
    };
  }

  #events(): ConstructorParameters<typeof Bridge>[0]['events'] {
    return {
      onAllowed: (page, before) => {
        if (this.#isForgotten) return;
        if (page.visit) this.#options.store.beginVisit(page.visit);
        if (page.allowed || before) this.#trust.setAllowed(page.allowed);
        else this.#guard(undefined, this.#heed());
        this.#prefetch.review();
        page.post(policyMessage(this.#trust.policy));
      },
      onLeader: (page) => {
        page.post(policyMessage(this.#trust.policy));
        page.post({ t: 'busy', on: this.#origin.traffic.busy });
        this.#seen.retell();
        this.#prefetch.review();
        this.#guard(page, this.#holdings.tellAll(page));
      },
      onLeaderLost: (page) => {
        this.#needs.abandon(page);
      },
      onMessage: (page, message) => {
        this.#guard(page, this.#receive(page, message));
      },
    };
  }

  async #receive(page: Page, message: PageMessage): Promise<void> {
    switch (message.t) {
      case 'tokens':
        for (const answer of await this.#tokens.learn(message.tokens)) page.post(answer);
        return;
      case 'unsigned':
        this.#tokens.expectNone(message.urls);
        return;
      case 'loaded':
        this.#loaded(page, message);
        return;
      case 'save':
        this.#intake.save(page, message);
        return;
      case 'ahead':
        this.#prefetch.plan(page.clientId, message.items);
        return;
      case 'layer':
        return this.#needs.layer(page, message);
      case 'piece':
        return this.#needs.piece(page, message);
      case 'miss':
        this.#needs.miss(page, message.id, message.reason);
        return;
      case 'read':
        return this.#holdings.read(page, message.id, message.root, message.index);
      case 'admit':
        page.post({ t: 'admitted', id: message.id, ok: await this.#admits(message) });
        return;
      default:
        // `lead`, `places` and `placed` were the bridge's to handle.
        return;
    }
  }

  #loaded(page: Page, { resources }: PageMessage & { t: 'loaded' }): void {
    const { config } = this.#options;
    for (const { url, destination } of this.#trust.mayShare ? resources : []) {
      const address = new URL(url);
      const isOur = address.origin === config.site && isOurs(config, address, destination);
      if (this.#playlists.again(url, page.clientId) || !isOur || this.#tokens.refused(url)) continue;
      if (!this.#tokens.peek(url)) this.#seen.note(url);
      this.#copies.expect(url);
    }
  }

  /** A page that never was allowed, by its own tag or address, speaks for the visitor only if no other was. */
  async #heed(): Promise<void> {
    if (!(await this.#bridge.isAnyAllowed())) this.#trust.setAllowed(false);
  }

  async #admits({ admission, key }: PageMessage & { t: 'admit' }): Promise<boolean> {
    if (this.#trust.permission !== 'yes') return false;
    const using = { keys: this.#keys, clock: this.#options.clock };
    const checked = await verifyAdmission(admission, key, using).catch(() => undefined);
    const { site, partners } = this.#options.config;
    return checked?.verdict === 'verified' && [site, ...partners].includes(checked.claims.site);
  }

  #onPolicy(policy: PolicyClaims | undefined): void {
    // Without a policy nothing is used; only a policy can say that something is to be forgotten.
    if (policy) this.#tokens.recheck();
    this.#bridge.toAll(policyMessage(policy));
    const { listener } = this.#bridge;
    if (listener && policy?.enabled) this.#guard(listener, this.#holdings.tellAll(listener));
  }

  #onDiffers(digest: DigestClaims, source: Source = 'http'): void {
    this.#tokens.distrust(digest);
    if (source === 'http') this.#bridge.toLeader({ t: 'differs', url: digest.sub, signed: digest.root });
  }

  #report(asked: Asked, tally: Tally): void {
    tally.wasted(this.#needs.takeStrayBytes());
    this.#bridge.to(asked.clientId, { t: 'transfer', report: tally.report() });
    asked.waitUntil(this.#options.store.flush());
  }

  /** Work that no request waits for: what goes wrong in it is told to the page it was for. */
  #guard(page: Page | undefined, work: Promise<void>): void {
    work.catch((error: unknown) => {
      (page ?? this.#bridge.listener)?.post(faultMessage(error));
    });
  }
}

/** The server of a static site may let browsers keep keys and policy for as long as its pictures. */
function revalidating(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (input, init) => fetch(input, { ...init, cache: 'no-cache' });
}
