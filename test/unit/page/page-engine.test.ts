// @vitest-environment happy-dom
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BUILD } from '../../../src/core/build.js';
import type { ByteLength, CanonicalUrl, PeerId, PieceIndex, Root } from '../../../src/core/brands.js';
import { prefixOf } from '../../../src/core/brands.js';
import { toHex } from '../../../src/core/bytes.js';
import { hashWhole } from '../../../src/core/merkle.js';
import type { EngineHost, Fault, PeerEvent } from '../../../src/page/engine-host.js';
import type { EngineEnvironment } from '../../../src/page/engine-environment.js';
import type { Memory } from '../../../src/page/memory.js';
import type { PeerfoldOptions } from '../../../src/page/options.js';
import { PageEngine } from '../../../src/page/page-engine.js';
import { HIDDEN_GRACE } from '../../../src/page/presence.js';
import { SEEK_AFTER } from '../../../src/page/seeker.js';
import { startPlayers } from '../../../src/page/players.js';
import { PERIOD, SOON } from '../../../src/page/upcoming.js';
import { LET_GO, LOOK_INTERVAL, LOOKS } from '../../../src/page/stuck-images.js';
import { toBase64Url } from '../../../src/protocol/base64.js';
import type { PageMessage, SiteConfig, TransferReport, WorkerMessage } from '../../../src/protocol/bridge.js';
import { createIdentity, type Identity } from '../../../src/protocol/seal.js';
import type { FakeLine } from '../../support/fake-tracker.js';
import { FakeTracker } from '../../support/fake-tracker.js';
import { prepareDom, putAt, setVisibility } from '../../support/dom.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { addPlayer, timeRanges } from '../../support/fake-player.js';
import { DESKTOP, fakeMemory } from '../../support/fake-visitor.js';
import { CONFIG } from '../../support/fake-worker.js';
import { MemoryNetwork } from '../../support/memory-link.js';
import { JWS } from '../../support/samples.js';
import { seededBytes, seededRandom } from '../../support/random.js';
import type { ResourceTiming } from '../../../src/page/native-loads.js';
import { pageStats } from '../../support/page-stats.js';
import { resourceTiming, transferReport } from '../../support/reports.js';
import { sha256 } from '../../support/sha256.js';
import { fullBitfield } from '../../support/bits.js';
import { until } from '../../support/until.js';

prepareDom();
const ROOT = 'ab'.repeat(32) as Root;
const URL_A = 'https://site.example/a.jpg' as CanonicalUrl;
const URL_B = 'https://site.example/b.jpg' as CanonicalUrl;
const cut = { length: (2 * 65536) as ByteLength, piece: 65536 as ByteLength };
const ALL = { visitor: true, site: true };

let identities: Identity[];
beforeAll(async () => {
  identities = await Promise.all([createIdentity(), createIdentity()]);
});

class FakeView extends EventTarget {
  readonly document = document;
  readonly navigator = { onLine: true };
  readonly innerWidth = 1000;
  readonly innerHeight = 800;
  readonly scrollY = 0;
}

function exp(clock: FakeClock): string {
  const claims = toBase64Url(new TextEncoder().encode(JSON.stringify({ exp: clock.now() / 1000 + 600 })));
  return `e30.${claims}.c2ln`;
}

/** An answering hash service: admissions, `a.b.c` for every URL, layers from `layers`. */
function hasherOf(clock: FakeClock) {
  const asked: { path: string; body: string }[] = [];
  const answer = (path: string, body: string): Response => {
    if (path === '/v1/admissions') return Response.json({ admission: exp(clock), receipt: 'r.e.c' });
    if (path === '/v1/reports') return new Response(null, { status: 204 });
    if (path.startsWith('/v1/layers/')) return new Response(new Uint8Array(64));
    const { urls } = JSON.parse(body) as { urls: string[] };
    return Response.json({ answers: urls.map(() => 'a.b.c') });
  };
  const fetch: typeof globalThis.fetch = (input, init) => {
    if (service.isDown) return Promise.reject(new TypeError('down'));
    const { pathname } = new URL(typeof input === 'string' ? input : 'https://unexpected.example/');
    const body = typeof init?.body === 'string' ? init.body : '';
    asked.push({ path: pathname, body });
    return Promise.resolve(answer(pathname, body));
  };
  const service = { asked, fetch, isDown: false };
  return service;
}

interface Setting {
  clock?: FakeClock;
  network?: MemoryNetwork;
  tracker?: FakeTracker;
  identity?: number;
  config?: SiteConfig;
  environment?: Partial<EngineEnvironment>;
  options?: Partial<PeerfoldOptions>;
  memory?: Memory;
  controlled?: boolean;
  /** Hears what the engine sends to the worker, and may answer. */
  worker?: (message: PageMessage, answer: (message: WorkerMessage) => void) => void;
}

