import 'fake-indexeddb/auto';
import { createStore, keys } from 'idb-keyval';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BUILD } from '../../../src/core/build.js';
import type { WorkerMessage } from '../../../src/protocol/bridge.js';
import { BRIDGE_FORGET, BRIDGE_FORGOTTEN, BRIDGE_STAY } from '../../../src/protocol/hello.js';
import { attach } from '../../../sw/attach.js';
import { peerfold } from '../../../sw/workbox.js';
import { WorkerScope } from '../../support/worker-scope.js';

const LITERAL = { hasher: 'https://hash.example', tracker: 'wss://tracker.example' };
const HELLO = { peerfold: 'hello', build: BUILD, visit: 'visit-1', allowed: true, early: false };
const FILM = { destination: 'video' } as const;
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) ';

let complaints: string[];

beforeEach(() => {
  complaints = [];
  vi.stubGlobal('navigator', { userAgent: CHROME, onLine: true });
  vi.spyOn(console, 'error').mockImplementation((...words) => complaints.push(words.join(' ')));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** As `entry.ts` does it. */
function joined(scope: WorkerScope, literal: unknown = LITERAL): WorkerScope {
  const offer = attach(literal);
  scope.onFetch((event) => {
    const answer = offer(event);
    if (answer) event.respondWith(answer());
  });
  return scope;
}

/** A page that speaks to the worker; resolves to what it is told until `last` comes. */
async function speaks(scope: WorkerScope, last: WorkerMessage['t']): Promise<string[]> {
  const { port1, port2 } = new MessageChannel();
  const told: string[] = [];
  const heard = new Promise<void>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      told.push(data.t);
      if (data.t === last) resolve();
    };
  });
  void scope.post(HELLO, [port2]);
  await heard;
  port1.close();
  return told;
}

describe('a worker file of our own', () => {
  it('takes over at once', async () => {
    const scope = joined(new WorkerScope());
    await scope.installed();
    expect(scope.skipWaiting).toHaveBeenCalledOnce();
    expect(scope.clients.claim).toHaveBeenCalledOnce();
  });

  it.each([
    ['asks once more to take over when it still waits', {}, 2],
    ['is content when it has taken over', null, 1],
  ])('%s', async (_, waiting, times) => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const scope = joined(new WorkerScope());
    await scope.installed();
    scope.registration.waiting = waiting;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(scope.skipWaiting).toHaveBeenCalledTimes(times);
  });

  it.each(['it takes them', 'it refuses them'])(
    'keeps requests to the hash service away from itself, and lives on where %s',
    async (how) => {
      const scope = joined(new WorkerScope());
      const addRoutes = vi.fn(() =>
        how === 'it takes them' ? Promise.resolve() : Promise.reject(new TypeError('no')),
      );
      scope.dispatchEvent(Object.assign(new Event('install'), { addRoutes, waitUntil: () => undefined }));
      const condition = { urlPattern: `${LITERAL.hasher}/v1/*` };
      expect(addRoutes).toHaveBeenCalledExactlyOnceWith({ condition, source: 'network' });
      await scope.installed();
      expect(scope.clients.claim).toHaveBeenCalledOnce();
    },
  );

  it('forgets and unregisters when a page asks for it, and answers a later page anew', async () => {
    const scope = joined(new WorkerScope('/shop/peerfold-sw.js'));
    await speaks(scope, 'welcome');
    await Promise.all([scope.post(BRIDGE_FORGET), scope.post(BRIDGE_FORGET)]);
    expect(scope.window.heard).toContainEqual(BRIDGE_FORGOTTEN);
    expect(scope.registration.unregister).toHaveBeenCalledOnce();
    for (const part of ['pieces', 'index'])
      expect(await keys(createStore(`peerfold-${part}`, part)), part).toEqual([]);
    expect(await speaks(scope, 'welcome')).toEqual(['welcome']);
  });
});

