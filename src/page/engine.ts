import { BUILD } from '../core/build.js';
import { PeerfoldError } from '../core/errors.js';
import { createSimplePeerFactory } from '../peer/simple-peer-link.js';
import { BRIDGE_STAY } from '../protocol/hello.js';
import { createIdentity } from '../protocol/seal.js';
import { systemClock } from '../protocol/system-clock.js';
import type { Engine, EngineHost } from './engine-host.js';
import { PageEngine } from './page-engine.js';
import type { PlayersModule } from './players.js';
import type { PlaylistsModule } from './playlists/reading.js';
import { whenIdle } from './quiet.js';
import type { SocketHandlers, TrackerSocket } from './tracker-session.js';

/** The engine bundle's one export; see `EngineModule`. */
export function startEngine(host: EngineHost): Engine {
  if (host.build !== BUILD) {
    throw new PeerfoldError('not-supported', `loader ${host.build} and engine ${BUILD} differ`);
  }
  return new PageEngine(host, {
    clock: systemClock,
    random: Math.random,
    fetch: window.fetch.bind(window),
    sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data)),
    // Not in every browser, whatever TypeScript's DOM says.
    locks: (navigator as Partial<Navigator>).locks,
    device: navigator,
    view: window,
    linksThrough: (relays) => createSimplePeerFactory({ ...host.options, clock: systemClock, relays }),
    openSocket,
    createIdentity,
    idle: () => whenIdle(window, systemClock),
    stay: () => navigator.serviceWorker.controller?.postMessage(BRIDGE_STAY),
    timings: { timeOrigin: performance.timeOrigin, observe: observeTimings },
    loadPlayers: () => load<PlayersModule>('players'),
    loadParsers: () => load<PlaylistsModule>('playlists'),
  });
}

/** Another bundle, from beside this one. */
function load<Module>(name: 'players' | 'playlists'): Promise<Module> {
  return import(new URL(`peerfold-${name}.js`, import.meta.url).href) as Promise<Module>;
}

function observeTimings(listener: (timings: PerformanceResourceTiming[]) => void): () => void {
  const observer = new PerformanceObserver((list) => {
    listener(list.getEntries() as PerformanceResourceTiming[]);
  });
  observer.observe({ type: 'resource', buffered: true });
  return () => {
    observer.disconnect();
  };
}

/** The tracker's socket as the browser has it; an `error` event is always followed by `close`. */
function openSocket(url: string, protocol: string, handlers: SocketHandlers): TrackerSocket {
  const socket = new WebSocket(url, protocol);
  socket.onopen = () => {
    handlers.opened();
  };
  socket.onmessage = ({ data }) => {
    handlers.message(data);
  };
  socket.onclose = () => {
    handlers.closed();
  };
  return socket;
}
