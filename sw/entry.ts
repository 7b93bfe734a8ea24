import type { Site } from '../src/core/brands.js';
import { reasonOf } from '../src/core/errors.js';
import type { SiteConfig } from '../src/protocol/bridge.js';
import { systemClock } from '../src/protocol/system-clock.js';
import { indexedDbStore } from '../src/store/indexeddb.js';
import { parseConfig } from './config.js';
import type { Passage } from './playlists.js';
import { PeerfoldWorker } from './worker.js';

declare const self: ServiceWorkerGlobalScope & { readonly peerfold?: unknown };

/**
 * Loaded by `importScripts` in the site's own worker file. Listeners only: a request that is not ours
 * is left to the site's other listeners and to the browser, and so is everything else when the
 * literal is missing or malformed.
 */
function readLiteral(): SiteConfig | undefined {
  try {
    // Service workers exist only at http: and https: origins.
    return parseConfig(self.peerfold, self.location.origin as Site);
  } catch (error) {
    // eslint-disable-next-line no-console -- the site's owner has no other way to learn of it
    console.error('Peerfold is off:', reasonOf(error));
    return undefined;
  }
}

/** Keeps the worker alive while `work` goes on. */
function keepAlive(event: ExtendableEvent, work: Promise<unknown>): void {
  try {
    event.waitUntil(work);
  } catch {
    // `InvalidStateError`, all it throws: the event is over, and the work goes on as long as the worker lives.
  }
}

function listen(worker: PeerfoldWorker): void {
  self.addEventListener('install', (event) => {
    event.waitUntil(self.skipWaiting());
  });
  self.addEventListener('activate', (event) => {
    event.waitUntil(self.clients.claim());
  });
  self.addEventListener('message', ({ data, source, ports }) => {
    if (source instanceof WindowClient) worker.hello(source.id, data, ports[0]);
  });
  self.addEventListener('fetch', (event) => {
    const { request, clientId, resultingClientId } = event;
    if (resultingClientId) worker.expect(resultingClientId);
    const passage: Passage = {
      untouched: () => fetch(request),
      waitUntil: (work) => {
        keepAlive(event, work);
      },
    };
    const taken = worker.take(request, clientId);
    const answer = taken
      ? worker.answer({ facts: request, clientId, ...taken, signal: request.signal, ...passage })
      : worker.playlists.pass(request, clientId, passage);
    if (answer) event.respondWith(answer);
  });
}

const config = readLiteral();
if (config) {
  const worker = new PeerfoldWorker({
    config,
    clock: systemClock,
    fetch: self.fetch.bind(self),
    random: Math.random,
    sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data)),
    // Async, so that a browser without a storage manager is one more that does not tell.
    store: indexedDbStore(systemClock, async () => navigator.storage.estimate()),
    clients: {
      get: (id) => self.clients.get(id),
      all: () => self.clients.matchAll({ type: 'window' }),
    },
  });
  listen(worker);
  void worker.start();
}