describe('what is said to the worker past a port', () => {
  it.each([
    ['to stay', BRIDGE_STAY, 0],
    ['to forget', BRIDGE_FORGET, 0],
    ['anything else', { peerfold: 'nonsense' }, 1],
    ['nothing of ours', 'hello', 1],
  ])('%s: the site’s own listeners hear only what is not for us', async (_, message, heard) => {
    const scope = joined(new WorkerScope('/sw.js'));
    const others = vi.fn();
    scope.addEventListener('message', others);
    await scope.post(message);
    expect(others).toHaveBeenCalledTimes(heard);
  });

  it('is not obeyed when another worker says it', async () => {
    const scope = joined(new WorkerScope());
    await scope.post(BRIDGE_FORGET, [], { id: 'a worker' });
    expect(scope.registration.unregister).not.toHaveBeenCalled();
  });
});

describe('what the last visit allowed', () => {
  it('is not taken up where the browser sends Global Privacy Control', async () => {
    const readsPolicy = async (): Promise<boolean> => {
      const scope = joined(new WorkerScope());
      await scope.ask('/film.mp4', FILM);
      return scope.fetch.mock.calls.some((call: unknown[]) => String(call[0]).endsWith('/v1/policy'));
    };
    await speaks(joined(new WorkerScope()), 'welcome');
    await vi.waitFor(async () => {
      expect(await readsPolicy()).toBe(true);
    });
    vi.stubGlobal('navigator', { userAgent: CHROME, onLine: true, globalPrivacyControl: true });
    expect(await readsPolicy()).toBe(false);
  });
});

describe('after all was forgotten', () => {
  it('a film that plays is still answered, and nothing else', async () => {
    const scope = joined(new WorkerScope());
    const headers = new Headers({ range: 'bytes=0-' });
    await scope.ask('/film.mp4', { ...FILM, headers });
    await scope.post(BRIDGE_FORGET);
    let other = 0;
    await vi.waitFor(() => {
      // Another each time: one that comes while the next worker reads its notes is a film that plays.
      expect(scope.ask(`/other-${other++}.mp4`, { ...FILM, headers })).toBeUndefined();
    });
    expect(await (await scope.ask('/film.mp4', { ...FILM, headers }))?.text()).toBe('from the origin');
  });
});

describe('a worker that has duties of its own', () => {
  const composed: [string, string, object][] = [
    ['by its name', '/sw.js', LITERAL],
    ['by its literal', '/peerfold-sw.js', { ...LITERAL, composed: true }],
  ];

  it.each(composed)('decides itself when it takes over, and stays (%s)', async (_, file, literal) => {
    const scope = joined(new WorkerScope(file), literal);
    await scope.installed();
    await scope.post(BRIDGE_FORGET);
    expect(scope.window.heard).toContainEqual(BRIDGE_FORGOTTEN);
    expect(
      [scope.skipWaiting, scope.clients.claim, scope.registration.unregister].map((f) => f.mock.calls),
    ).toEqual([[], [], []]);
  });

  it('takes over when its literal says so', async () => {
    const scope = joined(new WorkerScope('/worker.js'), { ...LITERAL, composed: false });
    await scope.installed();
    expect(scope.clients.claim).toHaveBeenCalledOnce();
  });

  it('sees every request that is not ours, and none that we answer', async () => {
    const scope = joined(new WorkerScope('/sw.js'));
    const seen: string[] = [];
    scope.onFetch((event) => {
      seen.push(event.request.url);
      event.respondWith(new Response('theirs'));
    });
    expect(await (await scope.ask('/app.js', { destination: 'script' }))?.text()).toBe('theirs');
    expect(await (await scope.ask('/film.mp4', FILM))?.text()).toBe('from the origin');
    expect(seen).toEqual(['https://site.example/app.js']);
  });

  it('may answer before us', async () => {
    const scope = new WorkerScope('/sw.js');
    scope.onFetch((event) => {
      event.respondWith(new Response('theirs'));
    });
    joined(scope);
    expect(await (await scope.ask('/film.mp4', FILM))?.text()).toBe('theirs');
  });

  it('does not hear what is meant for us, and we not what is meant for it', async () => {
    const scope = joined(new WorkerScope('/sw.js'));
    const heard: unknown[] = [];
    scope.addEventListener('message', (event) => heard.push((event as MessageEvent).data));
    await speaks(scope, 'welcome');
    const theirs = [null, 'skipWaiting', { type: 'CACHE_URLS' }, { peerfold: 'hello' }, 7];
    for (const data of theirs) await scope.post(data, [{ postMessage: () => expect.unreachable() }]);
    await scope.post(HELLO, [{ postMessage: () => expect.unreachable() }], null);
    expect(heard).toEqual(theirs);
  });

  it('does not suffer from a malformed literal', async () => {
    for (const literal of [null, [], 'x', { ...LITERAL, hasher: 7 }, { ...LITERAL, composed: 'yes' }]) {
      const scope = joined(new WorkerScope('/sw.js'), literal);
      await scope.installed();
      expect(scope.ask('/film.mp4', FILM)).toBeUndefined();
      await scope.post(HELLO, [{ postMessage: () => expect.unreachable() }]);
    }
    attach(undefined);
    expect(complaints).toHaveLength(6);
  });

  it('does not suffer from storage that is blocked', async () => {
    const blocked = (): never => {
      throw new DOMException('blocked', 'SecurityError');
    };
    vi.stubGlobal('indexedDB', { open: blocked });
    const scope = joined(new WorkerScope('/sw.js'));
    expect(await (await scope.ask('/film.mp4', FILM))?.text()).toBe('from the origin');
  });
});

