import { BUILD } from '../../../src/core/build.js';
import type { Clock } from '../../../src/core/clock.js';
import type { EngineEnvironment } from '../../../src/page/engine-environment.js';
import type { EngineHost } from '../../../src/page/engine-host.js';
import type { ResourceTiming } from '../../../src/page/native-loads.js';
import { PageEngine } from '../../../src/page/page-engine.js';
import type { PageMessage, SiteConfig, TransferReport, WorkerMessage } from '../../../src/protocol/bridge.js';
import { memoryStore } from '../../../src/store/memory.js';
import type { WindowClient } from '../../../sw/bridge.js';
import type { Port } from '../../../sw/page.js';
import { Readers } from '../../../sw/readers.js';
import { PeerfoldWorker } from '../../../sw/worker.js';
import { DESKTOP, fakeMemory } from '../fake-visitor.js';
import { pageStats } from '../page-stats.js';
import type { AccessOptions } from '../memory-access.js';
import { seededRandom } from '../random.js';
import { sha256 } from '../sha256.js';
import { workerPort } from '../worker-port.js';
import { BrowserHttp } from './browser-http.js';
import { GalleryPage, type GalleryImage } from './gallery-page.js';
import type { OriginPace } from './paced-origin.js';
import { HASHER, seededIdentity, SITE } from './site-services.js';
import type { WholeSite } from './whole-site.js';
import { WireWatch } from './wire-watch.js';

export interface WholeTraits extends AccessOptions {
  /** Bytes per second to all peers together. */
  readonly upload: number;
  readonly origin: OriginPace;
  /** Whether this visitor has opted out: everything comes over HTTP. */
  readonly alone?: boolean;
}

/** One image as the page got it. Times are the clock's ticks. */
export interface Viewing {
  readonly image: GalleryImage;
  readonly since: number;
  /** When the page said how long peers may take, and how long. */
  placedAt: number;
  wait: number;
  endedAt: number | undefined;
  problem: string | undefined;
  /** The visitor left before it was over. */
  abandoned: boolean;
}

/** Milliseconds until a page's script has asked for its worker, and the engine is loaded. */
const HELLO_AFTER = 30;
const ENGINE_AFTER = 200;
const CLIENT = 'tab-1';
const STORE = 32 * 2 ** 20;

const CONFIG: SiteConfig = {
  ...{ site: SITE, hasher: HASHER, tracker: 'wss://track.example', include: ['/media/*'], exclude: [] },
  ...{ origins: [], partners: [], static: false, headStart: 10, minSize: 16_384 },
};

/** A visitor whose engine and worker are the real ones, in a browser made of what they look at. */
export class WholeVisitor {
  readonly page: GalleryPage;
  readonly watch: WireWatch;
  readonly viewings: Viewing[] = [];
  readonly reports: TransferReport[] = [];
  readonly faults: unknown[] = [];
  readonly downs: string[] = [];
  readonly #worker: PeerfoldWorker;
  readonly #clock: Clock;
  readonly #http: BrowserHttp;
  readonly #listeners = new Set<(report: TransferReport) => void>();
  readonly #timed = new Set<(timings: readonly ResourceTiming[]) => void>();
  readonly #asked = new Map<number, string>();
  readonly #requests = new Set<AbortController>();
  #port: Port | undefined;
  #engine: PageEngine | undefined;
  here = true;

  constructor(
    private readonly site: WholeSite,
    readonly number: number,
    readonly traits: WholeTraits,
  ) {
    this.#clock = site.clock;
    this.page = new GalleryPage(site.files);
    this.#http = new BrowserHttp(site, traits.origin);
    this.watch = new WireWatch(site.clock, traits.upload);
    this.#worker = new PeerfoldWorker({
      ...{ config: CONFIG, clock: site.clock, random: seededRandom(number), sha256 },
      fetch: this.#http.fetch,
      store: memoryStore(site.clock, STORE),
      clients: { get: () => Promise.resolve(this.#client()), all: () => Promise.resolve([]) },
      isOnline: () => true,
      privacyControl: false,
      playsParts: true,
      readers: new Readers(site.clock),
      onForget: () => undefined,
    });
    const request = { url: `${SITE}/`, destination: 'document', headers: new Headers() };
    this.#worker.see({ request, clientId: '', resultingClientId: CLIENT });
    site.clock.setTimeout(() => {
      this.#hello();
    }, HELLO_AFTER);
  }

  /** Bytes that the page received, by source. */
  bytes(source: keyof TransferReport['bytes']): number {
    return this.reports.reduce((sum, { bytes }) => sum + bytes[source], 0);
  }

  /** Requests what has come near enough to the viewport. */
  look(): void {
    for (const image of this.page.due()) void this.#view(image);
  }

  leave(): void {
    if (!this.here) return;
    this.here = false;
    for (const viewing of this.viewings) viewing.abandoned = viewing.endedAt === undefined;
    for (const request of this.#requests) request.abort();
    this.#engine?.stop();
  }

  #client(): WindowClient | undefined {
    return this.here ? { id: CLIENT, frameType: 'top-level', postMessage: () => undefined } : undefined;
  }

