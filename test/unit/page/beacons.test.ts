// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBeacons, type BeaconsHost, type BeaconsView } from '../../../src/page/beacons.js';
import type { BeaconStats } from '../../../src/page/beacons-bytes.js';
import type { Fault } from '../../../src/page/engine-host.js';
import type { TransferReport } from '../../../src/protocol/bridge.js';
import { MAX_BEACON, parseBeacon, type Beacon } from '../../../src/protocol/beacon.js';
import { prepareDom, setVisibility } from '../../support/dom.js';
import { FakeClock } from '../../support/fake-clock.js';
import { addPlayer, timeRanges, type PlayerState } from '../../support/fake-player.js';
import { transferReport } from '../../support/reports.js';

const SITE = 'https://site.example';
const FILM = `${SITE}/film.mp4`;

let clock: FakeClock;
let sent: { address: string; beacon: Beacon }[];
let timings: Map<string, { startTime: number; responseEnd: number }>;
let stats: BeaconStats;
let tellFault: ((fault: Fault) => void) | undefined;
let intersect: ((entries: { target: Element; isIntersecting: boolean }[]) => void) | undefined;
let watched: Set<Element>;
let paint: ((entries: { startTime: number }[]) => void) | undefined;
let activationStart: number;
let scrollY: number;
let stop: () => void;
const view = new EventTarget();

class FakeIntersections {
  constructor(heard: typeof intersect) {
    intersect = heard;
  }
  observe(element: Element): void {
    watched.add(element);
  }
  unobserve(element: Element): void {
    watched.delete(element);
  }
  disconnect(): void {
    watched.clear();
  }
}

class FakePaints {
  static readonly supportedEntryTypes = ['largest-contentful-paint'];
  constructor(heard: (list: { getEntries(): object[] }) => void) {
    paint = (entries) => {
      heard({ getEntries: () => entries });
    };
  }
  observe(): void {}
  takeRecords(): object[] {
    return [];
  }
  disconnect(): void {
    paint = undefined;
  }
}

beforeEach(() => {
  document.body.replaceChildren();
  prepareDom();
  clock = new FakeClock();
  sent = [];
  timings = new Map();
  watched = new Set();
  [activationStart, scrollY] = [0, 0];
  stats = {
    bytes: { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 },
    ...{ uploaded: 0, links: 0, resources: [] },
  };
});

afterEach(() => {
  stop();
});

function start(host: Partial<BeaconsHost> = {}, changes: Partial<BeaconsView> = {}): void {
  const parts = {
    document,
    navigator: {
      sendBeacon(address: string, text: string) {
        const beacon = parseBeacon(text);
        if (!beacon) throw new Error(`the hash service refuses ${text}`);
        sent.push({ address, beacon });
        return true;
      },
    },
    performance: {
      getEntriesByName: (name: string) => [timings.get(name)].filter(Boolean),
      getEntriesByType: () => [{ activationStart }],
    },
    scrollY,
    IntersectionObserver: FakeIntersections,
    PerformanceObserver: FakePaints,
    MutationObserver,
    addEventListener: view.addEventListener.bind(view),
    removeEventListener: view.removeEventListener.bind(view),
    ...changes,
  };
  stop = startBeacons(
    {
      ...{ group: 'peers', share: 0.1, address: 'https://hash.example/', site: SITE },
      stats: () => stats,
      onError(listener) {
        tellFault = listener;
        return () => (tellFault = undefined);
      },
      ...host,
    },
    { view: parts as unknown as BeaconsView, clock },
  );
}

/** The page is hidden, and tells what it has to tell. */
function hide(): Beacon | undefined {
  const before = sent.length;
  setVisibility('hidden');
  const told = sent.slice(before);
  expect(told.length).toBeLessThanOrEqual(1);
  return told[0]?.beacon;
}