describe('a film that an element plays', () => {
  it.each([
    ['Chrome', CHROME, true],
    ['Chrome without a window', CHROME.replace('Chrome', 'HeadlessChrome'), true],
    ['Firefox', FIREFOX, true],
    ['Safari', `${MAC}Version/18.5 Safari/605.1.15`, false],
    ['Chrome on an iPhone, which is WebKit', `${MAC}CriOS/156.0.0.0 Mobile/15E148 Safari/604.1`, false],
  ])('in %s', async (_, userAgent, isOurs) => {
    vi.stubGlobal('navigator', { userAgent, onLine: true });
    const answer = await joined(new WorkerScope()).ask('/film.mp4', FILM);
    expect(answer !== undefined).toBe(isOurs);
  });
});

describe('a route', () => {
  it('matches what is ours, in fetch events only', async () => {
    const scope = new WorkerScope();
    const { match, handler, method } = peerfold(LITERAL);
    let matched: unknown;
    scope.onFetch((event) => {
      matched = match({ event });
    });
    expect(method).toBe('GET');
    void scope.ask('/app.js', { destination: 'script' });
    expect(matched).toBeUndefined();
    void scope.ask('/film.mp4', FILM);
    expect(await (await handler.handle({ params: matched })).text()).toBe('from the origin');
    expect(match({ event: new Event('message') })).toBeUndefined();
    expect(match({})).toBeUndefined();
  });

  it('is of a worker that has duties of its own, whatever it is called', async () => {
    const scope = new WorkerScope('/peerfold-sw.js');
    peerfold({ ...LITERAL, composed: false });
    await scope.installed();
    await scope.post(BRIDGE_FORGET);
    expect(scope.window.heard).toContainEqual(BRIDGE_FORGOTTEN);
    expect(scope.skipWaiting).not.toHaveBeenCalled();
    expect(scope.registration.unregister).not.toHaveBeenCalled();
  });

  it('of a malformed literal matches nothing', () => {
    const scope = new WorkerScope();
    const { match } = peerfold({ ...LITERAL, tracker: 'no' });
    let matched: unknown;
    scope.onFetch((event) => {
      matched = match({ event });
    });
    void scope.ask('/film.mp4', FILM);
    expect(matched).toBeUndefined();
    expect(complaints).toEqual([expect.stringMatching(/^Peerfold is off: tracker /)]);
  });
});
