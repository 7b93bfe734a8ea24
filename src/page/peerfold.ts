import { PeerfoldError, reasonOf, type ErrorCode } from '../core/errors.js';
import { BUILD } from '../core/build.js';
import type { SiteConfig, TransferReport, WorkerMessage } from '../protocol/bridge.js';
import { BridgeHost } from './bridge-host.js';
import type { Engine, EngineHost, EngineModule, Fault, PeerEvent, Stats } from './engine-host.js';
import { EarlyMedia } from './early-media.js';
import { Ledger } from './ledger.js';
import { DEFAULT_WORKER, type PeerfoldOptions } from './options.js';
import type { PageEnvironment } from './page-environment.js';
import { Policy, type Refusal } from './policy.js';
import { Quiet } from './quiet.js';
import { currentVisit } from './visit.js';

/** Why this page goes without Peerfold, or that it does not. */
export type Status =
  | { readonly active: true }
  | { readonly active: false; readonly reason: Refusal | 'worker-failed' | 'other-build' | 'stopped' };

/**
 * The public object, `window.peerfold`. Events: `transfer` (detail `TransferReport`), `peer`
 * (`PeerEvent`), `playback` (`PlaybackEvent`), `error` (`Fault`).
 */
export class Peerfold extends EventTarget {
  /**
   * Resolves when it is decided whether this page uses Peerfold: with `active` once the worker answers,
   * or with the reason why not. Never rejects. A later consent makes a new promise.
   */
  ready: Promise<Status>;

  readonly #options: PeerfoldOptions;
  readonly #page: PageEnvironment;
  readonly #policy: Policy;
  readonly #ledger = new Ledger();
  readonly #early: EarlyMedia;
  readonly #controlled: boolean;
  readonly #quiet: Quiet;
  #bridge: BridgeHost | undefined;
  #config: SiteConfig | undefined;
  #module: Promise<EngineModule> | undefined;
  #engine: Engine | undefined;
  #begun = false;
  #stopped = false;
  #away = false;
  #settle: (status: Status) => void = () => undefined;

