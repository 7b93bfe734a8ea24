import { describe, expect, it, onTestFinished } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { BUILD } from '../../../src/core/build.js';
import type { EarlyPlayer } from '../../../src/page/early-media.js';
import type { Engine, EngineHost, EngineModule, Permission } from '../../../src/page/engine-host.js';
import type { PeerfoldOptions } from '../../../src/page/options.js';
import type { PageEnvironment } from '../../../src/page/page-environment.js';
import { Peerfold } from '../../../src/page/peerfold.js';
import type { Status } from '../../../src/page/readiness.js';
import { LOAD_PATIENCE } from '../../../src/page/quiet.js';
import type { WorkerMessage } from '../../../src/protocol/bridge.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { fakeMemory } from '../../support/fake-visitor.js';
import { CONFIG, FakeWorker } from '../../support/fake-worker.js';
import { engineStats } from '../../support/page-stats.js';
import { transferReport } from '../../support/reports.js';

const PEER = { peer: 4, down: 5, up: 6, holds: 7 };

class FakeEngine implements Engine {
  permission: Permission = { visitor: false, site: false };
  readonly heard: WorkerMessage[] = [];
  reconnections = 0;
  stopped = false;

  constructor(readonly host: EngineHost) {}

  receive(message: WorkerMessage): void {
    this.heard.push(message);
  }
  reconnected(): void {
    this.reconnections++;
  }
  allow(permission: Permission): void {
    this.permission = permission;
  }
  stats() {
    const uploads = { uploaded: 77, uploadRate: 5, uploadLimit: 'network' as const, playbacks: [] };
    return engineStats({ links: 3, peers: [PEER], ...uploads });
  }
  stop(): void {
    this.stopped = true;
  }
}

class FakeView extends EventTarget {
  readonly document = { readyState: 'complete' };
  requestIdleCallback(run: () => void): void {
    queueMicrotask(run);
  }
}

interface Setting {
  options?: Partial<PeerfoldOptions>;
  remembered?: Record<string, string>;
  register?: (url: string) => Promise<void>;
  shown?: () => Promise<void>;
  loadEngine?: () => Promise<EngineModule>;
  /** What the other bundles export; one that is not there cannot be loaded. */
  bundles?: Record<string, unknown>;
  random?: () => number;
  signals?: PageEnvironment['signals'];
  players?: EarlyPlayer[];
  controlled?: boolean;
  keptWaiting?: boolean;
}

function pageOf(setting: Setting = {}) {
  const worker = new FakeWorker();
  if (setting.controlled) worker.claim();
  const view = new FakeView();
  const clock = new FakeClock();
  const engines: FakeEngine[] = [];
  const registered: string[] = [];
  let forgets = 0;
  const memory = fakeMemory(setting.remembered);
  const startEngine = (host: EngineHost) => {
    const engine = new FakeEngine(host);
    engines.push(engine);
    return engine;
  };
  const peerfold = new Peerfold(
    { consent: 'implied', ...setting.options },
    {
      view,
      container: worker,
      players: () => setting.players ?? [],
      signals: setting.signals ?? {},
      memory,
      clock,
      random: setting.random ?? (() => 0.5),
      shown: setting.shown ?? (() => Promise.resolve()),
      isKeptWaiting: () => setting.keptWaiting ?? false,
      register:
        setting.register ??
        ((url) => {
          registered.push(url);
          worker.claim();
          return Promise.resolve();
        }),
      forget: () => Promise.resolve(++forgets > 0),
      load: <Module>(name: string) => {
        if (name === 'engine')
          return (setting.loadEngine ?? (() => Promise.resolve({ startEngine })))() as Promise<Module>;
        const bundle = setting.bundles?.[name];
        return bundle ? Promise.resolve(bundle as Module) : Promise.reject(new Error(`no ${name}`));
      },
      site: 'https://site.example',
      language: 'de',
    },
  );
  onTestFinished(() => {
    void peerfold.stop();
    worker.port?.close();
  });
  const faults: unknown[] = [];
  peerfold.addEventListener('error', (event) => faults.push((event as CustomEvent).detail));
  const engine = () => {
    const last = engines.at(-1);
    if (!last) throw new Error('no engine');
    return last;
  };
  const forgotten = () => forgets;
  return { worker, view, clock, engines, engine, registered, peerfold, faults, forgotten, map: memory.map };
}