function image(url: string, isComplete = false): HTMLImageElement {
  const element = document.createElement('img');
  element.src = url;
  Object.defineProperty(element, 'currentSrc', { configurable: true, value: url });
  setComplete(element, isComplete);
  document.body.append(element);
  return element;
}

function setComplete(element: HTMLImageElement, isComplete: boolean): void {
  Object.defineProperty(element, 'complete', { configurable: true, value: isComplete });
}

function show(target: HTMLImageElement, isIntersecting = true): void {
  intersect?.([{ target, isIntersecting }]);
}

function loaded(element: HTMLImageElement): void {
  setComplete(element, true);
  element.dispatchEvent(new Event('load'));
}

describe('a beacon', () => {
  it('says how the page painted, once, when it is hidden', async () => {
    start();
    paint?.([{ startTime: 700 }, { startTime: 900.4 }]);
    await clock.advance(12_400);
    expect(hide()).toMatchObject({ v: 1, site: SITE, group: 'peers', share: 0.1, seconds: 12, paint: 900 });
    expect(sent[0]?.address).toBe('https://hash.example/v1/beacons');
    setVisibility('visible');
    tellFault?.({ code: 'worker-failed', message: '' });
    await clock.advance(3000);
    expect(hide()).toMatchObject({ seconds: 3, errors: { 'worker-failed': 1 } });
    expect(sent[1]?.beacon).not.toHaveProperty('paint');
  });

  it('counts paint from when a page that was rendered ahead is shown', () => {
    activationStart = 600;
    start();
    paint?.([{ startTime: 700 }]);
    expect(hide()?.paint).toBe(100);
  });

  it('says nothing of the paint of a page that began hidden', () => {
    setVisibility('hidden');
    start();
    expect(paint).toBeUndefined();
  });

  it('is not sent when there is nothing new', async () => {
    start();
    await clock.advance(1000);
    expect(hide()).toBeUndefined();
    view.dispatchEvent(new Event('pagehide'));
    expect(sent).toEqual([]);
  });

  it('is sent when the page goes, too, with what is new since it was hidden', () => {
    start();
    paint?.([{ startTime: 1 }]);
    hide();
    tellFault?.({ code: 'link-failed', message: '' });
    view.dispatchEvent(new Event('pagehide'));
    expect(sent.map(({ beacon }) => beacon.errors)).toEqual([{}, { 'link-failed': 1 }]);
  });

  it('is not sent any more after the end', () => {
    start();
    paint?.([{ startTime: 1 }]);
    stop();
    expect([hide(), watched.size, clock.pending, paint, tellFault]).toEqual([
      undefined,
      0,
      0,
      undefined,
      undefined,
    ]);
  });

  it('throws nothing where nothing can be measured or sent', () => {
    expect(() => {
      start({}, { IntersectionObserver: undefined as unknown as typeof IntersectionObserver });
    }).not.toThrow();
    start(
      {},
      {
        navigator: {
          sendBeacon() {
            throw new TypeError('no such address');
          },
        },
      },
    );
    paint?.([{ startTime: 1 }]);
    expect(() => hide()).not.toThrow();
  });
});

