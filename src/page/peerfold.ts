import { reasonOf, type ErrorCode } from '../core/errors.js';
import type { SiteConfig, TransferReport, WorkerMessage } from '../protocol/bridge.js';
import { BridgeHost } from './bridge-host.js';
import { Companions } from './companions.js';
import type { Fault, Permission, Stats } from './engine-host.js';
import { EarlyMedia } from './early-media.js';
import { EngineKeeper, type EngineKeeperOptions } from './engine-keeper.js';
import { PeerfoldEventTarget, type PeerfoldEvents } from './events.js';
import { Ledger } from './ledger.js';
import { DEFAULT_WORKER, type PeerfoldOptions } from './options.js';
import type { PageEnvironment } from './page-environment.js';
import { CHOICE, Policy } from './policy.js';
import { Quiet } from './quiet.js';
import { Readiness, type Status } from './readiness.js';
import { currentVisit } from './visit.js';
import { keepUploadCap } from './visitor-cap.js';

/** The public object, `window.peerfold`. Its events are `PeerfoldEvents`. */
export class Peerfold extends PeerfoldEventTarget {
  readonly #options: PeerfoldOptions;
  readonly #page: PageEnvironment;
  readonly #policy: Policy;
  readonly #ledger = new Ledger();
  readonly #early: EarlyMedia;
  readonly #quiet: Quiet;
  readonly #keeper: EngineKeeper;
  readonly #companions: Companions;
  #bridge: BridgeHost | undefined;
  #config: SiteConfig | undefined;
  #begun = false;
  #gaveUp = false;
  #stopped = false;
  #away = false;
  readonly #readiness: Readiness;