  async #view(image: GalleryImage): Promise<void> {
    const since = this.#clock.ticks();
    const viewing: Viewing = {
      ...{ image, since, placedAt: since, wait: 0, endedAt: undefined },
      ...{ problem: undefined, abandoned: false },
    };
    this.viewings.push(viewing);
    const request = new AbortController();
    this.#requests.add(request);
    try {
      const response = await this.#request(image.src, request.signal);
      const got = new Uint8Array(await response.arrayBuffer());
      if (Buffer.compare(got, image.file.bytes) !== 0) viewing.problem = 'wrong bytes';
    } catch (error) {
      viewing.problem = `failed: ${String(error)}`;
    }
    this.#requests.delete(request);
    image.complete = true;
    viewing.endedAt = this.#clock.ticks();
  }

  #request(url: string, signal: AbortSignal): Promise<Response> {
    const facts = {
      ...{ method: 'GET', url, destination: 'image', mode: 'no-cors', cache: 'default' },
      ...{ headers: new Headers(), credentials: 'include' as const },
      ...{ referrer: `${SITE}/`, referrerPolicy: 'no-referrer' as const },
    };
    const untouched = (): Promise<Response> => this.#http.fetch(url, { signal });
    const answer = this.#worker.route(facts, CLIENT);
    return answer ? answer({ signal, untouched, waitUntil: () => undefined }) : this.#native(url, untouched);
  }

  /** The browser loads it by itself, and says so in its timings. */
  async #native(url: string, untouched: () => Promise<Response>): Promise<Response> {
    const startTime = this.#clock.ticks();
    const response = await untouched();
    const responseStart = this.#clock.ticks();
    const body = await response.arrayBuffer();
    const size = body.byteLength;
    const timing = {
      ...{ name: url, initiatorType: 'img', startTime, responseStart, workerStart: 1 },
      ...{ duration: this.#clock.ticks() - startTime, transferSize: size + 300, encodedBodySize: size },
    };
    for (const listener of this.#timed) listener([timing]);
    return new Response(body);
  }

  #hello(): void {
    const port = workerPort((message) => {
      this.#hear(message);
    });
    this.#port = port;
    const hello = {
      peerfold: 'hello',
      build: BUILD,
      visit: `visit-${this.number}`,
      allowed: this.traits.alone !== true,
      early: false,
    };
    this.#worker.hello(CLIENT, hello, port);
  }

  #send(message: PageMessage, transfer: Transferable[] = []): void {
    if (message.t === 'placed') this.#placed(message);
    const data: unknown = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
    queueMicrotask(() => {
      this.#port?.onmessage?.({ data } as MessageEvent);
    });
  }

  #placed({ id, wait }: PageMessage & { t: 'placed' }): void {
    const url = this.#asked.get(id);
    const viewing = this.viewings.findLast(({ image }) => image.src === url);
    if (viewing) Object.assign(viewing, { wait, placedAt: this.#clock.ticks() });
  }

  /** What the loader does with a message, and what the watch has to know of it. */
  #hear(message: WorkerMessage): void {
    if (!this.here) return;
    if (message.t === 'welcome' && !this.traits.alone)
      this.#clock.setTimeout(() => void this.#startEngine(), ENGINE_AFTER);
    else if (message.t === 'policy') this.#engine?.allow({ visitor: true, site: message.enabled === true });
    else if (message.t === 'fault') this.faults.push(message.message);
    else if (message.t === 'transfer') this.#record(message.report);
    else {
      this.#note(message);
      if (message.t === 'place' && !this.#engine)
        this.#send({ t: 'placed', id: message.id, wait: 0, reason: 'no-engine' });
      else this.#engine?.receive(message);
    }
  }

  #note(message: WorkerMessage): void {
    if (message.t === 'place') this.#asked.set(message.id, message.url);
    else if (message.t === 'verdict') this.watch.judged(message.root, message.index, message.verdict);
    else if (message.t === 'cancel') this.watch.needOver(message.id);
    else if (message.t === 'need') {
      const { length, piece } = message;
      this.watch.needed({ ...message, cut: { length, piece } });
    }
  }

  #record(report: TransferReport): void {
    this.reports.push(report);
    for (const listener of this.#listeners) listener(report);
  }

  async #startEngine(): Promise<void> {
    const identity = await seededIdentity(this.number + 1);
    if (!this.here) return;
    this.#engine = new PageEngine(
      this.#host(),
      this.#environment(() => Promise.resolve(identity)),
    );
    this.#engine.allow({ visitor: true, site: true });
  }

  #host(): EngineHost {
    return {
      ...{ build: BUILD, config: CONFIG, memory: fakeMemory(), controlled: true },
      options: { consent: 'implied', upload: this.traits.upload },
      send: (message, transfer) => {
        this.#send(message, transfer);
      },
      playback: () => undefined,
      peer: ({ state, reason = '' }) => {
        if (state === 'down') this.downs.push(reason);
      },
      fault: (fault) => this.faults.push(fault),
      stats: () => pageStats({ resources: this.reports }),
      record: (report) => {
        this.#record(report);
      },
      onTransfer: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  #environment(createIdentity: EngineEnvironment['createIdentity']): EngineEnvironment {
    const { clock, network, services } = this.site;
    return {
      ...{ clock, sha256, createIdentity, locks: undefined, device: DESKTOP, view: this.page },
      random: seededRandom(this.number + 1000),
      fetch: this.#http.fetch,
      linksThrough: () => network.visitor({ ...this.traits, watch: this.watch }),
      openSocket: services.openSocket,
      idle: () => Promise.resolve(),
      stay: () => undefined,
      timings: {
        timeOrigin: 0,
        observe: (listener) => {
          this.#timed.add(listener);
          return () => this.#timed.delete(listener);
        },
      },
      loadPlayers: () => Promise.reject(new Error('no players here')),
      loadParsers: () => Promise.reject(new Error('no playlists here')),
    };
  }
}
