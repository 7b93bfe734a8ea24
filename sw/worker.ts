import type { Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { reasonOf } from '../src/core/errors.js';
import {
  isBridgeHello,
  type PageMessage,
  type SiteConfig,
  type WorkerMessage,
} from '../src/protocol/bridge.js';
import type { DigestClaims, PolicyClaims } from '../src/protocol/hasher.js';
import type { PieceStore } from '../src/store/port.js';
import { RemoteKeys } from '../src/verify/keys.js';
import { verifyAdmission } from '../src/verify/statements.js';
import type { Tally } from './account.js';
import { Bridge, type Page, type Port, type WindowClients } from './bridge.js';
import { Chooser } from './choose.js';
import { Copies } from './copies.js';
import { Disk } from './disk.js';
import { Holdings } from './holdings.js';
import { Layers } from './layers.js';
import { Needs } from './needs.js';
import { Origin, type Asked } from './origin.js';
import { PassThrough } from './pass-through.js';
import { Readers } from './readers.js';
import { Responder } from './respond.js';
import { routeOf, type RequestFacts, type Route } from './route.js';
import { Seen } from './seen.js';
import { Tokens } from './tokens.js';
import { Trust } from './trust.js';

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

/** All parts of the worker, put together; events come in here. */
export class PeerfoldWorker {
  readonly #keys: RemoteKeys;
  readonly #bridge: Bridge;
  readonly #trust: Trust;
  readonly #tokens: Tokens;
  readonly #holdings: Holdings;
  readonly #needs: Needs;
  readonly #seen: Seen;
  readonly #responder: Responder;

  readonly #options: WorkerOptions;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { config, clock, fetch, sha256, store, clients, random } = options;
    const [onDiffers, onOver] = [this.#onDiffers.bind(this), this.#report.bind(this)];
    const keys = (this.#keys = new RemoteKeys({ hasher: config.hasher, fetch, clock }));
    const bridge = (this.#bridge = new Bridge({ config, clock, clients, events: this.#events() }));
    const onPolicy = this.#onPolicy.bind(this);
    const trust = (this.#trust = new Trust({ config, clock, fetch, keys, store, onPolicy }));
    const tokens = (this.#tokens = new Tokens({
      ...{ config, clock, keys, store, trust },
      onLearned: (url) => {
        const digest = tokens.peek(url);
        if (digest) holdings.renewed(digest);
        this.#guard(undefined, copies.settle(url));
      },
      onOrphan: (root) => {
        holdings.withdraw(root);
      },
    }));
    const disk = new Disk(clock);
    const layers = new Layers({ hasher: config.hasher, fetch, clock, sha256, store, disk });
    const holdings = (this.#holdings = new Holdings({
      ...{ clock, sha256, store, disk, layers, tokens, trust, bridge },
    }));
    const needs = (this.#needs = new Needs({ sha256, bridge, layers, holdings }));
    const seen = (this.#seen = new Seen(clock, bridge));
    const settling = this.#guard.bind(this, undefined);
    const { minSize } = config;
    const copies = new Copies({ clock, sha256, tokens, layers, holdings, minSize, settling, onDiffers });
    const origin = new Origin(fetch, clock);
    const readers = new Readers(clock);
    const passThrough = new PassThrough({ origin, copies, readers, seen, tokens, trust, onOver });
    const chooser = new Chooser({ config, clock, random, bridge, trust, tokens, holdings, seen });
    this.#responder = new Responder({
      ...{ clock, sha256, bridge, chooser, holdings, layers, needs, origin, passThrough, readers, tokens },
      ...{ onOver, onDiffers },
    });
  }

  /** Tells the windows of a worker that was stopped meanwhile to say hello again. */
  async start(): Promise<void> {
    await this.#bridge.callAll();
  }

  /** Whether a request is ours; decided at once. */
  route(facts: RequestFacts, clientId: string): Route | undefined {
    return routeOf(facts, clientId, this.#options.config);
  }

  /** Answers a request that `route` took. Rejects only as the browser's own fetch would have. */
  answer(asked: Asked): Promise<Response> {
    return this.#responder.answer(asked);
  }

  /** Takes a message posted to the worker; anything but a window's hello with a port is ignored. */
  hello(clientId: string, data: unknown, port: Port | undefined): void {
    if (port && isBridgeHello(data)) this.#bridge.accept(clientId, data, port);
  }

  #events(): ConstructorParameters<typeof Bridge>[0]['events'] {
    return {
      onAllowed: (page) => {
        this.#options.store.beginVisit(page.visit);
        this.#trust.setAllowed(page.allowed);
        page.post(policyMessage(this.#trust.policy));
      },
      onLeader: (page) => {
        page.post(policyMessage(this.#trust.policy));
        this.#seen.retell();
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
        // `allow`, `lead` and `placed` were the bridge's to handle.
        return;
    }
  }

  async #admits({ admission, key }: PageMessage & { t: 'admit' }): Promise<boolean> {
    if (this.#trust.permission !== 'yes') return false;
    const using = { keys: this.#keys, clock: this.#options.clock };
    const checked = await verifyAdmission(admission, key, using).catch(() => undefined);
    return checked?.verdict === 'verified' && checked.claims.site === this.#options.config.site;
  }

  #onPolicy(policy: PolicyClaims | undefined): void {
    // Without a policy nothing is used; only a policy can say that something is to be forgotten.
    if (policy) this.#tokens.recheck();
    this.#bridge.toAll(policyMessage(policy));
    const { listener } = this.#bridge;
    if (listener && policy?.enabled) this.#guard(listener, this.#holdings.tellAll(listener));
  }

  #onDiffers(digest: DigestClaims): void {
    this.#tokens.distrust(digest);
    this.#bridge.toLeader({ t: 'differs', url: digest.sub, signed: digest.root });
  }

  #report(asked: Asked, tally: Tally): void {
    tally.wasted(this.#needs.takeStrayBytes());
    this.#bridge.to(asked.clientId, { t: 'transfer', report: tally.report() });
    asked.waitUntil(this.#options.store.flush());
  }

  /** Work that no request waits for: what goes wrong in it is told to the page it was for. */
  #guard(page: Page | undefined, work: Promise<void>): void {
    work.catch((error: unknown) => {
      (page ?? this.#bridge.listener)?.post({ t: 'fault', code: 'worker-failed', message: reasonOf(error) });
    });
  }
}

function policyMessage(policy: PolicyClaims | undefined): WorkerMessage {
  return { t: 'policy', enabled: policy?.enabled ?? false, rollout: policy?.rollout ?? 0 };
}