  constructor(options: PeerfoldOptions, page: PageEnvironment) {
    super();
    const { memory, signals, random } = page;
    this.#options = options;
    this.#page = page;
    this.#readiness = new Readiness(page.clock);
    const { consent, rollout = 1, control = 0, off = false } = options;
    this.#policy = new Policy({ consent, rollout, control, off, memory, signals, random });
    this.#early = new EarlyMedia(page.container, page.players);
    this.#quiet = new Quiet(page);
    const idle = (): Promise<void> => this.#quiet.come();
    this.#keeper = new EngineKeeper({
      ...{ options, page, events: this, host: this.#host(), idle },
      controlled: page.container.controller !== null,
      permission: () => this.#permission,
    });
    this.#companions = new Companions({
      ...{ options, page, policy: this.#policy, events: this, stats: () => this.stats(), idle },
      fault: ({ code, message }) => {
        this.#fault(code, message);
      },
      choose: (granted) => void this.consent(granted),
      ready: () => this.ready,
      engine: () => this.#keeper.engine,
      capUpload: (bytesPerSecond) => {
        this.capUpload(bytesPerSecond);
      },
    });
    void page.shown().then(() => {
      this.#watch();
      this.#openBridge();
      this.#apply();
      void this.#companions.begin();
    });
  }

  /**
   * Resolves when it is decided whether this page uses Peerfold: with `active` once the worker answers,
   * or with the reason why not. Never rejects. When that changes, by consent or by `stop()`, there is a new promise.
   */
  get ready(): Promise<Status> {
    return this.#readiness.promise;
  }

  /** Bytes by source, upload, links and the latest transfers of this page. */
  stats(): Stats {
    const engine = this.#keeper.engine?.stats();
    const { bytes, resources } = this.#ledger;
    const { links = 0, peers = [], playbacks = [], awaitsConsent = false } = engine ?? {};
    const { uploaded = 0, uploadRate = 0, uploadLimit } = engine ?? {};
    const uploads = { uploaded, uploadRate, uploadLimit };
    return { bytes, ...uploads, links, peers, awaitsConsent, playbacks, resources };
  }

  /** Keeps the visitor's choice and acts on it at once; resolves like `ready`. */
  consent(granted: boolean): Promise<Status> {
    this.#policy.choose(granted);
    this.#apply();
    return this.ready;
  }

  /** Shows the ready-made notice, with what the visitor chose before. */
  notice(): void {
    if (!this.#stopped) this.#companions.notice();
  }

  /**
   * Keeps how much the visitor lets be uploaded at most, in bytes per second; nothing means as much as the site does.
   * 0 ends uploading. It can lower what the site allows, never raise it.
   */
  capUpload(bytesPerSecond?: number): void {
    keepUploadCap(this.#page.memory, bytesPerSecond);
    this.#keeper.allow();
  }

  /**
   * Ends Peerfold on this page: links closed, everything over HTTP. Safe to call twice. With `forget` also all that
   * is kept of this visitor goes, except that they said no; the workers of this origin end their work, and so do the
   * site's other tabs. Resolves to whether that is done, within seconds. Never rejects.
   */
  async stop({ forget = false } = {}): Promise<boolean> {
    if (!forget) {
      this.#end();
      return true;
    }
    this.#forgotten();
    return this.#page.forget().catch(() => false);
  }

  #end(): void {
    this.#stopped = true;
    this.#readiness.heard();
    this.#keeper.stop();
    this.#companions.stop();
    this.#bridge?.close();
    this.#readiness.settle({ active: false, reason: 'stopped' });
  }

  /** Here, or by another tab. */
  #forgotten(): void {
    this.#end();
    this.#page.memory.clear(this.#policy.choice === false ? [CHOICE] : []);
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
    this.#keeper.allow();
    if (!this.#stopped && !this.#policy.visitorRefusal) this.#visit();
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
        welcome: this.#welcome.bind(this),
        mismatch: this.#giveUp.bind(this, 'other-build'),
        message: this.#receive.bind(this),
        forgotten: this.#forgotten.bind(this),
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
    this.#bridge.review();
    this.#keeper.allow();
    this.#companions.apply(this.#policy.known);
    if (reason) {
      this.#readiness.settle({ active: false, reason });
      this.#begun = false;
    } else if (!this.#begun) {
      this.#begun = true;
      this.#readiness.again();
      void this.#begin();
    }
  }

  async #begin(): Promise<void> {
    const { register } = this.#page;
    if (this.#config) this.#welcome(this.#config);
    await this.#quiet.come();
    if (this.#stopped || this.#policy.visitorRefusal) return;
    // Both at once: one after the other, each would queue at a slow origin.
    this.#keeper.load().catch(() => undefined);
    try {
      await register(this.#options.sw ?? DEFAULT_WORKER, DEFAULT_WORKER);
      if (this.#config || this.#gaveUp) return;
      this.#readiness.listen(() => {
        if (this.#stopped || this.#policy.visitorRefusal) return;
        this.#fault(
          'worker-failed',
          'the worker does not answer: after a forced reload, or look at its console',
        );
        this.#giveUp('worker-silent');
      });
    } catch (error) {
      this.#fault('worker-failed', error);
      if (!this.#config) this.#readiness.settle({ active: false, reason: 'worker-failed' });
    }
  }

  #giveUp(reason: 'other-build' | 'worker-silent'): void {
    this.#readiness.heard();
    this.#keeper.stop();
    this.#readiness.settle({ active: false, reason });
    this.#gaveUp = true;
  }

  #welcome(config: SiteConfig): void {
    this.#readiness.heard();
    this.#config = config;
    if (this.#policy.visitorRefusal) return;
    // A worker of this build has taken over from one of another.
    this.#gaveUp = false;
    this.#readiness.settle({ active: true });
    void this.#keeper.welcome(config);
  }

  #receive(message: WorkerMessage): void {
    if (message.t === 'transfer') this.#record(message.report);
    else if (message.t === 'fault') this.#fault('worker-failed', message.message);
    else if (message.t === 'policy') {
      this.#policy.heed(message);
      this.#keeper.allow();
      this.#companions.apply(this.#policy.known);
    } else if (message.t === 'place' && (!this.#keeper.engine || this.#early.has(message.url))) {
      const reason = this.#early.has(message.url) ? 'before-worker' : 'no-engine';
      this.#bridge?.send({ t: 'placed', id: message.id, wait: 0, reason });
    } else this.#keeper.engine?.receive(message);
  }

  #record(report: TransferReport): void {
    this.#ledger.add(report);
    this.#tell('transfer', report);
  }

  /** What the engine is offered of this page. */
  #host(): EngineKeeperOptions['host'] {
    return {
      send: (message, transfer) => this.#bridge?.send(message, transfer),
      peer: this.#tell.bind(this, 'peer'),
      playback: this.#tell.bind(this, 'playback'),
      fault: ({ code, message }) => {
        this.#fault(code, message);
      },
      stats: () => this.stats(),
      record: (report) => {
        this.#record(report);
      },
    };
  }

  get #permission(): Permission {
    const visitor = !this.#away && this.#policy.visitorRefusal === undefined;
    return { visitor, site: visitor && this.#policy.refusal === undefined };
  }

  #fault(code: ErrorCode, error: unknown): void {
    const detail: Fault = { code, message: reasonOf(error) };
    this.#tell('error', detail);
  }

  #tell<Type extends keyof PeerfoldEvents>(type: Type, detail: PeerfoldEvents[Type]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
