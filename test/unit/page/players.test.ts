// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { EDGE_STEP, EDGE_WAIT } from '../../../src/core/deadline.js';
import { rankAtEdge } from '../../../src/core/live-edge.js';
import type { Fault } from '../../../src/page/engine-host.js';
import { LazyPlayers } from '../../../src/page/lazy-players.js';
import type { Placer, SegmentFacts } from '../../../src/page/place.js';
import type { PlaybackEvent } from '../../../src/page/playbacks.js';
import { startPlayers, type PlayersModule, type PlayersOptions } from '../../../src/page/players.js';
import { readPlaylist } from '../../../src/page/playlists.js';
import type { PageMessage, WorkerMessage } from '../../../src/protocol/bridge.js';
import { FakeClock } from '../../support/fake-clock.js';
import { addPlayer, timeRanges } from '../../support/fake-player.js';
import { DESKTOP } from '../../support/fake-visitor.js';
import { transferReport } from '../../support/reports.js';

type Playlist = Extract<WorkerMessage, { t: 'playlist' }>;
type Question = Extract<WorkerMessage, { t: 'place' }>;

const at = (path: string) => `https://site.example/${path}` as CanonicalUrl;
const HTTP = 300;
const SELF = 'our-key';

let clock: FakeClock;
let placed: { url: string; facts: SegmentFacts | undefined }[];
let sent: PageMessage[];
let faults: Fault[];
let events: PlaybackEvent[];
let lengths: Record<string, number>;
let linked: { key: string; rate: number; holds: (url: string) => boolean }[];
let open: { close(): void }[];
let httpTime: number;

beforeEach(() => {
  clock = new FakeClock();
  httpTime = HTTP;
  [placed, sent, faults, events, lengths, linked, open] = [[], [], [], [], {}, [], []];
});

afterEach(() => {
  for (const one of open) one.close();
  document.body.replaceChildren();
  expect(clock.pending).toBe(0);
});

function options(): PlayersOptions {
  const placer: Pick<Placer, 'place' | 'lengthOf' | 'headStartOf' | 'httpTime'> = {
    place: (url, _destination, facts) => {
      placed.push({ url, facts });
      return { wait: 1 };
    },
    lengthOf: (url) => lengths[url],
    headStartOf: () => 'filled',
    httpTime: () => httpTime,
  };
  return {
    ...{ clock, view: { document }, device: DESKTOP, placer: placer as Placer },
    loadParsers: () => Promise.resolve({ readPlaylist }),
    fault: (fault) => faults.push(fault),
    send: (message) => sent.push(message),
    playback: (event) => events.push(event),
    key: () => SELF,
    holders: (urls) => linked.filter(({ holds }) => urls.some(holds)),
  };
}

function players() {
  const started = startPlayers(options());
  open.push(started);
  return started;
}

function lazyPlayers(loadPlayers: () => Promise<PlayersModule>): LazyPlayers {
  const lazy = new LazyPlayers({ ...options(), loadPlayers });
  open.push(lazy);
  return lazy;
}

function playlist(path: string, ...lines: string[]): Playlist {
  const text = ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...lines].join('\n');
  return { t: 'playlist', asked: at(path), url: at(path), text };
}

const segments = (...names: string[]): string[] => names.flatMap((name) => ['#EXTINF:4,', name]);
const vod = (path: string, ...names: string[]) => playlist(path, ...segments(...names), '#EXT-X-ENDLIST');
const live = (...names: string[]) => playlist('live.m3u8', '#EXT-X-MEDIA-SEQUENCE:7', ...segments(...names));
const asked = (path: string, destination = ''): Question => ({
  t: 'place',
  id: 1,
  url: at(path),
  destination,
});

async function factsOf(all: ReturnType<typeof players>, path: string): Promise<SegmentFacts | undefined> {
  await clock.advance(0);
  all.place(asked(path));
  return placed.at(-1)?.facts;
}