/** What a promise says by now, or that it says nothing. */
async function stateOf(ready: Promise<Status>): Promise<Status | 'undecided'> {
  await settle();
  return Promise.race([ready, Promise.resolve('undecided' as const)]);
}

describe('start', () => {
  it('registers the worker, waits to be controlled, loads the engine', async () => {
    const page = pageOf();
    expect(await page.peerfold.ready).toEqual({ active: true });
    await settle();
    expect(page.registered).toEqual(['/peerfold-sw.js']);
    expect(page.engine().host).toMatchObject({
      build: BUILD,
      config: CONFIG,
      options: { consent: 'implied' },
    });
    expect(page.worker.hellos).toMatchObject([{ allowed: true }]);
  });

  it('hands the options on', async () => {
    const options = { upload: 5, uploadRatio: 3, iceServers: [{ urls: 'stun:a.example' }], overlay: true };
    const page = pageOf({ options: { sw: '/app/sw.js', ...options } });
    await page.peerfold.ready;
    await settle();
    expect(page.registered).toEqual(['/app/sw.js']);
    expect(page.engine().host).toMatchObject({ options });
    page.engine().host.memory.set('uploaded', 'x');
    expect(page.map.get('uploaded')).toBe('x');
  });

  it('lets the page load first, but not for ever', async () => {
    const page = pageOf();
    page.view.document.readyState = 'interactive';
    await page.clock.advance(LOAD_PATIENCE - 1);
    expect(page.registered).toEqual([]);
    await page.clock.advance(1);
    expect(page.registered).toHaveLength(1);
  });

  it('begins at once, worker and engine together, where the origin keeps the page waiting', async () => {
    const loads: string[] = [];
    const page = pageOf({
      keptWaiting: true,
      register: () => {
        loads.push('worker');
        return new Promise(() => undefined);
      },
      loadEngine: () => {
        loads.push('engine');
        return new Promise(() => undefined);
      },
    });
    page.view.document.readyState = 'interactive';
    expect(await stateOf(page.peerfold.ready)).toBe('undecided');
    expect(loads).toEqual(['engine', 'worker']);
    expect(page.clock.pending).toBe(0);
  });

  it('begins as soon as the page has loaded', async () => {
    const page = pageOf();
    page.view.document.readyState = 'interactive';
    await page.clock.advance(10);
    page.view.document.readyState = 'complete';
    page.view.dispatchEvent(new Event('load'));
    await settle();
    expect(page.registered).toHaveLength(1);
    expect(page.clock.pending).toBe(0);
  });

  it('does nothing at all while the page is prerendered', async () => {
    let show = (): void => undefined;
    const shown = new Promise<void>((resolve) => (show = resolve));
    const page = pageOf({ shown: () => shown });
    page.worker.claim();
    await settle();
    expect(page.worker.hellos).toEqual([]);
    expect(page.registered).toEqual([]);
    show();
    await settle();
    expect(page.registered).toHaveLength(1);
  });

  it('says when the worker cannot be registered', async () => {
    const page = pageOf({ register: () => Promise.reject(new Error('404')) });
    expect(await page.peerfold.ready).toEqual({ active: false, reason: 'worker-failed' });
    expect(page.faults).toEqual([{ code: 'worker-failed', message: '404' }]);
  });

  it('says when the engine cannot be loaded, and stays with HTTP', async () => {
    const page = pageOf({ loadEngine: () => Promise.reject(new Error('blocked by CSP')) });
    await page.peerfold.ready;
    await settle();
    expect(page.faults).toEqual([{ code: 'not-supported', message: 'blocked by CSP' }]);
  });

  it('stays away from a worker of another build', async () => {
    const page = pageOf();
    page.worker.build = 'other';
    expect(await page.peerfold.ready).toEqual({ active: false, reason: 'other-build' });
    expect(page.engines).toEqual([]);
  });

  it('says so by a new promise when one of another build takes over', async () => {
    const page = pageOf();
    expect(await page.peerfold.ready).toEqual({ active: true });
    page.worker.build = 'other';
    page.worker.dispatchEvent(new Event('controllerchange'));
    await settle();
    expect(await stateOf(page.peerfold.ready)).toEqual({ active: false, reason: 'other-build' });
  });

  it('goes on when a worker of this build takes over from another', async () => {
    const page = pageOf();
    page.worker.build = 'other';
    await page.peerfold.ready;
    page.worker.build = BUILD;
    page.worker.claim();
    await settle();
    expect(await page.peerfold.ready).toEqual({ active: true });
    expect(page.engines).toHaveLength(1);
  });
});