describe('the bytes of a beacon', () => {
  function transfer(
    report: Parameters<typeof transferReport>[0],
    bytes: Partial<TransferReport['bytes']> = {},
  ): void {
    const made = transferReport({ ...report, ...bytes });
    const sums = Object.entries(made.bytes).map(([name, sum]) => [name, sum + stats.bytes[name as 'peer']]);
    stats = { ...stats, bytes: Object.fromEntries(sums), resources: [...stats.resources, made] };
  }

  it('are those since the last one, with the reasons why', () => {
    start();
    transfer({ url: `${SITE}/a.jpg`, peer: 100, http: 20, fallback: 'deadline' });
    stats = { ...stats, uploaded: 7 };
    expect(hide()).toMatchObject({ bytes: { peer: 100, http: 20, uploaded: 7 }, reasons: { deadline: 20 } });
    setVisibility('visible');
    transfer({ url: `${SITE}/b.jpg`, peer: 1, http: 2, fallback: 'no-peers' });
    transfer({ url: `${SITE}/b.jpg`, peer: 3, store: 9 });
    // The engine was started anew.
    stats = { ...stats, uploaded: 3 };
    const next = hide();
    expect(next?.bytes).toEqual({ peer: 4, store: 9, cache: 0, http: 2, wasted: 0, uploaded: 0 });
    expect(next?.reasons).toEqual({ 'no-peers': 2 });
    expect(next?.resources).toEqual([{ url: `${SITE}/b.jpg`, peer: 4, http: 2 }]);
  });

  it('name the ten largest resources, without queries that are not signed', () => {
    start();
    for (let i = 1; i <= 12; i++) transfer({ url: `${SITE}/${i}.jpg?visitor=${i}`, http: i });
    transfer({ url: `${SITE}/film.mp4?v=2`, peer: 100 });
    const resources = hide()?.resources ?? [];
    expect(resources).toHaveLength(10);
    expect(resources[0]).toEqual({ url: `${SITE}/film.mp4?v=2`, peer: 100, http: 0 });
    expect(resources[1]).toEqual({ url: `${SITE}/12.jpg`, peer: 0, http: 12 });
  });

  it('leave out resources rather than become too long', () => {
    start();
    for (let i = 0; i < 10; i++) transfer({ url: `${SITE}/${String(i).repeat(1990)}`, peer: 1 });
    const told = hide();
    expect(told?.resources.length).toBeGreaterThan(5);
    expect(JSON.stringify(told).length).toBeLessThanOrEqual(MAX_BEACON);
  });

  it('come with the most links that there were', async () => {
    start();
    stats = { ...stats, links: 5 };
    await clock.advance(6000);
    stats = { ...stats, links: 2 };
    transfer({ url: `${SITE}/a.jpg`, peer: 1 });
    expect(hide()?.links).toBe(5);
    setVisibility('visible');
    transfer({ url: `${SITE}/a.jpg`, peer: 1 });
    expect(hide()?.links).toBe(2);
  });
});

describe('the wait for an image', () => {
  it('goes from when it comes into view until it is loaded', async () => {
    start();
    const late = image(`${SITE}/late.jpg`);
    await clock.advance(1000);
    expect(watched).toContain(late);
    show(late);
    await clock.advance(350);
    loaded(late);
    loaded(late);
    expect(hide()?.images).toEqual([350]);
  });

  it('is none when it was loaded before', async () => {
    const below = image(`${SITE}/below.jpg`);
    start();
    show(below, false);
    await clock.advance(500);
    loaded(below);
    show(below);
    expect(hide()?.images).toEqual([0]);
  });

  it('goes from the beginning for what is in view from then on', async () => {
    const [there, coming, later] = ['there', 'coming', 'later'].map((name) =>
      image(`${SITE}/${name}.jpg`, name === 'there'),
    );
    if (!there || !coming || !later) throw new Error('no images');
    timings.set(`${SITE}/there.jpg`, { startTime: 50, responseEnd: 420 });
    await clock.advance(1000);
    start();
    for (const one of [there, coming, later]) show(one);
    timings.set(`${SITE}/coming.jpg`, { startTime: 60, responseEnd: 1200 });
    timings.set(`${SITE}/later.jpg`, { startTime: 1100, responseEnd: 1200 });
    await clock.advance(200);
    loaded(coming);
    loaded(later);
    expect(hide()?.images).toEqual([420, 1200, 200]);
  });

  it('is not known of what was in view when the watch began on a page that was scrolled', async () => {
    const [there, next] = [image(`${SITE}/there.jpg`), image(`${SITE}/next.jpg`)];
    scrollY = 800;
    start();
    show(there);
    show(next, false);
    show(next);
    await clock.advance(100);
    loaded(there);
    loaded(next);
    expect(hide()?.images).toEqual([100]);
  });

  it('ends when it is scrolled away, and begins anew', async () => {
    start();
    const quick = image(`${SITE}/quick.jpg`);
    await clock.advance(0);
    show(quick);
    await clock.advance(100);
    show(quick, false);
    await clock.advance(1000);
    show(quick);
    await clock.advance(30);
    loaded(quick);
    expect(hide()?.images).toEqual([30]);
  });

  it('counts as long as it was when the page goes', async () => {
    start();
    const never = image(`${SITE}/never.jpg`);
    await clock.advance(0);
    show(never);
    await clock.advance(5000);
    expect(hide()).toBeUndefined();
    view.dispatchEvent(new Event('pagehide'));
    expect(sent[0]?.beacon.images).toEqual([5000]);
    loaded(never);
    view.dispatchEvent(new Event('pagehide'));
    expect(sent).toHaveLength(1);
  });

  it('does not end with a placeholder, and not with a fault', async () => {
    start();
    const [lazy, broken] = [image('data:image/gif;base64,R0', true), image(`${SITE}/broken.jpg`)];
    await clock.advance(0);
    for (const one of [lazy, broken]) show(one);
    await clock.advance(100);
    broken.dispatchEvent(new Event('error'));
    Object.defineProperty(lazy, 'currentSrc', { value: `${SITE}/lazy.jpg` });
    loaded(lazy);
    expect(hide()?.images).toEqual([100]);
  });
});

