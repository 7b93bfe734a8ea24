import type { Clock } from '../core/clock.js';
import type { BeaconsModule } from './beacons.js';
import type { WorkerContainer } from './bridge-host.js';
import type { EarlyPlayer } from './early-media.js';
import type { EngineModule } from './engine-host.js';
import type { Memory } from './memory.js';
import type { NoticeModule } from './notice.js';
import type { OverlayModule } from './overlay.js';
import type { VisitorSignals } from './policy.js';
import type { BusyPage } from './quiet.js';

/** What the other bundles export, by the part of their names after `peerfold-`. */
export interface Bundles {
  readonly engine: EngineModule;
  readonly beacons: BeaconsModule;
  readonly notice: NoticeModule;
  readonly overlay: OverlayModule;
}

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
  /** `usual`: the file that takes nobody's place. */
  readonly register: (url: string, usual: string) => Promise<void>;
  /** Has all workers of this origin forget the visitor; resolves to whether they say that they did. */
  readonly forget: () => Promise<boolean>;
  /** Another bundle of this build, from beside the engine's. */
  readonly load: <Name extends keyof Bundles>(name: Name) => Promise<Bundles[Name]>;
  /** Origin of the page. */
  readonly site: string;
  /** Language of the page, as a BCP 47 tag; empty when it does not say. */
  readonly language: string;
}
