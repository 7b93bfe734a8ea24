import type { Site } from '../src/core/brands.js';
import { reasonOf } from '../src/core/errors.js';
import type { SiteConfig } from '../src/protocol/bridge.js';
import { BRIDGE_FORGET, BRIDGE_STAY, isBridge, isBridgeHello } from '../src/protocol/hello.js';
import { systemClock } from '../src/protocol/system-clock.js';
import { indexedDbStore } from '../src/store/indexeddb.js';
import { isComposed, parseConfig } from './config.js';
import { Readers } from './readers.js';
import { PeerfoldWorker } from './worker.js';

declare const self: ServiceWorkerGlobalScope;

/** How to answer the request of an event, if it is ours to answer. Never throws. */
export type Offer = (
  event: Pick<FetchEvent, 'request' | 'clientId' | 'waitUntil'>,
) => (() => Promise<Response>) | undefined;

/**
 * Joins a service worker that may have other code: with listeners that answer nothing themselves, and that keep from
 * others only what is meant for us. When the literal is malformed there is one console error, and nothing else:
 * whatever else the worker does must not suffer. `composed`: it has duties of its own, whatever the literal says.
 */
export function attach(literal: unknown, composed?: true): Offer {
  try {
    const guest = new Guest(literal, composed);
    return (event) => guest.offer(event);
  } catch (error) {
    // eslint-disable-next-line no-console -- the site's owner has no other way to learn of it
    console.error('Peerfold is off:', reasonOf(error));
    return () => undefined;
  }
}

/** Our part of a service worker. */
class Guest {
  readonly #make: () => PeerfoldWorker;
  readonly #composed: boolean;
  #worker: PeerfoldWorker;
  #isForgetting = false;

  constructor(literal: unknown, composed?: true) {
    // Service workers exist only at http: and https: origins.
    const config = parseConfig(literal, self.location.origin as Site);
    this.#composed = composed ?? isComposed(literal, self.location.pathname);
    const readers = new Readers(systemClock);
    this.#make = () =>
      new PeerfoldWorker({
        config,
        clock: systemClock,
        fetch: self.fetch.bind(self),
        random: Math.random,
        sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data)),
        // Async, so that a browser without a storage manager is one more that does not tell.
        store: indexedDbStore(systemClock, async () => navigator.storage.estimate()),
        clients: {
          get: (id) => self.clients.get(id),
          // A page that was loaded past the worker is to hear of an end, too.
          all: () => self.clients.matchAll({ type: 'window', includeUncontrolled: true }),
        },
        isOnline: () => navigator.onLine,
        privacyControl: (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true,
        // GTK's WebKit takes the end of a part for the end of all; Safari's is not known, and so taken for the same.
        playsParts: !/AppleWebKit(?!.*Chrome)/.test(navigator.userAgent),
        readers,
        onForget: () => {
          void this.#forget();
        },
      });
    this.#worker = this.#make();
    this.#listen(config);
    void this.#worker.start();
  }

  readonly offer: Offer = (event) => {
    const { request, clientId } = event;
    const answer = this.#worker.route(request, clientId);
    return (
      answer &&
      (() =>
        answer({
          signal: request.signal,
          untouched: () => fetch(request),
          waitUntil: (work) => {
            keepAlive(event, work);
          },
        }))
    );
  };

  #listen({ hasher }: SiteConfig): void {
    self.addEventListener('fetch', (event) => {
      this.#worker.see(event);
    });
    self.addEventListener('message', (event) => {
      const { source, ports } = event;
      const data: unknown = event.data;
      const isHello = isBridgeHello(data);
      const isForget = isBridge(data, BRIDGE_FORGET);
      if (!isHello && !isForget && !isBridge(data, BRIDGE_STAY)) return;
      event.stopImmediatePropagation();
      if (!(source instanceof WindowClient)) return;
      if (isHello) this.#worker.hello(source.id, data, ports[0]);
      if (isForget) event.waitUntil(this.#forget());
    });
    self.addEventListener('install', (event) => {
      keepAwayFrom(hasher, event);
    });
    if (this.#composed) return;
    self.addEventListener('install', (event) => {
      event.waitUntil(self.skipWaiting());
      insist();
    });
    self.addEventListener('activate', (event) => {
      event.waitUntil(self.clients.claim());
    });
  }

  /** A worker file that has other duties stays, and as if no page had ever spoken to us. */
  async #forget(): Promise<void> {
    if (this.#isForgetting) return;
    this.#isForgetting = true;
    const last = async (): Promise<unknown> => !this.#composed && self.registration.unregister();
    try {
      await this.#worker.forget(last);
    } finally {
      this.#isForgetting = false;
      this.#worker = this.#make();
    }
  }
}

/** Static routing (Chromium 123); TypeScript does not know of it. */
interface RoutedInstall {
  addRoutes?(rule: { condition: { urlPattern: string }; source: 'network' }): Promise<void>;
}

/**
 * The hash service is none of the worker's business, and Chromium loses most of what a page sends while it goes, its
 * beacon, when that has to ask the worker first (seen: 3 of 12 arrived, and 12 of 12 with this).
 */
function keepAwayFrom(hasher: string, event: ExtendableEvent & RoutedInstall): void {
  event
    .addRoutes?.({ condition: { urlPattern: `${hasher}/v1/*` }, source: 'network' })
    .catch(() => undefined);
}

/** After this time (ms) a worker that has not taken over yet asks for it again. */
const INSIST_AFTER = 2_000;

/**
 * Chromium forgets that a worker wants to take over when its predecessor, stopped for that, has to be started again for
 * a request that came meanwhile (docs/discoveries/stopped-workers.md).
 */
function insist(): void {
  const { registration } = self;
  systemClock.setTimeout(() => {
    if (registration.waiting) void self.skipWaiting();
  }, INSIST_AFTER);
}

/** Keeps the worker alive while `work` goes on. */
function keepAlive(event: Pick<FetchEvent, 'waitUntil'>, work: Promise<unknown>): void {
  try {
    event.waitUntil(work);
  } catch {
    // `InvalidStateError`, all it throws: the event is over, and the work goes on as long as the worker lives.
  }
}
