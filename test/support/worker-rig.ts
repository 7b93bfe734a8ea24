import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { BUILD } from '../../src/core/build.js';
import type { ByteLength, CanonicalUrl, PieceIndex, Root, Site } from '../../src/core/brands.js';
import { concat, type Bytes } from '../../src/core/bytes.js';
import { hashWhole } from '../../src/core/merkle.js';
import { pieceLengthFor, pieceSpan, type Cut } from '../../src/core/pieces.js';
import { parseRange, resolveRange } from '../../src/core/ranges.js';
import type {
  PageMessage,
  SiteConfig,
  TransferReport,
  WorkerMessage,
  FallbackReason,
} from '../../src/protocol/bridge.js';
import { DIGEST_TYPE, POLICY_TYPE, REFUSAL_TYPE } from '../../src/protocol/hasher.js';
import { memoryStore } from '../../src/store/memory.js';
import type { PieceStore } from '../../src/store/port.js';
import { Readers } from '../../sw/readers.js';
import { PeerfoldWorker, type SeenRequest, type WorkerOptions } from '../../sw/worker.js';
import type { WindowClient } from '../../sw/bridge.js';
import type { Port } from '../../sw/page.js';
import { expect } from 'vitest';
import { FakeClock } from './fake-clock.js';
import { seededBytes } from './random.js';
import { sha256 } from './sha256.js';
import { quiet } from './watched-crypto.js';
import { workerPort } from './worker-port.js';

export const SITE = 'https://site.example' as Site;
export const HASHER = 'https://hash.example';
const HOUR = 3600;

/** A file on the fake origin. */
export interface OriginFile {
  bytes: Bytes;
  headers?: Record<string, string>;
  status?: number;
  /** Of another origin, allowed by CORS: whether scripts may read `Content-Range`. */
  exposes?: boolean;
  /** Parts do not say of how many bytes they are a part. */
  unknownLength?: boolean;
  /** Whole answers only, whatever range was asked for. */
  ignoresRange?: boolean;
  /** The body breaks off after so many bytes. */
  breaksAfter?: number;
  /** The body stops after so many bytes, and neither goes on nor ends. */
  stallsAfter?: number;
  /** The connection fails. */
  refuses?: boolean;
  /** Nothing ever comes. */
  hangs?: boolean;
  /** Milliseconds until the answer begins. */
  delay?: number;
}

export interface OriginRequest {
  readonly url: string;
  readonly range: string | undefined;
  readonly cache: string;
  readonly credentials: string;
  readonly mode: string;
  readonly untouched: boolean;
}

interface Signed {
  readonly root: Root;
  readonly cut: Cut;
  readonly layer: Bytes;
  readonly token: string;
}

const REST_STEP = 1_000;

/** What `place` is answered with; `undefined` leaves the question unanswered. */
export type PlaceRule = (
  url: string,
) => { wait: number; reason?: FallbackReason; together?: boolean; slow?: boolean } | undefined;

export interface HelloOptions {
  readonly visit?: string;
  readonly allowed?: boolean;
  readonly build?: string;
  readonly early?: boolean;
  readonly places?: boolean;
}

/** A window with a port to the worker. It answers like a well-behaved page unless told otherwise. */
export class TestPage {
  readonly heard: WorkerMessage[] = [];
  place: PlaceRule = () => ({ wait: 1000 });
  /** Called for every message of the worker, after it was recorded. */
  onHeard: (message: WorkerMessage) => void = () => undefined;
  #worker: Port | undefined;
  #leads = false;

  constructor(
    readonly id: string,
    private readonly rig: WorkerRig,
  ) {}

  /** `places`: its engine runs already, as it does in a page that was called back. */
  hello(options: HelloOptions = {}): void {
    const { visit = 'visit-1', allowed = true, build = BUILD, early = false, places = true } = options;
    const port = workerPort((message) => {
      this.#hear(message);
    });
    this.#worker = port;
    const named = allowed ? { visit } : {};
    this.rig.worker.hello(this.id, { peerfold: 'hello', build, allowed, early, ...named }, port);
    if (places) this.say({ t: 'places', on: true });
  }

  /** Says hello and takes the lead. */
  lead(options: HelloOptions = {}): void {
    this.hello(options);
    this.say({ t: 'lead', on: true });
  }

  say(message: PageMessage): void {
    if (message.t === 'lead') this.#leads = message.on;
    this.post(message);
  }