function engineOf(setting: Setting = {}) {
  const clock = setting.clock ?? new FakeClock();
  const tracker = setting.tracker ?? new FakeTracker();
  const view = new FakeView();
  const sent: PageMessage[] = [];
  const faults: Fault[] = [];
  const peers: PeerEvent[] = [];
  const listeners = new Set<(report: TransferReport) => void>();
  const timed = new Set<(timings: readonly ResourceTiming[]) => void>();
  const recorded: TransferReport[] = [];
  const hasher = hasherOf(clock);
  const network = setting.network ?? new MemoryNetwork(clock);
  const host: EngineHost = {
    controlled: setting.controlled ?? false,
    build: BUILD,
    config: setting.config ?? CONFIG,
    options: { consent: 'implied', upload: 1e9, ...setting.options },
    memory: setting.memory ?? fakeMemory(),
    send: (message) => {
      sent.push(message);
      setting.worker?.(message, (answer) => {
        queueMicrotask(() => {
          engine.receive(answer);
        });
      });
    },
    peer: (event) => peers.push(event),
    playback: () => undefined,
    fault: (fault) => faults.push(fault),
    stats: () => pageStats(),
    record: (report) => {
      recorded.push(report);
    },
    onTransfer: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const identity = identities[setting.identity ?? 0];
  if (!identity) throw new Error('no such identity');
  const engine: PageEngine = new PageEngine(host, {
    clock,
    random: seededRandom(7),
    fetch: hasher.fetch,
    sha256,
    locks: undefined,
    device: DESKTOP,
    view: view,
    linksThrough: () => network.visitor(),
    openSocket: tracker.openSocket,
    createIdentity: () => Promise.resolve(identity),
    idle: () => Promise.resolve(),
    stay: () => undefined,
    timings: {
      timeOrigin: 0,
      observe: (listener) => {
        timed.add(listener);
        return () => timed.delete(listener);
      },
    },
    loadPlayers: () => import('../../../src/page/players.js'),
    loadParsers: () => Promise.reject(new Error('no playlists here')),
    ...setting.environment,
  });
  onTestFinished(() => {
    engine.stop();
    document.body.replaceChildren();
  });
  const of = <T extends PageMessage['t']>(kind: T) =>
    sent.filter((message): message is Extract<PageMessage, { t: T }> => message.t === kind);
  return { clock, tracker, view, sent, faults, peers, listeners, timed, recorded, hasher, engine, of };
}

async function connected(page: ReturnType<typeof engineOf>): Promise<void> {
  page.engine.allow(ALL);
  await settle();
  await until(() => page.engine.stats().tracker, 'the tracker');
}

const known = (root = ROOT, clock: FakeClock): WorkerMessage => ({
  t: 'known',
  url: URL_A,
  root,
  ...cut,
  until: clock.now() + 600_000,
});

const held = (clock: FakeClock, root = ROOT): Extract<WorkerMessage, { t: 'held' }> => ({
  ...{ t: 'held', root, ...cut, url: URL_A, token: JWS },
  ...{ bits: fullBitfield(2).toBytes(), until: clock.now() + 600_000 },
});

describe('permission', () => {
  it('is needed for everything', async () => {
    const page = engineOf();
    await page.clock.advance(60_000);
    expect(page.sent).toEqual([{ t: 'places', on: true }]);
    expect(page.tracker.lines).toEqual([]);
    expect(page.hasher.asked).toEqual([]);
  });

  it("of the visitor alone lets it lead; only the site's lets it contact anybody", async () => {
    const page = engineOf();
    page.engine.allow({ visitor: true, site: false });
    page.engine.receive({ t: 'seen', urls: [URL_A] });
    page.engine.receive(known(ROOT, page.clock));
    await page.clock.advance(10_000);
    expect(page.of('lead')).toEqual([{ t: 'lead', on: true }]);
    expect(page.hasher.asked).toEqual([]);
    expect(page.tracker.lines).toEqual([]);
    page.engine.allow(ALL);
    await page.clock.advance(20);
    expect(page.hasher.asked.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/v1/admissions', '/v1/digests']),
    );
    expect(page.tracker.lines).toHaveLength(1);
  });

  it('that ends closes everything and leaves no timer', async () => {
    const page = engineOf();
    await connected(page);
    page.engine.allow({ visitor: false, site: false });
    expect(page.of('lead').at(-1)).toEqual({ t: 'lead', on: false });
    expect(page.tracker.line.closed).toBe(true);
    expect(page.engine.stats()).toMatchObject({ leading: false, tracker: false, links: 0 });
    page.engine.stop();
    page.engine.stop();
    expect(page.clock.pending).toBe(0);
    expect(page.listeners.size).toBe(0);
  });

  it('without a key is worth nothing, and says so', async () => {
    const page = engineOf({ environment: { createIdentity: () => Promise.reject(new Error('no P-256')) } });
    page.engine.allow(ALL);
    await settle();
    expect(page.faults).toEqual([{ code: 'not-supported', message: 'no key: no P-256' }]);
    expect(page.of('lead')).toEqual([]);
  });
});

describe('what plays', () => {
  it('is told of ahead while anybody may be asked, and to a worker that was started anew', async () => {
    const { tell } = addPlayer({ currentSrc: URL_A, duration: 20, buffered: timeRanges([0, 5]) });
    const page = engineOf({
      config: { ...CONFIG, headStart: 0 },
      environment: { loadPlayers: () => Promise.resolve({ startPlayers }) },
    });
    await settle();
    page.engine.receive({ ...known(ROOT, page.clock), length: 2_000_000 } as WorkerMessage);
    tell('play');
    await page.clock.advance(SOON);
    expect(page.of('ahead')).toEqual([]);
    page.engine.allow(ALL);
    page.engine.receive({ t: 'place', id: 1, url: URL_A, destination: 'video', start: 500_000 });
    const began = page.clock.now();
    const report = transferReport({
      url: URL_A,
      destination: 'video',
      start: 500_000,
      started: began,
      http: 9,
    });
    for (const listener of page.listeners) listener(report);
    tell('timeupdate');
    await page.clock.advance(PERIOD);
    expect(page.of('ahead').at(-1)?.items[0]).toMatchObject({ url: URL_A, start: 500_009, due: 5000 });
    const before = page.of('ahead').length;
    page.engine.reconnected();
    await page.clock.advance(SOON);
    expect(page.of('ahead')).toHaveLength(before + 1);
    page.engine.allow({ visitor: true, site: false });
    expect(page.of('ahead').at(-1)?.items).toEqual([]);
  });
});

describe('being looked at', () => {
  it('ends with a long absence, offline and frozen pages, and returns with the visitor', async () => {
    const page = engineOf();
    await connected(page);
    setVisibility('hidden');
    await page.clock.advance(HIDDEN_GRACE - 1);
    expect(page.engine.stats().leading).toBe(true);
    await page.clock.advance(1);
    expect(page.engine.stats().leading).toBe(false);
    setVisibility('visible');
    expect(page.engine.stats().leading).toBe(true);
    page.view.navigator.onLine = false;
    page.view.dispatchEvent(new Event('offline'));
    expect(page.of('lead').map(({ on }) => on)).toEqual([true, false, true, false]);
  });
});

describe('messages of the worker', () => {
  it('places resources though it does not lead', () => {
    const page = engineOf();
    const image = document.createElement('img');
    image.loading = 'lazy';
    image.src = URL_A;
    putAt(image, 1800);
    document.body.append(image);
    page.engine.receive({ t: 'place', id: 1, url: URL_A, destination: 'image' });
    expect(page.of('placed')).toEqual([{ t: 'placed', id: 1, wait: 1700 }]);
    const fetched = transferReport({ http: 50_000, firstByte: 600, duration: 700 });
    for (const listener of page.listeners) listener(fetched);
    page.engine.receive({ t: 'place', id: 2, url: URL_A, destination: 'image' });
    expect(page.of('placed')[1]?.wait).toBe(2000 - 700);
    page.engine.receive(known(ROOT, page.clock));
    page.engine.receive({ t: 'place', id: 3, url: URL_A, destination: 'image' });
    expect(page.of('placed')[2]?.wait).toBe(Math.ceil(2000 - 600 - (cut.length * 100) / 50_000));
  });

  it('counts what the worker left to the browser, and offers it to be shared', () => {
    const page = engineOf();
    page.engine.receive({ t: 'left', url: URL_A, destination: 'image', reason: 'no-engine' });
    for (const listener of page.timed) listener([resourceTiming({ name: URL_A, workerStart: 3 })]);
    expect(page.recorded).toMatchObject([{ url: URL_A, fallback: 'no-engine' }]);
    expect(page.of('loaded')).toEqual([{ t: 'loaded', resources: [{ url: URL_A, destination: 'image' }] }]);
  });

  it('says after a new hello that it places resources', () => {
    const page = engineOf();
    page.engine.reconnected();
    expect(page.of('places')).toEqual([
      { t: 'places', on: true },
      { t: 'places', on: true },
    ]);
  });

  it('answers a need at once when it cannot help', () => {
    const page = engineOf();
    page.engine.receive({
      t: 'need',
      id: 3,
      url: URL_A,
      root: ROOT,
      ...cut,
      pieces: [0 as PieceIndex],
      wait: 1000,
      layer: false,
    });
    expect(page.of('miss')).toEqual([{ t: 'miss', id: 3, reason: 'no-engine' }]);
  });

  it('gets tokens for what was seen and for what will be, and asks the tracker for what is known', async () => {
    const page = engineOf();
    const image = document.createElement('img');
    Object.defineProperty(image, 'complete', { value: false });
    image.src = 'https://site.example/ahead.jpg';
    document.body.append(image);
    await connected(page);
    page.engine.receive({ t: 'seen', urls: [URL_A] });
    await page.clock.advance(50);
    const asked = page.hasher.asked.filter(({ path }) => path === '/v1/digests').map(({ body }) => body);
    expect(asked.join()).toContain('/ahead.jpg');
    expect(asked.join()).toContain('/a.jpg');
    expect(page.of('tokens').flatMap(({ tokens }) => tokens)).toEqual(['a.b.c', 'a.b.c']);
    page.engine.receive(known(ROOT, page.clock));
    await page.clock.advance(50);
    expect(page.tracker.line.of('want')).toMatchObject([{ roots: [prefixOf(ROOT)] }]);
  });

  it('does not want what it holds whole, nor ask again for what was refused', async () => {
    const page = engineOf();
    await connected(page);
    const message = held(page.clock);
    page.engine.receive({ t: 'seen', urls: [URL_A] });
    await page.clock.advance(50);
    const { until } = message;
    page.engine.receive({ t: 'refused', url: URL_A, code: 'private', why: 'private', until });
    page.engine.receive(message);
    page.engine.receive(known(ROOT, page.clock));
    await page.clock.advance(100_000);
    page.engine.receive({ t: 'seen', urls: [URL_A] });
    await page.clock.advance(50);
    expect(page.tracker.line.of('want')).toEqual([]);
    expect(page.hasher.asked.filter(({ path }) => path === '/v1/digests')).toHaveLength(1);
  });

  it('announces what is held, also when links come later, and withdraws what is dropped', async () => {
    const page = engineOf();
    page.engine.allow({ visitor: true, site: false });
    await settle();
    page.engine.receive(held(page.clock));
    await connected(page);
    expect(page.tracker.line.of('have')).toMatchObject([{ add: [prefixOf(ROOT)] }]);
    page.engine.receive({ t: 'drop', root: ROOT });
    await page.clock.advance(100);
    expect(page.tracker.line.of('have').at(-1)).toMatchObject({ add: [], del: [prefixOf(ROOT)] });
  });

  it('forgets what it held when the worker starts over, and says again that it leads', async () => {
    const page = engineOf();
    await connected(page);
    page.engine.receive(held(page.clock));
    await page.clock.advance(100);
    page.engine.reconnected();
    await page.clock.advance(100);
    expect(page.of('lead')).toHaveLength(2);
    expect(page.tracker.line.of('have').at(-1)).toMatchObject({ del: [prefixOf(ROOT)] });
  });

  it('reports a copy that differs, with its receipt and not its admission', async () => {
    const page = engineOf();
    await connected(page);
    page.engine.receive({ t: 'differs', url: URL_A, signed: ROOT });
    await settle();
    const report = page.hasher.asked.find(({ path }) => path === '/v1/reports');
    expect(JSON.parse(report?.body ?? '')).toEqual({
      site: 'https://site.example',
      url: URL_A,
      signed: ROOT,
      receipt: 'r.e.c',
    });
  });

  it('fetches a layer that no peer gives', async () => {
    const page = engineOf();
    await connected(page);
    page.engine.receive({
      t: 'need',
      id: 3,
      url: URL_A,
      root: ROOT,
      ...cut,
      pieces: [0 as PieceIndex],
      wait: 1000,
      layer: true,
    });
    await page.clock.advance(200);
    expect(page.of('layer')).toMatchObject([{ root: ROOT }]);
  });

  it('misses when the tracker knows nobody, and at once when it has said so before', async () => {
    const page = engineOf();
    await connected(page);
    const need = { t: 'need', url: URL_A, root: ROOT, ...cut, wait: 5000, layer: false } as const;
    page.engine.receive({ ...need, id: 4, pieces: [0 as PieceIndex] });
    await page.clock.advance(100);
    const q = page.tracker.line.of('want')[0]?.q ?? -1;
    page.tracker.line.say({ t: 'peers', q, peers: [] });
    await settle();
    expect(page.of('miss')).toMatchObject([{ id: 4, reason: 'no-peers' }]);
    page.engine.receive({ t: 'cancel', id: 4 });
    page.engine.receive({ ...need, id: 5, pieces: [1 as PieceIndex] });
    await page.clock.advance(50);
    expect(page.of('miss').at(-1)).toMatchObject({ id: 5, reason: 'no-peers' });
    expect(page.tracker.line.of('want')).toHaveLength(1);
  });

  it('ignores everything after stop', () => {
    const page = engineOf();
    page.engine.stop();
    page.engine.receive({ t: 'place', id: 1, url: URL_A, destination: 'image' });
    page.engine.receive({ t: 'left', url: URL_A, destination: 'image', reason: 'no-engine' });
    expect(page.sent).toEqual([
      { t: 'places', on: true },
      { t: 'places', on: false },
    ]);
    expect(page.timed.size).toBe(0);
  });
});

/** Two visitors with a tracker between them that introduces the first to whoever wants something. */
async function twoVisitors(
  content: Uint8Array<ArrayBuffer>,
  config: SiteConfig,
  setting: Pick<Setting, 'options' | 'memory' | 'controlled'> = {},
) {
  const clock = new FakeClock();
  const network = new MemoryNetwork(clock);
  const { root } = await hashWhole(sha256, cut, content);
  const pids = ['node1_aaaa', 'node1_bbbb'] as PeerId[];
  const trackers = pids.map((pid) => Object.assign(new FakeTracker(), { pid }));
  const relayed = new Map<FakeLine, number>();
  const admitted = config.static ? {} : { admission: 'a.b.c' };
  const worker = (message: PageMessage, answer: (message: WorkerMessage) => void): void => {
    if (message.t === 'admit') answer({ t: 'admitted', id: message.id, ok: true });
    if (message.t === 'read') {
      const start = message.index * cut.piece;
      answer({ t: 'bytes', id: message.id, bytes: content.slice(start, start + cut.piece) });
    }
    if (message.t === 'piece') {
      const { root, index, from } = message;
      answer({ t: 'verdict', root, index, from, verdict: 'verified' });
    }
    // All of them are made up here.
    if (message.t === 'layer' && message.from !== undefined) {
      answer({ t: 'verdict', root: message.root, from: message.from, verdict: 'mismatch' });
    }
  };
  const pages = [0, 1].map((i) => {
    const tracker = trackers[i];
    if (!tracker) throw new Error('two trackers');
    return engineOf({ clock, network, tracker, identity: i, worker, config, ...setting });
  });
  const [a, b] = pages;
  if (!a || !b) throw new Error('two pages');
  await connected(a);
  await connected(b);

  /** Passes on what each side has sent since the last time. */
  const relay = (): void => {
    [a, b].forEach((from, i) => {
      const to = i === 0 ? b : a;
      const signals = from.tracker.line.of('signal').flatMap(({ list }) => list);
      for (const { box } of signals.slice(relayed.get(from.tracker.line) ?? 0)) {
        const key = identities[i]?.publicKey ?? '';
        to.tracker.line.say({ t: 'signal', from: from.tracker.pid, key, ...admitted, pass: 'back', box });
      }
      relayed.set(from.tracker.line, signals.length);
    });
  };
  const introduce = (): void => {
    const want = b.tracker.line.of('want').at(-1);
    if (!want) throw new Error('nothing wanted');
    const bits = fullBitfield(want.roots.length);
    const key = identities[0]?.publicKey ?? '';
    const peer = { pid: a.tracker.pid, key, ...admitted, has: toBase64Url(bits.toBytes()), pass: 'p' };
    b.tracker.line.say({ t: 'peers', q: want.q, peers: [peer] });
  };
  /** The seals of signals take real time, the rest the clock's. */
  const link = async (): Promise<void> => {
    introduce();
    for (let turn = 0; turn < 400 && b.engine.stats().links === 0; turn++) {
      relay();
      await clock.advance(5);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  return { a, b, clock, root, link };
}

describe('a page of a static site', () => {
  it('reads statements as files, joins the tracker by its origin, and has nobody to report to', async () => {
    const asked: string[] = [];
    const signed = toHex(sha256(new TextEncoder().encode(URL_A)));
    const page = engineOf({
      config: { ...CONFIG, hasher: 'https://site.example/.peerfold', static: true },
      environment: {
        fetch: (input) => {
          const address = input instanceof Request ? input.url : input.toString();
          asked.push(address);
          return Promise.resolve(
            address.endsWith(signed) ? new Response('a.b.c') : new Response(null, { status: 404 }),
          );
        },
      },
    });
    await connected(page);
    expect(page.tracker.line.of('hello')[0]).not.toHaveProperty('admission');
    page.engine.receive({ t: 'seen', urls: [URL_A, URL_B] });
    await page.clock.advance(20);
    await settle();
    expect(page.of('tokens')).toEqual([{ t: 'tokens', tokens: ['a.b.c'] }]);
    expect(page.of('unsigned')).toEqual([{ t: 'unsigned', urls: [URL_B] }]);
    page.engine.receive({ t: 'differs', url: URL_A, signed: ROOT });
    await page.clock.advance(60_000);
    expect(asked.map((address) => address.replace(/[0-9a-f]{64}$/, 'HASH'))).toEqual([
      'https://site.example/.peerfold/v1/d/HASH',
      'https://site.example/.peerfold/v1/d/HASH',
    ]);
    expect(page.faults).toEqual([]);
  });
});

describe('two visitors', () => {
  it.each([
    ['admitted by a hash service', CONFIG, 1],
    ['of a static site, where nobody admits', { ...CONFIG, static: true }, 0],
  ])('%s link ahead of need and transfer byte-exactly', async (_, config, questions) => {
    const content = seededBytes(11)(cut.length);
    const { a, b, clock, root, link } = await twoVisitors(content, config);
    a.engine.receive(held(clock, root));
    b.engine.receive(known(root, clock));
    await clock.advance(100);
    await link();
    expect(b.engine.stats().links).toBe(1);
    expect(b.peers[0]).toMatchObject({ state: 'up', links: 1 });
    expect(b.of('admit')).toHaveLength(questions);
    const pieces = [0, 1] as PieceIndex[];
    b.engine.receive({ t: 'need', id: 1, url: URL_A, root, ...cut, pieces, wait: 5000, layer: false });
    for (let turn = 0; turn < 400 && b.of('piece').length < 2; turn++) await clock.advance(5);
    const got = b.of('piece').sort((x, y) => x.index - y.index);
    expect(Buffer.concat(got.map(({ bytes }) => bytes)).equals(Buffer.from(content))).toBe(true);
    expect(a.engine.stats().uploaded).toBe(cut.length);
    expect(a.faults).toEqual([]);
    expect(b.faults).toEqual([]);
    a.engine.allow({ visitor: false, site: false });
    await clock.advance(1000);
    expect(b.engine.stats().links).toBe(0);
    expect(a.engine.stats().uploaded).toBe(cut.length);
  });

  it('give each other what is signed, when the hash service does not answer', async () => {
    const content = seededBytes(12)(cut.length);
    const { a, b, clock, root, link } = await twoVisitors(content, CONFIG);
    a.engine.receive(held(clock, root));
    b.engine.receive(known(root, clock));
    await clock.advance(100);
    await link();
    b.hasher.isDown = true;
    b.engine.receive({ t: 'seen', urls: [URL_A, URL_B] });
    await clock.advance(200);
    expect(b.of('tokens')).toEqual([{ t: 'tokens', tokens: [JWS] }]);
    a.engine.receive({ ...held(clock, root), url: URL_B, token: 'd.e.f' });
    await clock.advance(200);
    expect(b.of('tokens').at(-1)).toEqual({ t: 'tokens', tokens: ['d.e.f'] });
  });
});

describe('a holder for whom there was no place when it was named', () => {
  it('is linked to as soon as something is needed that nobody linked holds', async () => {
    const page = engineOf({
      worker: (message, answer) => {
        if (message.t === 'admit') answer({ t: 'admitted', id: message.id, ok: true });
      },
    });
    await connected(page);
    page.engine.receive(known(ROOT, page.clock));
    await page.clock.advance(50);
    const others = await Promise.all(Array.from({ length: 6 }, createIdentity));
    const peers = others.map(({ publicKey: key }, i) => {
      const has = toBase64Url(fullBitfield(1).toBytes());
      return { pid: `node1_peer${i}` as PeerId, key, admission: JWS, has, pass: 'pass' };
    });
    page.tracker.line.say({ t: 'peers', q: 0, peers });
    const called = () => {
      const calls = page.tracker.line.of('signal').flatMap(({ list }) => list.map(({ to }) => to));
      return [...new Set(calls)];
    };
    // Sealing takes time on other threads, and batching the sealed time by the clock.
    const reaches = async (count: number) => {
      while (called().length < count) {
        await page.clock.advance(5);
        await settle();
      }
    };
    await reaches(5);
    expect(called()).toHaveLength(5);
    const need = { t: 'need', url: URL_A, root: ROOT, ...cut, wait: 5000, layer: false } as const;
    page.engine.receive({ ...need, id: 1, pieces: [0 as PieceIndex] });
    await reaches(6);
    expect(called().sort()).toEqual(peers.map(({ pid }) => pid));
  });
});

describe('a visitor without a link', () => {
  const wanted = (page: ReturnType<typeof engineOf>) => page.tracker.line.of('want');

  it('asks again for what it wants, while nobody comes of the answers', async () => {
    const page = engineOf();
    await connected(page);
    page.engine.receive(known(ROOT, page.clock));
    await page.clock.advance(100);
    page.tracker.line.say({ t: 'peers', q: 0, peers: [] });
    expect(wanted(page)).toHaveLength(1);
    await page.clock.advance(SEEK_AFTER + 1000);
    expect(wanted(page).map(({ q, roots }) => [q, roots])).toEqual([
      [0, [prefixOf(ROOT)]],
      [1, [prefixOf(ROOT)]],
    ]);
    expect(page.tracker.line.of('cancel')).toEqual([{ t: 'cancel', q: 0 }]);
    page.engine.stop();
    expect(page.clock.pending).toBe(0);
  });

  it('because the one it had has failed, asks again; with a link it does not', async () => {
    const { a, b, clock, root, link } = await twoVisitors(seededBytes(16)(cut.length), CONFIG);
    a.engine.receive(held(clock, root));
    b.engine.receive(known(root, clock));
    await clock.advance(100);
    await link();
    expect(b.engine.stats().links).toBe(1);
    await clock.advance(3 * SEEK_AFTER);
    expect(wanted(b)).toHaveLength(1);
    a.engine.allow({ visitor: false, site: false });
    await clock.advance(1000);
    expect(b.engine.stats().links).toBe(0);
    await clock.advance(SEEK_AFTER);
    expect(wanted(b).map(({ roots }) => roots)).toEqual([[prefixOf(root)], [prefixOf(root)]]);
  });

  it('asks for nothing once it is closed, though links end by that', async () => {
    const { a, b, clock, root, link } = await twoVisitors(seededBytes(17)(cut.length), CONFIG);
    a.engine.receive(held(clock, root));
    b.engine.receive(known(root, clock));
    await clock.advance(100);
    await link();
    b.engine.allow({ visitor: false, site: false });
    await clock.advance(3 * SEEK_AFTER);
    expect(wanted(b)).toHaveLength(1);
    a.engine.stop();
    b.engine.stop();
    expect(clock.pending).toBe(0);
  });
});

describe('an image that does not come', () => {
  const isAskedAnew = async (controlled: boolean, prepare: (page: ReturnType<typeof engineOf>) => void) => {
    const { a, b, clock, root, link } = await twoVisitors(seededBytes(18)(cut.length), CONFIG, {
      controlled,
    });
    a.engine.receive(held(clock, root));
    b.engine.receive(known(root, clock));
    await clock.advance(100);
    await link();
    const image = document.createElement('img');
    Object.defineProperty(image, 'complete', { value: false });
    image.src = URL_A;
    document.body.append(image);
    prepare(b);
    let isLetGo = false;
    for (let ms = 0; ms < 2 * LOOKS * LOOK_INTERVAL; ms += LET_GO / 2) {
      await clock.advance(LET_GO / 2);
      isLetGo ||= !image.hasAttribute('src');
    }
    return isLetGo;
  };

  it('is asked for anew where the browser asked for it by itself, before the worker was there', async () => {
    expect(await isAskedAnew(false, () => undefined)).toBe(true);
  });

  it('is left alone where the worker saw every request of the page', async () => {
    expect(await isAskedAnew(true, () => undefined)).toBe(false);
  });

  it('is left alone when the worker has asked where it is', async () => {
    const placed = isAskedAnew(false, ({ engine }) => {
      engine.receive({ t: 'place', id: 1, url: URL_A, destination: 'image' });
    });
    expect(await placed).toBe(false);
  });
});

describe('a visitor that forges layers', () => {
  it('is banned', async () => {
    const { a, b, clock, root, link } = await twoVisitors(seededBytes(15)(cut.length), CONFIG);
    a.engine.receive({ ...held(clock, root), layer: new Uint8Array(64) });
    b.engine.receive(known(root, clock));
    await clock.advance(100);
    await link();
    const pieces = [0, 1] as PieceIndex[];
    b.engine.receive({ t: 'need', id: 1, url: URL_A, root, ...cut, pieces, wait: 5000, layer: true });
    await clock.advance(100);
    expect(b.of('layer')).toMatchObject([{ root, from: 0 }]);
    expect(b.peers.at(-1)).toMatchObject({ state: 'down', reason: 'banned' });
  });
});

describe('uploading', () => {
  /** Two linked visitors, and the first sends the second a file at so slow a rate that it is not done. */
  async function uploading(begin: (clock: FakeClock) => Promise<void> = (clock) => clock.advance(5000)) {
    const memory = fakeMemory({ visit: 'visit1@0' });
    const setting = { options: { upload: 20_000 }, memory };
    const two = await twoVisitors(seededBytes(13)(cut.length), CONFIG, setting);
    const { a, b, clock, root, link } = two;
    a.engine.receive(held(clock, root));
    b.engine.receive(known(root, clock));
    await clock.advance(100);
    await link();
    await begin(clock);
    const pieces = [0, 1] as PieceIndex[];
    b.engine.receive({ t: 'need', id: 1, url: URL_A, root, ...cut, pieces, wait: 60_000, layer: false });
    await clock.advance(1000);
    const { uploaded } = a.engine.stats();
    expect(uploaded).toBeGreaterThan(0);
    expect(uploaded).toBeLessThan(cut.length);
    return { ...two, memory, uploaded };
  }

  it('goes on if nothing happens', async () => {
    const { a, clock } = await uploading();
    await clock.advance(3000);
    expect(a.engine.stats().uploaded).toBe(cut.length);
  });

  it('is seen by both sides as it goes on, and as over when it is', async () => {
    const { a, b, clock, uploaded } = await uploading();
    const [to, from] = [a, b].map(({ engine }) => engine.stats().peers);
    expect(to).toEqual([{ peer: 0, down: 0, up: expect.any(Number) as number, holds: 0 }]);
    expect(from).toEqual([{ peer: 0, down: expect.any(Number) as number, up: 0, rtt: 20, holds: 1 }]);
    // All of it came in the second before.
    for (const rate of [to?.[0]?.up ?? 0, from?.[0]?.down ?? 0]) {
      expect(rate).toBeGreaterThan(uploaded / 4);
      expect(rate).toBeLessThan(uploaded);
    }
    await clock.advance(30_000);
    // Who has given as much as they received offers nothing any more.
    expect(b.engine.stats().peers).toEqual([{ peer: 0, down: 0, up: 0, rtt: 20, holds: 0 }]);
    b.engine.stop();
    expect(b.engine.stats().peers).toEqual([]);
  });

  it.each<[string, (page: ReturnType<typeof engineOf>) => void]>([
    [
      'consent is withdrawn',
      ({ engine }) => {
        engine.allow({ visitor: false, site: false });
      },
    ],
    [
      'the site switches off',
      ({ engine }) => {
        engine.allow({ visitor: true, site: false });
      },
    ],
    [
      'the visitor is offline',
      ({ view }) => {
        view.navigator.onLine = false;
        view.dispatchEvent(new Event('offline'));
      },
    ],
    [
      'the page is frozen',
      () => {
        document.dispatchEvent(new Event('freeze'));
        onTestFinished(() => {
          document.dispatchEvent(new Event('resume'));
        });
      },
    ],
    [
      'the page is left',
      ({ engine }) => {
        engine.stop();
      },
    ],
  ])('ends at once when %s, and what was sent is counted', async (_, end) => {
    const { a, clock, memory, uploaded } = await uploading();
    end(a);
    expect(a.engine.stats()).toMatchObject({ links: 0, uploadRate: 0, uploadLimit: undefined });
    await clock.advance(10_000);
    expect(a.engine.stats().uploaded).toBe(uploaded);
    expect(memory.get('uploaded')).toBe(`visit1 ${uploaded} 2026-01 ${uploaded}`);
  });

  it('ends at once when the page has been hidden for long enough', async () => {
    const { a, clock, uploaded } = await uploading(async (clock) => {
      setVisibility('hidden');
      await clock.advance(HIDDEN_GRACE - 2000);
    });
    onTestFinished(() => {
      setVisibility('visible');
    });
    await clock.advance(1000);
    const { uploaded: inGrace } = a.engine.stats();
    expect(inGrace).toBeGreaterThan(uploaded);
    await clock.advance(10_000);
    expect(a.engine.stats()).toMatchObject({ links: 0, uploaded: inGrace });
  });

  it('is announced to the tracker only while it is allowed', async () => {
    const connection = { type: 'cellular' };
    const page = engineOf({ environment: { device: { ...DESKTOP, connection } } });
    const look = async (type: string) => {
      connection.type = type;
      page.engine.allow(ALL);
      await page.clock.advance(1000);
      return page.tracker.line.of('have').map(({ add, del }) => [add.length, del.length]);
    };
    await connected(page);
    page.engine.receive(held(page.clock));
    expect(await look('cellular')).toEqual([]);
    expect(page.engine.stats()).toMatchObject({ uploadRate: 0, uploadLimit: 'network' });
    expect(await look('wifi')).toEqual([[1, 0]]);
    expect(await look('cellular')).toEqual([
      [1, 0],
      [0, 1],
    ]);
    page.engine.receive({ t: 'drop', root: ROOT });
    expect(await look('wifi')).toHaveLength(2);
  });

  it('makes way while the worker says that pages are loading', async () => {
    const page = engineOf({ options: { upload: 1000 } });
    await connected(page);
    expect(page.engine.stats()).toMatchObject({ uploadRate: 0, uploadLimit: 'ratio' });
    page.engine.receive(held(page.clock));
    page.engine.receive({ t: 'busy', on: true });
    expect(page.engine.stats()).toMatchObject({ uploadRate: 250, uploadLimit: 'busy' });
    page.engine.receive({ t: 'busy', on: false });
    expect(page.engine.stats()).toMatchObject({ uploadRate: 1000, uploadLimit: undefined });
  });

  it('ends when all is uploaded that was received, and goes on with what comes', async () => {
    const memory = fakeMemory({ visit: 'visit1@0' });
    const { a, b, clock, root, link } = await twoVisitors(seededBytes(14)(cut.length), CONFIG, {
      options: { upload: 1e9, uploadRatio: 0.75 },
      memory,
    });
    a.engine.receive(held(clock, root));
    b.engine.receive(known(root, clock));
    await clock.advance(100);
    await link();
    const need = { t: 'need', url: URL_A, root, ...cut, wait: 5000, layer: false } as const;
    b.engine.receive({ ...need, id: 1, pieces: [0, 1] as PieceIndex[] });
    await clock.advance(1000);
    expect(b.of('piece')).toHaveLength(1);
    expect(a.engine.stats()).toMatchObject({
      uploaded: 0.75 * cut.length,
      uploadRate: 0,
      uploadLimit: 'ratio',
    });
    const other = 'cd'.repeat(32) as Root;
    a.engine.receive(held(clock, other));
    expect(a.engine.stats()).toMatchObject({ uploadRate: 1e9 });
  });
});
