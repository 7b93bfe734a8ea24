import type { Sha256 } from '../core/bytes.js';
import type { Clock } from '../core/clock.js';
import type { LinkFactory } from '../peer/link.js';
import type { Identity } from '../protocol/seal.js';
import type { Relays } from '../protocol/hasher.js';
import type { Locks } from './leader.js';
import type { Platform } from './local-network.js';
import type { NativeLoadsOptions } from './native-loads.js';
import type { PageView } from './place.js';
import type { PlayersModule } from './players.js';
import type { PlaylistsModule } from './playlists/reading.js';
import type { PresenceView } from './presence.js';
import type { OpenSocket } from './tracker-client.js';
import type { Device } from './upload-network.js';

/** What the engine needs of the browser, so that it can be tested without one. */
export interface EngineEnvironment {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly fetch: typeof globalThis.fetch;
  readonly sha256: Sha256;
  readonly locks: Locks | undefined;
  readonly device: Device & Platform;
  readonly view: PresenceView & PageView & { readonly document: Document };
  /** `relays`: TURN servers of the hash service, once it has named them. */
  readonly linksThrough: (relays: () => Relays | undefined) => LinkFactory;
  readonly openSocket: OpenSocket;
  readonly createIdentity: () => Promise<Identity>;
  readonly idle: () => Promise<void>;
  /** Has the worker go on, or start if it was stopped. */
  readonly stay: () => void;
  readonly timings: Pick<NativeLoadsOptions, 'timeOrigin' | 'observe'>;
  /** Loads what pages with players need, */
  readonly loadPlayers: () => Promise<PlayersModule>;
  /** and what reads playlists, for those pages that have any. */
  readonly loadParsers: () => Promise<PlaylistsModule>;
}