  /** What is allowed has changed: it says hello again, and what it said after the last one. */
  allow(allowed: boolean): void {
    this.hello({ allowed });
    if (this.#leads) this.say({ t: 'lead', on: true });
  }

  /** The browser has all of `url`: an engine tells of it if it was left to the browser. */
  ended(url: string): void {
    const left = this.all('left').findLast((message) => message.url === url);
    if (left) this.say({ t: 'loaded', resources: [{ url: left.url, destination: left.destination }] });
  }

  /** Posts anything at all, as a hostile script would. */
  post(message: unknown): void {
    this.#worker?.onmessage?.({ data: structuredClone(message) } as MessageEvent);
  }

  all<T extends WorkerMessage['t']>(kind: T): (WorkerMessage & { t: T })[] {
    return this.heard.filter((message): message is WorkerMessage & { t: T } => message.t === kind);
  }

  last<T extends WorkerMessage['t']>(kind: T): (WorkerMessage & { t: T }) | undefined {
    return this.all(kind).at(-1);
  }

  get reports(): TransferReport[] {
    return this.all('transfer').map(({ report }) => report);
  }

  #hear(message: WorkerMessage): void {
    this.heard.push(message);
    if (message.t === 'place') {
      const placed = this.place(message.url);
      if (placed) this.say({ t: 'placed', id: message.id, ...placed });
    }
    this.onHeard(message);
  }
}

interface RigKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: object;
}

/** An answer that never comes: who asked gives up. */
function hanging(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    onAbort(signal, () => {
      reject(new DOMException('given up', 'AbortError'));
    });
  });
}

function onAbort(signal: AbortSignal | null | undefined, act: () => void): void {
  if (signal?.aborted) act();
  else signal?.addEventListener('abort', act);
}

async function freshKey(kid: string): Promise<RigKey> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' } };
}

/** The worker with everything around it faked: clock, origin, hash service, windows. */
export class WorkerRig {
  readonly clock = new FakeClock();
  readonly files = new Map<string, OriginFile>();
  readonly requests: OriginRequest[] = [];
  /** Paths of those that were given up before the end. */
  readonly givenUp: string[] = [];
  readonly called: string[] = [];
  /** A message to a window that is not by its port. */
  onCall: (id: string, message: unknown) => void = () => undefined;
  readonly windows = new Map<string, WindowClient>();
  /** What the platform takes to say which window an id means (ms). */
  windowDelay = 0;
  readonly cached = new Map<string, () => Response>();
  /** `only-if-cached` asks the origin where the cache has nothing, against the standard; a worker notices when it starts. */
  asksOnMiss = false;
  /** Whole answers that the browser's HTTP cache has kept; stale ones, since a probe must not find them. */
  readonly kept = new Map<string, () => Response>();
  readonly layers = new Map<string, Bytes>();
  readonly hasherRequests: string[] = [];
  /** The cache mode of each of them. */
  readonly hasherCaches: string[] = [];
  readonly work: Promise<unknown>[] = [];
  readonly #pages = new Set<TestPage>();
  policy: Record<string, unknown> = {};
  hasherHangs = false;
  online = true;
  /** The browser sends Global Privacy Control; a worker notices when it starts. */
  privacyControl = false;
  playsParts = true;
  /** How often the worker asked for an end. */
  forgets = 0;
  #readers = new Readers(this.clock);
  random = (): number => 0.5;
  worker: PeerfoldWorker;
  #key: RigKey;

