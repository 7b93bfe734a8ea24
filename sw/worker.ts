import type { CanonicalUrl } from '../src/core/brands.js';
import type { Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { DOWNLOAD_WAIT } from '../src/core/deadline.js';
import { isBridgeHello, type PageMessage, type SiteConfig, type Source } from '../src/protocol/bridge.js';
import type { DigestClaims, PolicyClaims } from '../src/protocol/hasher.js';
import { isOurs } from '../src/protocol/patterns.js';
import type { PieceStore } from '../src/store/port.js';
import { RemoteKeys } from '../src/verify/keys.js';
import { verifyAdmission } from '../src/verify/statements.js';
import type { Tally } from './account.js';
import { Bridge, type WindowClients } from './bridge.js';
import type { Page, Port } from './page.js';
import { Chooser, type Choice } from './choose.js';
import { Copies } from './copies.js';
import { Disk } from './disk.js';
import { Holdings } from './holdings.js';
import { Layers } from './layers.js';
import { Needs } from './needs.js';
import { Origin, type Asked } from './origin.js';
import { PassThrough } from './pass-through.js';
import { Playlists } from './playlists.js';
import { Prefetch } from './prefetch.js';
import { Readers, takesSlices } from './readers.js';
import { Responder } from './respond.js';
import { fileRouteOf, routeOf, type RequestFacts, type Route } from './route.js';
import { dispositionOf, Saves } from './saves.js';
import { Seen } from './seen.js';
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
}

/** A request that is ours, and what was seen of it when that was decided. */
export type Taken = Pick<Asked, 'route' | 'look'> & Partial<Pick<Asked, 'clientId'>>;

/** All parts of the worker, put together; events come in here. */
export class PeerfoldWorker {
  /** For requests that `take` left. */
  readonly playlists: Playlists;
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
  readonly #chooser: Chooser;
  readonly #saves: Saves;
  readonly #responder: Responder;

  readonly #options: WorkerOptions;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { config, clock, fetch } = options;
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
    this.#saves = new Saves(clock);
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
    this.playlists = new Playlists(known);
    const readers = new Readers(clock);
    const passThrough = new PassThrough({ ...known, copies, readers, onOver });
    const chooser = (this.#chooser = new Chooser(known));
    this.#responder = new Responder({
      ...known,
      chooser,
      needs,
      passThrough,
      readers,
      onOver,
      onDiffers,
    });
  }

  /** Tells the windows of a worker that was stopped meanwhile to say hello again. */
  async start(): Promise<void> {
    await this.#bridge.callAll();
  }

  /** A page, frame or worker with this client id is being loaded through this worker. */
  expect(clientId: string): void {
    this.#bridge.expect(clientId);
  }

  /**
   * Decides at once whether a request is ours to answer. One that would get the origin's answer anyway
   * is left to the browser, which is faster alone (measured); its page counts it.
   */
  take(facts: RequestFacts, clientId: string): Taken | undefined {
    try {
      const { config } = this.#options;
      const file = fileRouteOf(facts, config);
      if (file) return this.#takeFile(file);
      const route = routeOf(facts, clientId, config);
      return route && this.#take(route, clientId);
    } catch (error) {
      this.#bridge.to(clientId, faultMessage(error));
      return undefined;
    }
  }

  /** A page has just said that it is to be saved, or its signed header does. */
  #takeFile(route: Route): Taken | undefined {
    const save = this.#saves.take(route.url);
    const digest = this.#digestOfFile(route.url);
    if (!save && !digest?.hdr['content-disposition']?.startsWith('attachment')) return undefined;
    const look: Choice = digest
      ? { kind: 'gather', digest, wait: DOWNLOAD_WAIT, together: true }
      : { kind: 'http', reason: 'no-token' };
    if (!save) return { route, look };
    return { route: { ...route, saveAs: dispositionOf(save.name) }, look, clientId: save.clientId };
  }

  #digestOfFile(url: CanonicalUrl): DigestClaims | undefined {
    return this.#trust.decided === 'yes' ? this.#tokens.peek(url) : undefined;
  }

  #take(route: Route, clientId: string): Taken | undefined {
    if (takesSlices({ route })) return { route };
    const look = this.#chooser.look({ route, clientId });
    // Canaries are looked at on the way.
    const isLeft = !(look instanceof Promise) && look.kind === 'http' && look.reason !== 'canary';
    if (!isLeft) return { route, look };
    const { url, destination } = route;
    this.#bridge.to(clientId, { t: 'left', url, destination, reason: look.reason });
    return undefined;
  }

  /** Answers a request that `take` took. Rejects only as the browser's own fetch would have. */
  answer(asked: Asked): Promise<Response> {
    return this.#responder.answer(asked);
  }

  /** Takes a message posted to the worker; anything but a window's hello with a port is ignored. */
  hello(clientId: string, data: unknown, port: Port | undefined): void {
    if (port && isBridgeHello(data)) this.#bridge.accept(clientId, data, port);
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
      onAllowed: (page) => {
        this.#options.store.beginVisit(page.visit);
        this.#trust.setAllowed(page.allowed);
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
        this.#save(page, message);
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
        // `allow`, `lead`, `places` and `placed` were the bridge's to handle.
        return;
    }
  }

  #save(page: Page, { url, name }: PageMessage & { t: 'save' }): void {
    const ok = this.#digestOfFile(url) !== undefined;
    if (ok) this.#saves.expect(url, { name, clientId: page.clientId });
    page.post({ t: 'saves', url, ok });
  }

  #loaded(page: Page, { resources }: PageMessage & { t: 'loaded' }): void {
    const { config } = this.#options;
    for (const { url, destination } of this.#trust.mayShare ? resources : []) {
      const address = new URL(url);
      const isOur = address.origin === config.site && isOurs(config, address, destination);
      if (this.playlists.again(url, page.clientId) || !isOur || this.#tokens.refused(url)) continue;
      if (!this.#tokens.peek(url)) this.#seen.note(url);
      this.#copies.expect(url);
    }
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