describe('policy', () => {
  it('without consent registers nothing, loads nothing, and tells a worker that is there', async () => {
    const page = pageOf({ options: { consent: 'required' } });
    page.worker.claim();
    expect(await page.peerfold.ready).toEqual({ active: false, reason: 'consent' });
    await settle();
    expect(page.registered).toEqual([]);
    expect(page.engines).toEqual([]);
    expect(page.worker.hellos).toMatchObject([{ allowed: false }]);
  });

  it('starts with consent, and tells whoever waits', async () => {
    const page = pageOf({ options: { consent: 'required' } });
    await page.peerfold.ready;
    expect(await page.peerfold.consent(true)).toEqual({ active: true });
    await settle();
    expect(page.engines).toHaveLength(1);
    expect(page.map.get('consent')).toBe('granted');
  });

  it('stops at once when consent is withdrawn, and starts again when it is given', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    await settle();
    page.worker.say({ t: 'policy', enabled: true, rollout: 1 });
    await settle();
    expect(page.engine().permission).toEqual({ visitor: true, site: true });
    const withdrawn = page.peerfold.consent(false);
    expect(page.engine().permission).toEqual({ visitor: false, site: false });
    expect(await withdrawn).toEqual({ active: false, reason: 'consent' });
    await settle();
    expect(page.worker.hellos.at(-1)).toEqual({
      peerfold: 'hello',
      build: BUILD,
      allowed: false,
      early: false,
    });
    expect(await page.peerfold.consent(true)).toEqual({ active: true });
    expect(page.engine().permission).toEqual({ visitor: true, site: true });
    await settle();
    expect(page.worker.hellos.at(-1)).toMatchObject({ allowed: true, visit: expect.any(String) as string });
  });

  it('contacts nobody before the signed policy is known, and nobody after it switched off', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    await settle();
    expect(page.engine().permission).toEqual({ visitor: true, site: false });
    page.worker.say({ t: 'policy', enabled: true, rollout: 1 });
    await settle();
    expect(page.engine().permission).toEqual({ visitor: true, site: true });
    page.worker.say({ t: 'policy', enabled: true, rollout: 0.4 });
    await settle();
    expect(page.engine().permission).toEqual({ visitor: true, site: false });
    page.worker.say({ t: 'policy', enabled: false, rollout: 1 });
    await settle();
    expect(page.engine().permission).toEqual({ visitor: true, site: false });
  });

  it('follows the connection, and a choice made in another tab', async () => {
    const connection = Object.assign(new EventTarget(), { saveData: false });
    const page = pageOf({ signals: { connection } });
    await page.peerfold.ready;
    await settle();
    expect(page.engine().permission.visitor).toBe(true);
    connection.saveData = true;
    connection.dispatchEvent(new Event('change'));
    expect(page.engine().permission.visitor).toBe(false);
    connection.saveData = false;
    connection.dispatchEvent(new Event('change'));
    expect(page.engine().permission.visitor).toBe(true);
    page.map.set('consent', 'denied');
    page.view.dispatchEvent(new Event('storage'));
    expect(page.engine().permission.visitor).toBe(false);
  });

  it.each([true, false])(
    'tells the engine whether the worker was there before it: %s',
    async (controlled) => {
      const page = pageOf({ controlled });
      await page.peerfold.ready;
      await settle();
      expect(page.engine().host.controlled).toBe(controlled);
    },
  );

  it('does not start an engine when consent went while it was loading', async () => {
    let loaded = (): void => undefined;
    const started: EngineHost[] = [];
    const page = pageOf({
      loadEngine: () =>
        new Promise((resolve) => {
          loaded = () => {
            resolve({ startEngine: (host) => (started.push(host), new FakeEngine(host)) });
          };
        }),
    });
    await page.peerfold.ready;
    await settle();
    void page.peerfold.stop();
    loaded();
    await settle();
    expect(started).toEqual([]);
  });
});