describe('what is known of a request', () => {
  it('is nothing where no playlist lists it and nobody holds it', async () => {
    expect(await factsOf(players(), 'tool.zip')).toEqual({
      rank: undefined,
      warm: false,
      duration: undefined,
      overrun: undefined,
      adaptive: undefined,
    });
  });

  it('is nothing at all for pictures', () => {
    players().place(asked('a.jpg', 'image'));
    expect(placed).toEqual([{ url: at('a.jpg'), facts: {} }]);
  });

  it('says what playing takes where the player has a choice of rates', async () => {
    const all = players();
    const variant = (bandwidth: number, name: string) => [`#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth}`, name];
    all.listed(playlist('master.m3u8', ...variant(800_000, 'low.m3u8'), ...variant(4_000_000, 'high.m3u8')));
    all.listed(vod('low.m3u8', 'l1.ts', 'l2.ts'));
    expect(await factsOf(all, 'l2.ts')).toMatchObject({ adaptive: 100_000, duration: 4 });
    lengths[at('l2.ts')] = 600_000;
    expect(await factsOf(all, 'l2.ts')).toMatchObject({ adaptive: 150_000, duration: 4 });
  });

  it('does not where there is one rate only', async () => {
    const all = players();
    all.listed(vod('only.m3u8', '1.ts', '2.ts'));
    lengths[at('2.ts')] = 600_000;
    expect((await factsOf(all, '2.ts'))?.adaptive).toBeUndefined();
  });

  it('is warm when linked peers hold it and are as fast as it plays, as far as that is known', async () => {
    const all = players();
    all.listed(vod('only.m3u8', '1.ts', '2.ts'));
    lengths[at('2.ts')] = 600_000;
    const holds = (url: string): boolean => url === at('2.ts');
    linked = [{ key: 'a', rate: 100_000, holds: () => false }];
    expect((await factsOf(all, '2.ts'))?.warm).toBe(false);
    linked = [{ key: 'a', rate: 100_000, holds }];
    expect((await factsOf(all, '2.ts'))?.warm).toBe(false);
    linked.push({ key: 'b', rate: 100_000, holds });
    expect((await factsOf(all, '2.ts'))?.warm).toBe(true);
    linked = [{ key: 'a', rate: 0, holds }];
    expect((await factsOf(all, '2.ts'))?.warm).toBe(true);
  });
});

describe('the queue for a live segment', () => {
  const holds = (url: string): boolean => url === at('9.ts');
  const expected = (name: string): number => rankAtEdge(at(name), SELF, ['a', 'b']);

  it('is of those who hold one of the segments before it, and is asked about with patience', async () => {
    const all = players();
    all.listed(live('7.ts', '8.ts', '9.ts', '10.ts', '11.ts'));
    linked = ['a', 'b'].map((key) => ({ key, rate: 1, holds }));
    linked.push({ key: 'c', rate: 1, holds: () => false });
    for (const name of ['10.ts', '11.ts']) {
      const rank = expected(name);
      expect((await factsOf(all, name))?.rank).toBe(rank);
      expect(all.patienceFor(at(name))).toBe(rank === 0 ? 0 : HTTP + EDGE_WAIT + (rank - 1) * EDGE_STEP);
    }
  });

  it('has nobody in it who watches alone, for what is old, and for what is complete', async () => {
    const all = players();
    all.listed(live('7.ts', '8.ts', '9.ts', '10.ts', '11.ts'));
    expect((await factsOf(all, '11.ts'))?.rank).toBeUndefined();
    expect(all.patienceFor(at('11.ts'))).toBe(0);
    linked = [{ key: 'a', rate: 1, holds: () => true }];
    expect((await factsOf(all, '8.ts'))?.rank).toBeUndefined();
    all.listed(vod('vod.m3u8', 'v1.ts', 'v2.ts'));
    expect((await factsOf(all, 'v2.ts'))?.rank).toBeUndefined();
  });
});

describe('the queue for what nobody has', () => {
  const holds = (url: string): boolean => url === at('v2.ts');

  it('is there on demand, too, where the origin is too slow to play from', async () => {
    const all = players();
    all.listed(vod('vod.m3u8', 'v1.ts', 'v2.ts', 'v3.ts'));
    linked = ['a', 'b'].map((key) => ({ key, rate: 1, holds }));
    expect((await factsOf(all, 'v3.ts'))?.rank).toBeUndefined();
    httpTime = 3001;
    expect((await factsOf(all, 'v3.ts'))?.rank).toBe(rankAtEdge(at('v3.ts'), SELF, ['a', 'b']));
    linked = [];
    expect((await factsOf(all, 'v3.ts'))?.rank).toBeUndefined();
  });

  it('has been left by nobody who holds a part of it', async () => {
    const all = players();
    all.listed(vod('vod.m3u8', 'v1.ts', 'v2.ts', 'v3.ts'));
    linked = [{ key: 'a', rate: 1, holds: () => true }];
    expect((await factsOf(all, 'v3.ts'))?.rank).toBeUndefined();
    httpTime = 3001;
    expect(await factsOf(all, 'v3.ts')).toMatchObject({ rank: 1, overrun: true });
  });

  it('is there until the origin could serve all of them at once', async () => {
    const all = players();
    all.listed(vod('vod.m3u8', 'v1.ts', 'v2.ts', 'v3.ts'));
    linked = ['a', 'b'].map((key) => ({ key, rate: 1, holds }));
    const overrun = async (ms: number): Promise<boolean | undefined> => {
      httpTime = ms;
      return (await factsOf(all, 'v3.ts'))?.overrun;
    };
    expect(await overrun(1001)).toBe(false);
    expect(await overrun(3001)).toBe(true);
    expect(await overrun(1001)).toBe(true);
    expect(await overrun(1000)).toBe(false);
    expect(await overrun(1001)).toBe(false);
  });
});

