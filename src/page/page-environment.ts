import type { Clock } from '../core/clock.js';
import type { WorkerContainer } from './bridge-host.js';
import type { EarlyPlayer } from './early-media.js';
import type { EngineModule } from './engine-host.js';
import type { Memory } from './memory.js';
import type { VisitorSignals } from './policy.js';
import type { BusyPage } from './quiet.js';

/** What Peerfold needs of the page, so that it can be tested without a browser. */
export interface PageEnvironment {
  readonly view: BusyPage & {
    addEventListener(type: 'pagehide' | 'pageshow' | 'storage', listener: (event: Event) => void): void;
  };
  readonly container: WorkerContainer;
  /** The page's media elements as they are now. */
  readonly players: () => Iterable<EarlyPlayer>;
  readonly signals: VisitorSignals & { readonly connection?: Partial<EventTarget> };
  readonly memory: Memory;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Resolves once the page is really shown (prerendered pages are not, at first). */
  readonly shown: () => Promise<void>;
  /** Whether the origin keeps the page waiting. */
  readonly isKeptWaiting: () => boolean;
  readonly register: (url: string) => Promise<void>;
  readonly loadEngine: () => Promise<EngineModule>;
}