  private constructor(
    public store: PieceStore,
    key: RigKey,
    private readonly config: Partial<SiteConfig>,
  ) {
    this.#key = key;
    this.worker = new PeerfoldWorker(this.#options(store));
  }

  /** The hash service takes its key back, and signs with another. */
  async revokeKey(): Promise<void> {
    this.#key = await freshKey(`k${Number(this.#key.kid.slice(1)) + 1}`);
  }

  static async make(
    options: { store?: (clock: FakeClock) => PieceStore; config?: Partial<SiteConfig> } = {},
  ): Promise<WorkerRig> {
    const clock = new FakeClock();
    const store = options.store?.(clock) ?? memoryStore(clock, 64 * 2 ** 20);
    return new WorkerRig(store, await freshKey('k1'), options.config ?? {});
  }

  /** A worker started anew over the same store, as after the browser stopped it. */
  restart(): void {
    this.#readers = new Readers(this.clock);
    this.worker = new PeerfoldWorker(this.#options(this.store));
  }

  /** What a worker that is asked for an end does, and what is there after it. */
  async forget(last = (): Promise<void> => Promise.resolve()): Promise<void> {
    await this.worker.forget(last);
    this.store = memoryStore(this.clock, 64 * 2 ** 20);
    this.worker = new PeerfoldWorker(this.#options(this.store));
  }

  page(id = 'tab-1'): TestPage {
    const page = new TestPage(id, this);
    this.#pages.add(page);
    this.windows.set(id, {
      id,
      frameType: 'top-level',
      postMessage: (message) => {
        this.called.push(id);
        this.onCall(id, message);
      },
    });
    return page;
  }

  /** Puts a random file on the origin. */
  file(path: string, length: number, headers: Record<string, string> = {}): Bytes {
    const bytes = randomBytes(length, path.length);
    this.files.set(path, { bytes, headers });
    return bytes;
  }

  async sign(path: string, bytes: Bytes, claims: Record<string, unknown> = {}): Promise<Signed> {
    const length = bytes.byteLength as ByteLength;
    const cut = { length, piece: pieceLengthFor(length) };
    const { root, layer } = await hashWhole(sha256, cut, bytes);
    const wire = layer.length > 1 ? concat(layer) : new Uint8Array(0);
    if (layer.length > 1) this.layers.set(root, wire);
    const token = await this.jws(DIGEST_TYPE, {
      sub: new URL(path, SITE).href,
      ...{ root, len: length, piece: cut.piece, hdr: { 'content-type': 'image/jpeg' } },
      ...claims,
    });
    return { root, cut, layer: wire, token };
  }

  refuse(path: string): Promise<string> {
    return this.jws(REFUSAL_TYPE, { sub: new URL(path, SITE).href, code: 'private', why: 'it is private' });
  }

  /** Signs `claims` with the site's key, or with another one. */
  jws(typ: string, claims: Record<string, unknown>, key = this.#key.privateKey): Promise<string> {
    const now = Math.floor(this.clock.now() / 1000);
    const usual = { iss: HASHER, aud: SITE, iat: now, exp: now + HOUR, ver: this.clock.now(), epoch: 1 };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: this.#key.kid, typ })
      .sign(key);
  }

  /** A request of `clientId`, routed and answered as the entry would; untouched when it is not ours. */
  ask(
    path: string,
    options: {
      destination?: string;
      range?: string;
      clientId?: string;
      mode?: string;
      credentials?: RequestCredentials;
      signal?: AbortSignal;
    } = {},
  ): Promise<Response> {
    const { destination = 'image', range, clientId = 'tab-1', mode = 'no-cors' } = options;
    const { credentials = 'include' } = options;
    const url = new URL(path, SITE).href;
    const headers = new Headers(range === undefined ? {} : { range });
    const facts = {
      ...{ method: 'GET', url, destination, mode, cache: 'default', headers },
      credentials,
      referrer: `${SITE}/`,
      referrerPolicy: 'no-referrer' as const,
    };
    const untouched = (): Promise<Response> =>
      this.#origin(url, { headers, mode: mode as RequestMode, credentials }, true);
    const waitUntil = (work: Promise<unknown>): void => {
      this.work.push(work);
    };
    this.worker.see({ request: facts, clientId, resultingClientId: '' });
    const answer = this.worker.route(facts, clientId);
    const signal = options.signal ?? new AbortController().signal;
    return answer ? answer({ signal, untouched, waitUntil }) : untouched();
  }

  /** A page, frame or worker is being loaded through the worker. */
  load(resultingClientId: string, request: Partial<SeenRequest['request']> = {}): void {
    const usual = { url: `${SITE}/`, destination: 'document', headers: new Headers() };
    this.worker.see({ request: { ...usual, ...request }, clientId: '', resultingClientId });
  }

  /** Runs the clock until `promise` settles, or fails after `limit` ms of fake time. */
  async until<T>(promise: Promise<T>, limit = 60_000): Promise<T> {
    const state = { settled: false };
    const mark = (): void => {
      state.settled = true;
    };
    promise.then(mark, mark);
    await quiet();
    for (let spent = 0; spent < limit && !state.settled; spent += 5) {
      await this.clock.advance(5);
      await quiet();
    }
    if (!state.settled) throw new Error(`not settled after ${limit} ms`);
    return promise;
  }

  /** The body of an answer, with the clock running. */
  async bytes(response: Promise<Response>): Promise<Bytes> {
    const got = await this.until(response);
    return new Uint8Array(await this.until(got.arrayBuffer()));
  }

  /** Lets everything under way in the background come to rest. */
  async rest(ms = 500): Promise<void> {
    await quiet();
    // In steps: what a timer starts on other threads must end before time goes far beyond it.
    for (let left = ms; left > 0; left -= REST_STEP) {
      await this.clock.advance(Math.min(left, REST_STEP));
      await quiet();
    }
  }

  /** A visitor that was here before: policy read, one leading page. */
  async visitor(id = 'tab-1'): Promise<TestPage> {
    const page = this.page(id);
    page.lead();
    await this.rest(10);
    return page;
  }

  /** Makes `page`'s engine bring every needed piece from `bytes`, altered by `alter`. */
  serve(
    page: TestPage,
    bytes: Bytes,
    signed: Signed,
    alter: (piece: Bytes, index: number) => Bytes | undefined,
  ): void {
    page.onHeard = (message) => {
      if (message.t !== 'need' || message.root !== signed.root) return;
      if (message.layer) page.say({ t: 'layer', root: signed.root, bytes: signed.layer.slice() });
      for (const index of message.pieces) {
        const { start, end } = pieceSpan(signed.cut, index);
        const piece = alter(bytes.slice(start, end), index);
        if (piece) page.say({ t: 'piece', root: signed.root, index, from: 7, bytes: piece });
      }
    };
  }

  #options(store: PieceStore): WorkerOptions {
    return {
      config: {
        ...{ site: SITE, hasher: HASHER, tracker: 'wss://track.example', include: ['/media/*'], exclude: [] },
        ...{ origins: ['https://cdn.example'], partners: [], static: false, headStart: 10, minSize: 16_384 },
        ...this.config,
      },
      clock: this.clock,
      fetch: (input, init) =>
        this.#fetch(input instanceof Request ? input.url : input.toString(), init ?? {}),
      random: () => this.random(),
      sha256,
      store,
      clients: {
        get: async (id) => {
          const { clock, windowDelay } = this;
          if (windowDelay > 0) await new Promise<void>((done) => clock.setTimeout(done, windowDelay));
          return this.windows.get(id);
        },
        all: () => Promise.resolve([...this.windows.values()]),
      },
      isOnline: () => this.online,
      privacyControl: this.privacyControl,
      playsParts: this.playsParts,
      readers: this.#readers,
      onForget: () => {
        this.forgets++;
      },
    };
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    if (url.startsWith(HASHER)) return this.#hasher(url, init);
    return this.#origin(url, init, false);
  }

  async #hasher(url: string, init: RequestInit): Promise<Response> {
    this.hasherRequests.push(url.slice(HASHER.length));
    this.hasherCaches.push(init.cache ?? 'default');
    if (this.hasherHangs) return hanging(init.signal);
    if (url.endsWith('/jwks.json')) return Response.json({ keys: [this.#key.jwk] });
    if (url.endsWith('/v1/policy')) {
      const now = Math.floor(this.clock.now() / 1000);
      const usual = { enabled: true, minEpoch: 1, rollout: 1, revoked: [], exp: now + 300 };
      return new Response(await this.jws(POLICY_TYPE, { ...usual, ...this.policy }));
    }
    const layer = this.layers.get(url.split('/').at(-1) ?? '');
    return layer ? new Response(layer) : new Response('{}', { status: 404 });
  }

  #origin(url: string, init: RequestInit, untouched: boolean): Promise<Response> {
    const address = new URL(url, `${SITE}/peerfold-worker.js`);
    if (init.cache === 'only-if-cached') {
      const cached = this.cached.get(address.pathname) ?? this.kept.get(address.pathname);
      if (cached) return Promise.resolve(cached());
      if (!this.asksOnMiss) return Promise.reject(new TypeError('ERR_CACHE_MISS'));
    }
    const range = new Headers(init.headers).get('range') ?? undefined;
    this.requests.push({
      ...{ url: address.pathname, range, untouched },
      ...{ cache: init.cache ?? 'default', credentials: init.credentials ?? '', mode: init.mode ?? '' },
    });
    const file = this.files.get(address.pathname);
    if (!file) return Promise.resolve(new Response('not found', { status: 404 }));
    const { signal } = init;
    let isOver = false;
    onAbort(signal, () => {
      if (!isOver) this.givenUp.push(address.pathname);
    });
    if (file.hangs) return hanging(signal);
    const keep = (kept: () => Response): void => {
      this.kept.set(address.pathname, kept);
      if (untouched) for (const page of this.#pages) page.ended(url);
    };
    const answer = (): Response => {
      isOver = file.refuses === true || file.status !== undefined;
      if (file.refuses) throw new TypeError('connection refused');
      const onEnd = (): void => {
        isOver = true;
      };
      return answerOf(file, range, { signal, keep, onEnd });
    };
    return Promise.race([this.#after(file.delay ?? 0).then(answer), hanging(signal)]);
  }

  async #after(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((done) => this.clock.setTimeout(done, ms));
  }
}

interface Answering {
  readonly signal: AbortSignal | null | undefined;
  /** Called when a whole answer was read to its end, with what an HTTP cache would give again. */
  keep(kept: () => Response): void;
  /** Called when any answer was read to its end. */
  onEnd(): void;
}

function answerOf(file: OriginFile, range: string | undefined, answering: Answering): Response {
  const { bytes, status = 200 } = file;
  const headers = new Headers({
    'content-type': 'image/jpeg',
    'cache-control': 'public, max-age=3600',
    ...file.headers,
  });
  if (status !== 200) return new Response('an error', { status, headers });
  const spec = range === undefined || file.ignoresRange ? undefined : parseRange(range);
  const onWhole = (): void => {
    answering.onEnd();
    answering.keep(() => new Response(bytes, { headers }));
  };
  if (!spec) return bodyOf(file, bytes, { status: 200, headers }, { ...answering, onEnd: onWhole });
  const span = resolveRange(spec, bytes.byteLength);
  if (!span) {
    headers.set('content-range', `bytes */${bytes.byteLength}`);
    return new Response(null, { status: 416, headers });
  }
  const length = file.unknownLength ? '*' : bytes.byteLength;
  headers.set('content-range', `bytes ${span.start}-${span.end - 1}/${length}`);
  return seenFrom(file, bodyOf(file, bytes.slice(span.start, span.end), { status: 206, headers }, answering));
}

/** As a script of another origin sees it. */
function seenFrom({ exposes }: OriginFile, response: Response): Response {
  if (exposes === undefined) return response;
  if (!exposes) response.headers.delete('content-range');
  return Object.defineProperty(response, 'type', { value: 'cors' });
}

function bodyOf(
  file: OriginFile,
  bytes: Bytes,
  init: { status: number; headers: Headers },
  { signal, onEnd }: Pick<Answering, 'signal' | 'onEnd'>,
): Response {
  const { headers } = init;
  headers.set('content-length', String(bytes.byteLength));
  const { breaksAfter = Infinity, stallsAfter = Infinity } = file;
  let at = 0;
  const body = new ReadableStream<Bytes>({
    start: (controller) => {
      onAbort(signal, () => {
        if (at < bytes.byteLength) controller.error(signal?.reason);
      });
    },
    pull: (controller) => {
      if (at >= breaksAfter) {
        controller.error(new TypeError('connection reset'));
        return undefined;
      }
      if (at >= stallsAfter) return new Promise<void>(() => undefined);
      const end = Math.min(at + 50_000, bytes.byteLength, breaksAfter, stallsAfter);
      if (end > at) controller.enqueue(bytes.slice(at, end));
      at = end;
      if (at < bytes.byteLength) return undefined;
      controller.close();
      onEnd();
      return undefined;
    },
  });
  return new Response(body, init);
}

/** Bytes of which no two pieces are alike; drawing all of them at random would take seconds. */
function randomBytes(length: number, seed: number): Bytes {
  const block = seededBytes(seed)(4093);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += block.length) bytes.set(block.subarray(0, length - at), at);
  for (let at = 0; at < length; at += 1024) bytes[at] = (at / 1024) % 251;
  return bytes;
}

/** Equality of bodies; comparing them value by value takes seconds. */
export function expectSame(got: Uint8Array, expected: Uint8Array): void {
  expect(got.byteLength).toBe(expected.byteLength);
  expect(Buffer.compare(got, expected)).toBe(0);
}

export function urlOf(path: string): CanonicalUrl {
  return new URL(path, SITE).href as CanonicalUrl;
}

export function piece(index: number): PieceIndex {
  return index as PieceIndex;
}