describe('messages', () => {
  it('answers "where" at once while there is no engine, and leaves it to the engine then', async () => {
    const page = pageOf({ loadEngine: () => new Promise(() => undefined) });
    await page.peerfold.ready;
    page.worker.say({ t: 'place', id: 4, url: 'https://site.example/a.jpg' as never, destination: 'image' });
    await settle();
    expect(page.worker.of('placed')).toEqual([{ t: 'placed', id: 4, wait: 0, reason: 'no-engine' }]);

    const other = pageOf();
    await other.peerfold.ready;
    await settle();
    const question = {
      t: 'place',
      id: 5,
      url: 'https://site.example/a.jpg' as never,
      destination: 'image',
    } as const;
    other.worker.say(question);
    await settle();
    expect(other.engine().heard).toEqual([question]);
    expect(other.worker.of('placed')).toEqual([]);
  });

  it('adds up transfers and tells of them', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    await settle();
    const heard: unknown[] = [];
    const unlisten = page.engine().host.onTransfer((report) => heard.push(report));
    const first = transferReport({ peer: 10, http: 5, wasted: 2 });
    const second = transferReport({ peer: 1, store: 7, cache: 3 });
    page.worker.say({ t: 'transfer', report: first });
    page.worker.say({ t: 'transfer', report: second });
    await settle();
    unlisten();
    page.worker.say({ t: 'transfer', report: first });
    await settle();
    expect(heard).toEqual([first, second]);
    expect(page.peerfold.stats()).toEqual({
      bytes: { peer: 21, store: 7, cache: 3, http: 10, wasted: 4 },
      ...{ uploaded: 77, uploadRate: 5, uploadLimit: 'network', playbacks: [] },
      ...{ links: 3, peers: [PEER], awaitsConsent: false },
      resources: [first, second, first],
    });
  });

  it('leaves a film that began before the worker to the browser', async () => {
    const url = `${CONFIG.site}/film.mp4` as CanonicalUrl;
    const film = Object.assign(new EventTarget(), { currentSrc: url, networkState: 2, readyState: 0 });
    const page = pageOf({ players: [film] });
    await page.peerfold.ready;
    await settle();
    page.worker.say({ t: 'place', id: 1, url, destination: 'video' });
    await settle();
    expect(page.worker.of('placed')).toEqual([{ t: 'placed', id: 1, wait: 0, reason: 'before-worker' }]);
  });

  it('tells of faults and peers as events', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    await settle();
    const peers: unknown[] = [];
    page.peerfold.addEventListener('peer', (event) => peers.push((event as CustomEvent).detail));
    page.engine().host.peer({ state: 'up', peer: 1, links: 1 });
    page.engine().host.fault({ code: 'tracker-unreachable', message: 'gone' });
    page.worker.say({ t: 'fault', code: 'store-failed', message: 'disk full' });
    await settle();
    expect(peers).toEqual([{ state: 'up', peer: 1, links: 1 }]);
    expect(page.faults).toMatchObject([{ code: 'tracker-unreachable' }, { message: 'disk full' }]);
  });

  it('tells the engine of a restarted worker, and starts another for another literal', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    await settle();
    page.worker.call();
    await settle();
    expect(page.engines).toHaveLength(1);
    expect(page.engine().reconnections).toBe(1);
    page.worker.config = { ...CONFIG, headStart: 3 };
    page.worker.call();
    await settle();
    expect(page.engines).toHaveLength(2);
    expect(page.engines[0]?.stopped).toBe(true);
    expect(page.engine().host.config.headStart).toBe(3);
  });
});

describe('leaving', () => {
  it('closes everything for the back/forward cache and comes back from it', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    await settle();
    page.worker.say({ t: 'policy', enabled: true, rollout: 1 });
    await settle();
    page.view.dispatchEvent(new Event('pagehide'));
    expect(page.engine().permission).toEqual({ visitor: false, site: false });
    page.worker.call();
    await settle();
    expect(page.worker.hellos).toHaveLength(1);
    page.view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await settle();
    expect(page.worker.hellos).toHaveLength(2);
    expect(page.engine().permission).toEqual({ visitor: true, site: true });
    expect(page.engine().reconnections).toBe(1);
  });

  it('is not disturbed by the ordinary first pageshow', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    page.view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
    await settle();
    expect(page.worker.hellos).toHaveLength(1);
  });

  it('stops for good', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    await settle();
    void page.peerfold.stop();
    void page.peerfold.stop();
    expect(page.engine().stopped).toBe(true);
    page.worker.call();
    void page.peerfold.consent(true);
    page.view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await settle();
    expect(page.worker.hellos).toHaveLength(1);
    expect(page.engines).toHaveLength(1);
  });

  it('says so by a new promise', async () => {
    const page = pageOf();
    const earlier = page.peerfold.ready;
    expect(await earlier).toEqual({ active: true });
    void page.peerfold.stop();
    expect(await stateOf(page.peerfold.ready)).toEqual({ active: false, reason: 'stopped' });
    expect(await earlier).toEqual({ active: true });
  });

  it('stopped before anything was decided, says so', async () => {
    const page = pageOf({ register: () => new Promise(() => undefined) });
    await settle();
    expect(await stateOf(page.peerfold.ready)).toBe('undecided');
    void page.peerfold.stop();
    expect(await stateOf(page.peerfold.ready)).toEqual({ active: false, reason: 'stopped' });
  });
});