describe('the players of a beacon', () => {
  function player(state: Partial<PlayerState> = {}) {
    const made = addPlayer({ currentSrc: FILM, duration: 60, buffered: timeRanges([0, 5]), ...state });
    const happen = async (...names: string[]): Promise<void> => {
      for (const name of names) {
        made.tell(name);
        await clock.advance(100);
      }
    };
    return { ...made, happen };
  }

  it('say how long they took to start, and how long they played and stalled', async () => {
    start({ group: 'control' });
    const { happen } = player();
    await happen('play', 'waiting', 'playing', 'waiting', 'waiting', 'playing', 'pause', 'play');
    expect(hide()).toMatchObject({
      group: 'control',
      playback: { starts: [200], stalls: 1, stalled: 200, played: 200 },
    });
  });

  it('go on being counted across beacons', async () => {
    start();
    const { happen } = player();
    await happen('play', 'playing', 'waiting');
    expect(hide()?.playback).toEqual({ starts: [100], stalls: 1, stalled: 100, played: 100 });
    setVisibility('visible');
    await clock.advance(500);
    await happen('playing');
    expect(hide()?.playback).toEqual({ starts: [], stalls: 0, stalled: 500, played: 100 });
  });

  it('are told of once when the page goes, which is then hidden', async () => {
    start();
    const { happen } = player();
    await happen('play', 'playing');
    view.dispatchEvent(new Event('pagehide'));
    await clock.advance(1);
    setVisibility('hidden');
    expect(sent.map(({ beacon }) => beacon.playback.played)).toEqual([100]);
  });

  it('do not stall while they go elsewhere or rest, and start anew with another source', async () => {
    start();
    const { happen, state } = player();
    await happen('play', 'playing');
    state.seeking = true;
    await happen('seeking', 'waiting');
    state.seeking = false;
    await happen('playing');
    state.paused = true;
    await happen('pause', 'waiting', 'ended');
    state.paused = false;
    state.currentSrc = `${FILM}?other`;
    await happen('emptied', 'play', 'playing');
    const { starts, stalls } = hide()?.playback ?? {};
    expect([starts, stalls]).toEqual([[100, 100], 0]);
  });

  it('are forgotten when they are gone', async () => {
    start();
    const { happen, element } = player();
    await happen('play', 'playing');
    element.remove();
    expect(hide()?.playback.played).toBe(100);
    setVisibility('visible');
    await clock.advance(1000);
    expect(hide()).toBeUndefined();
  });
});