describe('players', () => {
  it('have their coming segments told while that is allowed, and their playback watched', async () => {
    const { state, tell } = addPlayer({ currentSrc: 'blob:1', paused: true, buffered: timeRanges([0, 8]) });
    const all = players();
    all.listed(vod('only.m3u8', '1.ts', '2.ts', '3.ts'));
    await factsOf(all, '1.ts');
    all.allow(true);
    state.paused = false;
    tell('play', 'playing');
    all.learn(transferReport({ url: at('1.ts'), destination: '', peer: 5 }));
    await clock.advance(2000);
    expect(sent.at(-1)).toMatchObject({ t: 'ahead', items: [{ url: at('2.ts') }, { url: at('3.ts') }] });
    expect(all.playbacks).toMatchObject([{ source: 'blob:1', stalls: 0, buffered: 8, bytes: { peer: 5 } }]);
    expect(events.map((event) => event.state)).toEqual(['started']);
    all.allow(false);
    expect(sent.at(-1)).toEqual({ t: 'ahead', items: [] });
  });
});

describe('a page', () => {
  const module: PlayersModule = { startPlayers };
  const loader = (): { count: number; load: () => Promise<PlayersModule> } => {
    const counter = {
      count: 0,
      load: () => {
        counter.count++;
        return Promise.resolve(module);
      },
    };
    return counter;
  };

  it('without players loads nothing for them', async () => {
    const { load, ...counter } = loader();
    const lazy = lazyPlayers(load);
    expect(lazy.place(asked('a.jpg', 'image'))).toEqual({ wait: 1 });
    expect(lazy.place(asked('tool.zip'))).toEqual({ wait: 1 });
    await clock.advance(100);
    expect(counter.count).toBe(0);
    expect(lazy.playbacks).toEqual([]);
    expect(lazy.patienceFor(at('a.jpg'))).toBe(0);
  });

  it.each([
    ['an element', () => addPlayer(), () => undefined],
    ['a request', () => undefined, (lazy: LazyPlayers) => lazy.place(asked('film.mp4', 'video'))],
    [
      'a playlist',
      () => undefined,
      (lazy: LazyPlayers) => {
        lazy.listed(live('7.ts'));
      },
    ],
  ])('loads it once with %s', async (_, before, after) => {
    const counter = loader();
    before();
    const lazy = lazyPlayers(counter.load);
    after(lazy);
    lazy.place(asked('film.mp4', 'video'));
    await clock.advance(100);
    expect(counter.count).toBe(1);
  });

  it('forgets nothing that came before that was there', async () => {
    const lazy = lazyPlayers(() => Promise.resolve(module));
    lazy.allow(true);
    lazy.listed(live('7.ts', '8.ts', '9.ts', '10.ts'));
    linked = [{ key: 'a', rate: 1, holds: () => true }];
    await clock.advance(100);
    lazy.place(asked('10.ts'));
    expect(placed.at(-1)?.facts?.rank).toBe(rankAtEdge(at('10.ts'), SELF, ['a']));
  });

  it('says once that it cannot be had, and goes on without', async () => {
    const lazy = lazyPlayers(() => Promise.reject(new Error('404')));
    lazy.listed(live('7.ts'));
    await clock.advance(100);
    lazy.listed(live('7.ts', '8.ts'));
    expect(lazy.place(asked('8.ts'))).toEqual({ wait: 1 });
    await clock.advance(100);
    expect(faults).toMatchObject([{ code: 'not-supported' }]);
  });

  it('that is over before it came starts nothing', async () => {
    addPlayer();
    let started = 0;
    const lazy = lazyPlayers(() =>
      Promise.resolve({
        startPlayers: (all) => {
          started++;
          return startPlayers(all);
        },
      }),
    );
    lazy.close();
    await clock.advance(100);
    expect(started).toBe(0);
  });
});