describe('forgetting', () => {
  it('erases what was remembered, stops, and has the workers forget, also when it was stopped before', async () => {
    const page = pageOf({ remembered: { consent: 'granted', uploaded: 'x' } });
    await page.peerfold.ready;
    await settle();
    expect(await page.peerfold.stop()).toBe(true);
    expect(page.forgotten()).toBe(0);
    expect(await page.peerfold.stop({ forget: true })).toBe(true);
    expect(page.forgotten()).toBe(1);
    page.view.dispatchEvent(new Event('pagehide'));
    expect([...page.map]).toEqual([]);
    expect(page.engine().stopped).toBe(true);
  });

  it('does not forget that the visitor said no', async () => {
    const page = pageOf({ remembered: { consent: 'denied', uploaded: 'x' } });
    await page.peerfold.ready;
    await page.peerfold.stop({ forget: true });
    expect([...page.map]).toEqual([['consent', 'denied']]);
  });

  it('ends with whatever this tab keeps when another tab did that, and writes nothing after', async () => {
    const page = pageOf({ options: { rollout: 0.9 } });
    await page.peerfold.ready;
    await settle();
    // What the other tab erases is erased for this one, too, before it hears of the end.
    page.map.clear();
    page.view.dispatchEvent(new Event('storage'));
    page.worker.forget();
    await settle();
    page.view.dispatchEvent(new Event('pagehide'));
    expect(page.engine().stopped).toBe(true);
    expect(page.forgotten()).toBe(0);
    expect([...page.map]).toEqual([]);
  });
});

describe('before consent', () => {
  it('nothing is written down, whether the page stays or goes', async () => {
    const page = pageOf({ options: { consent: 'required' }, controlled: true });
    await page.peerfold.ready;
    page.view.dispatchEvent(new Event('pagehide'));
    expect([...page.map]).toEqual([]);
    expect(page.worker.hellos).toEqual([{ peerfold: 'hello', build: BUILD, allowed: false, early: false }]);
  });
});

describe('a worker that does not answer', () => {
  it('is said to be silent, until it does', async () => {
    const page = pageOf({ register: () => Promise.resolve() });
    const { ready } = page.peerfold;
    await settle();
    await page.clock.advance(10_000);
    expect(await ready).toEqual({ active: false, reason: 'worker-silent' });
    expect(page.faults).toMatchObject([{ code: 'worker-failed' }]);
    page.worker.claim();
    await settle();
    expect(await page.peerfold.ready).toEqual({ active: true });
  });

  it('is not when it did in time, or the page was stopped', async () => {
    for (const register of [undefined, () => Promise.resolve()]) {
      const page = pageOf(register ? { register } : {});
      await settle();
      if (register) await page.peerfold.stop();
      await page.clock.advance(10_000);
      expect(page.faults).toEqual([]);
    }
  });
});

describe("the visitor's cap", () => {
  it('is kept, and the engine looks at it at once', async () => {
    const page = pageOf();
    await page.peerfold.ready;
    await settle();
    page.engine().permission = { visitor: false, site: false };
    page.peerfold.capUpload(1000);
    expect(page.map.get('upload-cap')).toBe('1000');
    expect(page.engine().permission.visitor).toBe(true);
    page.peerfold.capUpload();
    expect(page.map.get('upload-cap')).toBe('');
  });
});

