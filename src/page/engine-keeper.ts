import { BUILD } from '../core/build.js';
import { PeerfoldError, reasonOf } from '../core/errors.js';
import type { SiteConfig } from '../protocol/bridge.js';
import type { Engine, EngineHost, EngineModule, Permission } from './engine-host.js';
import { listens } from './listens.js';
import type { PeerfoldOptions } from './options.js';
import type { PageEnvironment } from './page-environment.js';

export interface EngineKeeperOptions {
  readonly options: PeerfoldOptions;
  readonly page: Pick<PageEnvironment, 'memory' | 'load'>;
  /** The worker controlled this page when the loader ran. */
  readonly controlled: boolean;
  /** Where `transfer` events are told, and what else the engine is offered. */
  readonly events: EventTarget;
  readonly host: Pick<EngineHost, 'send' | 'peer' | 'playback' | 'fault' | 'stats' | 'record'>;
  /** Comes when the page is idle. */
  readonly idle: () => Promise<void>;
  readonly permission: () => Permission;
}

/** Loads the engine's bundle, and starts and ends the engine. */
export class EngineKeeper {
  #module: Promise<EngineModule> | undefined;
  #engine: Engine | undefined;
  /** What the engine that runs, or is on its way, was made for. */
  #config: SiteConfig | undefined;

  constructor(private readonly options: EngineKeeperOptions) {}

  get engine(): Engine | undefined {
    return this.#engine;
  }

  /** Once; after a failure it may be tried again. */
  load(): Promise<EngineModule> {
    this.#module ??= this.options.page.load('engine').catch((error: unknown) => {
      this.#module = undefined;
      throw error;
    });
    return this.#module;
  }

  /** Starts an engine for `config`, or tells the one that runs for it that the worker is another. */
  async welcome(config: SiteConfig): Promise<void> {
    const same = JSON.stringify(config) === JSON.stringify(this.#config);
    if (this.#engine && same) {
      this.#engine.reconnected();
      return;
    }
    this.stop();
    this.#config = config;
    await this.options.idle();
    try {
      const module = await this.load();
      // A newer welcome or the end may have come meanwhile; the later one decides.
      if (this.#config !== config) return;
      this.#engine = module.startEngine(this.#host(config));
      this.allow();
    } catch (error) {
      const code = error instanceof PeerfoldError ? error.code : 'not-supported';
      this.options.host.fault({ code, message: reasonOf(error) });
    }
  }

  /** Brings the engine in line with what is allowed now. */
  allow(): void {
    this.#engine?.allow(this.options.permission());
  }

  stop(): void {
    this.#engine?.stop();
    this.#engine = this.#config = undefined;
  }

  #host(config: SiteConfig): EngineHost {
    const { options, page, controlled, events, host } = this.options;
    return {
      ...{ build: BUILD, config, options, memory: page.memory, controlled, ...host },
      onTransfer: listens(events, 'transfer'),
    };
  }
}