  constructor(options: PeerfoldOptions, page: PageEnvironment) {
    super();
    const { memory, signals, random } = page;
    this.#options = options;
    this.#page = page;
    this.#policy = new Policy({
      consent: options.consent,
      rollout: options.rollout ?? 1,
      memory,
      signals,
      random,
    });
    this.#early = new EarlyMedia(page.container, page.players);
    this.#quiet = new Quiet(page);
    this.#controlled = page.container.controller !== null;
    this.ready = this.#undecided();
    void page.shown().then(() => {
      this.#watch();
      this.#openBridge();
      this.#apply();
    });
  }

  /** Bytes by source, upload, links and the latest transfers of this page. */
  stats(): Stats {
    const engine = this.#engine?.stats();
    const { bytes, resources } = this.#ledger;
    const { links = 0, playbacks = [], uploaded = 0, uploadRate = 0, uploadLimit } = engine ?? {};
    return { bytes, uploaded, uploadRate, uploadLimit, links, playbacks, resources };
  }

  /** Keeps the visitor's choice and acts on it at once; resolves like `ready`. */
  consent(granted: boolean): Promise<Status> {
    this.#policy.choose(granted);
    this.#apply();
    return this.ready;
  }

  /** Ends Peerfold on this page: links closed, everything over HTTP. Safe to call twice. */
  stop(): void {
    this.#stopped = true;
    this.#engine?.stop();
    this.#engine = undefined;
    this.#bridge?.close();
    this.#settle({ active: false, reason: 'stopped' });
  }

  #undecided(): Promise<Status> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  #watch(): void {
    const { view, signals } = this.#page;
    const apply = (): void => {
      this.#apply();
    };
    signals.connection?.addEventListener?.('change', apply);
    view.addEventListener('storage', apply);
    view.addEventListener('pagehide', () => {
      this.#leave();
    });
    view.addEventListener('pageshow', (event) => {
      if ((event as PageTransitionEvent).persisted) this.#comeBack();
    });
  }

  /** Open links, sockets, locks and ports keep a page out of the back/forward cache. */
  #leave(): void {
    this.#away = true;
    this.#allowEngine();
    this.#visit();
    this.#bridge?.close();
  }

  #comeBack(): void {
    this.#away = false;
    if (!this.#stopped) this.#bridge?.reopen();
    this.#apply();
  }

  #openBridge(): void {
    if (this.#stopped) return;
    this.#bridge = new BridgeHost({
      container: this.#page.container,
      visit: () => this.#visit(),
      allowed: () => this.#policy.visitorRefusal === undefined,
      early: () => this.#early.some,
      on: {
        welcome: (config) => {
          this.#welcome(config);
        },
        mismatch: () => {
          this.#giveUp('other-build');
        },
        message: (message) => {
          this.#receive(message);
        },
      },
    });
  }

  #visit(): string {
    const { memory, clock, random } = this.#page;
    return currentVisit(memory, clock.now(), random);
  }

  /** Brings everything in line with the policy as it stands now. */
  #apply(): void {
    if (this.#stopped || !this.#bridge) return;
    const reason = this.#policy.visitorRefusal;
    this.#bridge.send({ t: 'allow', allowed: reason === undefined });
    this.#allowEngine();
    if (reason) {
      if (this.#begun) this.ready = this.#undecidedAgain();
      this.#settle({ active: false, reason });
      this.#begun = false;
    } else if (!this.#begun) {
      this.#begun = true;
      this.ready = this.#undecidedAgain();
      void this.#begin();
    }
  }

  /** Whoever awaits the earlier promise hears what the new one says. */
  #undecidedAgain(): Promise<Status> {
    const earlier = this.#settle;
    const ready = this.#undecided();
    void ready.then(earlier);
    return ready;
  }

  async #begin(): Promise<void> {
    const { register } = this.#page;
    if (this.#config) this.#welcome(this.#config);
    await this.#quiet.come();
    if (this.#stopped || this.#policy.visitorRefusal) return;
    // Both at once: one after the other, each would queue at a slow origin.
    this.#loadEngine().catch(() => undefined);
    try {
      await register(this.#options.sw ?? DEFAULT_WORKER);
    } catch (error) {
      this.#fault('worker-failed', error);
      if (!this.#config) this.#settle({ active: false, reason: 'worker-failed' });
    }
  }

  #giveUp(reason: 'other-build'): void {
    this.#engine?.stop();
    this.#engine = undefined;
    this.#settle({ active: false, reason });
  }

  #welcome(config: SiteConfig): void {
    const same = JSON.stringify(config) === JSON.stringify(this.#config);
    this.#config = config;
    if (this.#policy.visitorRefusal) return;
    this.#settle({ active: true });
    if (this.#engine && same) this.#engine.reconnected();
    else void this.#startEngine(config);
  }

  #receive(message: WorkerMessage): void {
    if (message.t === 'transfer') this.#record(message.report);
    else if (message.t === 'fault') this.#fault('worker-failed', message.message);
    else if (message.t === 'policy') {
      this.#policy.heed(message);
      this.#allowEngine();
    } else if (message.t === 'place' && (!this.#engine || this.#early.has(message.url))) {
      const reason = this.#early.has(message.url) ? 'before-worker' : 'no-engine';
      this.#bridge?.send({ t: 'placed', id: message.id, wait: 0, reason });
    } else this.#engine?.receive(message);
  }

  #record(report: TransferReport): void {
    this.#ledger.add(report);
    this.#tell('transfer', report);
  }

  /** Once; after a failure it may be tried again. */
  #loadEngine(): Promise<EngineModule> {
    this.#module ??= this.#page.loadEngine().catch((error: unknown) => {
      this.#module = undefined;
      throw error;
    });
    return this.#module;
  }

  async #startEngine(config: SiteConfig): Promise<void> {
    this.#engine?.stop();
    this.#engine = undefined;
    await this.#quiet.come();
    try {
      const module = await this.#loadEngine();
      if (!this.#isAwaiting(config)) return;
      this.#engine = module.startEngine(this.#engineHost(config));
      this.#allowEngine();
    } catch (error) {
      this.#fault(error instanceof PeerfoldError ? error.code : 'not-supported', error);
    }
  }

  /** A newer welcome or `stop` may have come while the engine was loading; the later one decides. */
  #isAwaiting(config: SiteConfig): boolean {
    return !this.#stopped && this.#engine === undefined && this.#config === config;
  }

  #allowEngine(): void {
    const visitor = !this.#away && this.#policy.visitorRefusal === undefined;
    this.#engine?.allow({ visitor, site: visitor && this.#policy.refusal === undefined });
  }

  #engineHost(config: SiteConfig): EngineHost {
    return {
      build: BUILD,
      config,
      options: this.#options,
      memory: this.#page.memory,
      controlled: this.#controlled,
      send: (message, transfer) => this.#bridge?.send(message, transfer),
      peer: (event: PeerEvent) => {
        this.#tell('peer', event);
      },
      playback: this.#tell.bind(this, 'playback'),
      fault: ({ code, message }) => {
        this.#fault(code, message);
      },
      stats: () => this.stats(),
      record: (report) => {
        this.#record(report);
      },
      onTransfer: (listener) => {
        const heard = (event: Event): void => {
          listener((event as CustomEvent<TransferReport>).detail);
        };
        this.addEventListener('transfer', heard);
        return () => {
          this.removeEventListener('transfer', heard);
        };
      },
    };
  }

  #fault(code: ErrorCode, error: unknown): void {
    const detail: Fault = { code, message: reasonOf(error) };
    this.#tell('error', detail);
  }

  #tell(type: 'transfer' | 'peer' | 'playback' | 'error', detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