describe('beacons', () => {
  /** A bundle that notes which pages it was started for. */
  function beaconsBundle() {
    const started: { group: string; share: number; address: string; site: string }[] = [];
    const ended: string[] = [];
    const errors: unknown[] = [];
    const startBeacons = (
      host: (typeof started)[0] & { onError(heard: (fault: unknown) => void): () => void },
    ) => {
      started.push({ group: host.group, share: host.share, address: host.address, site: host.site });
      const unlisten = host.onError((fault) => errors.push(fault));
      return () => {
        unlisten();
        ended.push(host.group);
      };
    };
    return { started, ended, errors, bundles: { beacons: { startBeacons } } };
  }
  const beacons = 'https://hash.example';

  it('are sent by pages that take part and were drawn, and hear of errors', async () => {
    const bundle = beaconsBundle();
    const page = pageOf({ options: { beacons, beaconShare: 0.6 }, ...bundle });
    await page.peerfold.ready;
    await settle();
    const site = 'https://site.example';
    expect(bundle.started).toEqual([{ group: 'peers', share: 0.6, address: beacons, site }]);
    page.engine().host.fault({ code: 'link-failed', message: 'x' });
    expect(bundle.errors).toEqual([{ code: 'link-failed', message: 'x' }]);
    void page.peerfold.stop();
    expect(bundle.ended).toEqual(['peers']);
  });

  it('are not sent by others, nor without consent', async () => {
    const bundle = beaconsBundle();
    for (const options of [
      { beacons, beaconShare: 0.4 },
      { beacons },
      { beaconShare: 1 },
      { beacons, beaconShare: 1, consent: 'required' as const },
      { beacons, beaconShare: 1, rollout: 0.1 },
      { beacons, beaconShare: 1, off: true },
    ]) {
      await pageOf({ options, ...bundle }).peerfold.ready.then(settle);
    }
    expect(bundle.started).toEqual([]);
  });

  it('are sent by the control group, which has nothing else', async () => {
    const bundle = beaconsBundle();
    const page = pageOf({ options: { beacons, beaconShare: 1, control: 0.6 }, ...bundle });
    expect(await page.peerfold.ready).toEqual({ active: false, reason: 'control' });
    await settle();
    expect(bundle.started).toMatchObject([{ group: 'control' }]);
    expect(page.registered).toEqual([]);
    expect(page.engines).toEqual([]);
  });

  it('end with consent, and do not come again on the same page', async () => {
    const bundle = beaconsBundle();
    const page = pageOf({ options: { beacons, beaconShare: 1 }, ...bundle });
    await page.peerfold.ready;
    await settle();
    await page.peerfold.consent(false);
    expect(bundle.ended).toEqual(['peers']);
    await page.peerfold.consent(true);
    await settle();
    expect(bundle.started).toHaveLength(1);
  });

  it('of the peers are of those whom the signed policy lets take part', async () => {
    for (const [policy, ended] of [
      [{}, []],
      [{ enabled: true, rollout: 1 }, []],
      [{ enabled: true, rollout: 0.1 }, ['peers']],
      [{ enabled: false, rollout: 1 }, ['peers']],
    ] as const) {
      const bundle = beaconsBundle();
      const page = pageOf({ options: { beacons, beaconShare: 1 }, ...bundle });
      await page.peerfold.ready;
      await settle();
      expect(bundle.started).toHaveLength(1);
      page.worker.say({ t: 'policy', ...policy });
      await settle();
      expect(bundle.ended).toEqual(ended);
    }
  });

  it('that cannot be loaded are one error, and no harm', async () => {
    const page = pageOf({ options: { beacons, beaconShare: 1 } });
    expect(await page.peerfold.ready).toEqual({ active: true });
    await settle();
    expect(page.faults).toEqual([{ code: 'not-supported', message: 'no beacons: no beacons' }]);
  });
});

describe('the overlay', () => {
  interface Host {
    ready(): Promise<Status>;
    refusal(): string | undefined;
    engine(): Engine | undefined;
    onFault(listener: (fault: unknown) => void): () => void;
    limits: { get(): number | undefined; set(cap: number | undefined): void };
  }
  function overlayBundle() {
    const hosts: Host[] = [];
    const state = { ended: 0 };
    const showOverlay = (host: Host) => {
      hosts.push(host);
      return () => state.ended++;
    };
    return { hosts, state, bundles: { overlay: { showOverlay } } };
  }

  it('is there before anything is allowed, and knows why', async () => {
    const bundle = overlayBundle();
    const page = pageOf({ options: { consent: 'required', overlay: true }, ...bundle });
    await page.peerfold.ready.then(settle);
    const [host] = bundle.hosts;
    expect(await host?.ready()).toEqual({ active: false, reason: 'consent' });
    expect([host?.refusal(), host?.engine()]).toEqual(['consent', undefined]);
    await page.peerfold.consent(true).then(settle);
    expect(await host?.ready()).toEqual({ active: true });
    expect(host?.engine()).toBe(page.engine());
    host?.limits.set(7);
    expect(host?.limits.get()).toBe(7);
    expect(bundle.hosts).toHaveLength(1);
    void page.peerfold.stop();
    expect(bundle.state.ended).toBe(1);
  });

  it('hears of errors until it ends', async () => {
    const bundle = overlayBundle();
    const page = pageOf({ options: { overlay: true }, ...bundle });
    await page.peerfold.ready.then(settle);
    const heard: unknown[] = [];
    const unlisten = bundle.hosts[0]?.onFault((fault) => heard.push(fault));
    page.worker.say({ t: 'fault', code: 'x', message: 'broken' });
    await settle();
    unlisten?.();
    page.worker.say({ t: 'fault', code: 'x', message: 'broken again' });
    await settle();
    expect(heard).toEqual([{ code: 'worker-failed', message: 'broken' }]);
  });

  it('is not loaded where nobody wants it, nor after the end', async () => {
    const [unwanted, ended] = [overlayBundle(), overlayBundle()];
    await pageOf(unwanted).peerfold.ready.then(settle);
    const page = pageOf({ options: { overlay: true }, ...ended });
    void page.peerfold.stop();
    await settle();
    expect([unwanted.hosts, ended.hosts]).toEqual([[], []]);
  });
});

describe('the notice', () => {
  interface Shown {
    chosen: boolean | undefined;
    language: string;
    policyUrl: string | undefined;
    choose(granted: boolean): void;
    limits: { get(): number | undefined; set(cap: number | undefined): void };
  }
  function noticeBundle() {
    const notices: Shown[] = [];
    const state = { ended: 0 };
    const startNotice = (host: Shown) => {
      notices.push(host);
      return () => state.ended++;
    };
    return { notices, state, bundles: { notice: { startNotice } } };
  }

  it('asks those who have not chosen, and acts on what they choose', async () => {
    const bundle = noticeBundle();
    const options = { consent: 'required', notice: true, privacy: '/privacy' } as const;
    const page = pageOf({ options, ...bundle });
    await page.peerfold.ready.then(settle);
    expect(bundle.notices).toMatchObject([{ chosen: undefined, language: 'de', policyUrl: '/privacy' }]);
    bundle.notices[0]?.choose(true);
    bundle.notices[0]?.limits.set(5);
    await settle();
    expect(page.engines).toHaveLength(1);
    expect(bundle.notices[0]?.limits.get()).toBe(5);
    expect(bundle.notices).toHaveLength(1);
  });

  it('stays as it is while other tabs do this and that, and goes when the choice is made there', async () => {
    const bundle = noticeBundle();
    const page = pageOf({ options: { consent: 'required', notice: true }, ...bundle });
    await page.peerfold.ready.then(settle);
    const elsewhere = async (): Promise<void> => {
      page.view.dispatchEvent(new Event('storage'));
      await settle();
    };
    await elsewhere();
    await elsewhere();
    expect([bundle.notices.length, bundle.state.ended]).toEqual([1, 0]);
    page.map.set('consent', 'denied');
    await elsewhere();
    expect([bundle.notices.length, bundle.state.ended]).toEqual([1, 1]);
  });

  it.each([
    ['have chosen', { consent: 'required' as const, notice: true }, { consent: 'denied' }, {}],
    ['need not be asked', { notice: true }, {}, {}],
    ['say no by their browser', { notice: true }, {}, { globalPrivacyControl: true }],
    ['visit a site that has a notice of its own', { consent: 'required' as const }, {}, {}],
  ])('leaves those in peace who %s, until it is asked for', async (_, options, remembered, signals) => {
    const bundle = noticeBundle();
    const page = pageOf({ options, remembered, signals, ...bundle });
    await page.peerfold.ready.then(settle);
    expect(bundle.notices).toEqual([]);
    page.peerfold.notice();
    await settle();
    expect(bundle.notices).toHaveLength(1);
    void page.peerfold.stop();
    page.peerfold.notice();
    await settle();
    expect(bundle.notices).toHaveLength(1);
  });
});
