// @vitest-environment happy-dom
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import type { MediaPlacement } from '../../../src/core/deadline.js';
import type { Programme, Rendition, Segment } from '../../../src/page/programme.js';
import type { Device } from '../../../src/page/upload-network.js';
import { MOMENT, PERIOD, RENEW, SOON, UpcomingMedia, type ActivePlayer } from '../../../src/page/upcoming.js';
import type { PageMessage, Upcoming } from '../../../src/protocol/bridge.js';
import { FakeClock } from '../../support/fake-clock.js';
import { addPlayer, timeRanges } from '../../support/fake-player.js';
import { DESKTOP } from '../../support/fake-visitor.js';
import { transferReport } from '../../support/reports.js';

const FILM = 'https://site.example/film.mp4' as CanonicalUrl;
const MIB = 2 ** 20;
/** 100 seconds of 200 KiB each. */
const LENGTH = 100 * 200 * 1024;

interface Setting {
  headStart?: MediaPlacement['headStart'];
  device?: Device;
  programmes?: readonly Programme[];
  lengths?: Readonly<Record<string, number>>;
}

function watch(setting: Setting = {}) {
  const { device = DESKTOP, programmes = [], lengths = { [FILM]: LENGTH }, headStart = 'filled' } = setting;
  const clock = new FakeClock();
  const lists: (readonly Upcoming[])[] = [];
  const upcoming = new UpcomingMedia({
    ...{ clock, view: { document }, device },
    placer: { headStartOf: () => headStart, lengthOf: (url) => lengths[url] },
    find: (url, start) => findIn(programmes, url, start),
    send: (message: PageMessage) => {
      if (message.t === 'ahead') lists.push(message.items);
    },
  });
  upcoming.allow(true);
  onTestFinished(() => {
    upcoming.close();
    document.body.replaceChildren();
    expect(clock.pending).toBe(0);
  });
  const latest = (): readonly Upcoming[] => lists.at(-1) ?? [];
  return { clock, lists, latest, upcoming };
}

function findIn(programmes: readonly Programme[], url: CanonicalUrl, start?: number) {
  for (const programme of programmes) {
    for (const rendition of programme.renditions) {
      const index = rendition.segments.findIndex((one) => one.url === url && one.start === start);
      if (index >= 0) return { programme, rendition, index };
    }
  }
  return undefined;
}

/** 50 segments of four seconds and half a megabyte. */
function renditionOf(id: string, facts: Partial<Rendition> = {}): Rendition {
  const segments = Array.from({ length: 50 }, (_, i): Segment => ({
    ...{ url: segmentOf(id, i), at: 4 * i, duration: 4 },
  }));
  return { id, kind: 'video', segments, live: false, ...facts };
}

function segmentOf(id: string, index: number): CanonicalUrl {
  return `https://site.example/${id}/${index}.m4s` as CanonicalUrl;
}

function programmeOf(...renditions: Rendition[]): Programme {
  return { url: 'https://site.example/index.m3u8' as CanonicalUrl, renditions };
}

/** What lists of whole segments name, and when it is due in seconds. */
function named(items: readonly Upcoming[]): Record<string, number> {
  return Object.fromEntries(items.map(({ url, due }) => [url.slice(21, -4), due / 1000]));
}

describe('a file', () => {
  it('is listed from where it was read to, for thirty seconds, in parts that end at the same places', async () => {
    const { clock, lists, latest, upcoming } = watch();
    const { tell } = addPlayer({ currentTime: 2, buffered: timeRanges([0, 12]) });
    upcoming.requested(FILM, 'video', MIB);
    upcoming.learn(transferReport({ url: FILM, destination: 'video', start: MIB, http: 512 * 1024 }));
    tell('play');
    await clock.advance(SOON);
    expect(lists).toHaveLength(1);
    const from = 1.5 * MIB;
    expect(latest().map(({ start, end }) => [start, end])).toEqual([
      [from, 2 * MIB],
      ...[2, 3, 4, 5, 6].map((i) => [i * MIB, (i + 1) * MIB]),
      [7 * MIB, 8 * MIB],
    ]);
    expect(latest()[0]?.due).toBe(10_000);
    expect(latest()[1]?.due).toBeCloseTo(10_000 + (512 / 200) * 1000);
  });

  it('is no more than 8 MiB ahead, nor beyond its end, and due sooner when it plays faster', async () => {
    const lengths = { [FILM]: 100 * MIB };
    const { clock, latest, upcoming } = watch({ lengths });
    const { state, tell } = addPlayer({ buffered: timeRanges([0, 10]), playbackRate: 2 });
    upcoming.requested(FILM, 'video', 10 * MIB);
    tell('play');
    await clock.advance(SOON);
    expect(latest()[0]).toMatchObject({ start: 10.5 * MIB, due: 5000 });
    expect(latest().at(-1)?.end).toBe(19 * MIB);
    Object.assign(state, { currentTime: 97, buffered: timeRanges([90, 98]) });
    upcoming.requested(FILM, 'video', 98 * MIB);
    tell('timeupdate');
    await clock.advance(PERIOD);
    expect(latest().map(({ start, end }) => [start, end])).toEqual([
      [98.5 * MIB, 99 * MIB],
      [99 * MIB, 100 * MIB],
    ]);
  });

  it('is listed anew at once after a seek, and after another during that, from where its requests go', async () => {
    const { clock, lists, latest, upcoming } = watch();
    const { state, tell } = addPlayer({ buffered: timeRanges([0, 10]) });
    upcoming.requested(FILM, 'video', 0);
    tell('play');
    await clock.advance(SOON);
    Object.assign(state, { currentTime: 50 });
    tell('seeking');
    Object.assign(state, { currentTime: 80 });
    tell('seeking');
    await clock.advance(SOON);
    expect(lists).toHaveLength(2);
    expect(latest()[0]).toMatchObject({ start: 80 * 200 * 1024 + MIB / 2, due: 0 });
    Object.assign(state, { currentTime: 20 });
    tell('seeking');
    upcoming.requested(FILM, 'video', 4_000_000);
    // What was being read before the first seek ends only now.
    upcoming.learn(transferReport({ url: FILM, destination: 'video', start: 0, http: MIB }));
    await clock.advance(SOON);
    expect(latest()[0]).toMatchObject({ start: 4_000_000 + MIB / 2 });
    expect(lists).toHaveLength(3);
  });

  it('is said again only when there is more of it, or as a sign of life', async () => {
    const { clock, lists, state, tell, upcoming } = playing();
    await clock.advance(SOON);
    upcoming.learn(report(0));
    tell('timeupdate');
    await clock.advance(PERIOD);
    expect(lists).toHaveLength(1);
    tell('timeupdate');
    await clock.advance(RENEW);
    tell('timeupdate');
    await clock.advance(PERIOD);
    expect(lists).toHaveLength(2);
    Object.assign(state, { currentTime: 8, buffered: timeRanges([0, 20]) });
    upcoming.learn(report(4 * MIB));
    await clock.advance(PERIOD);
    expect(lists).toHaveLength(3);
  });

  it.each(['pause', 'ended', 'gone'])('%s: an empty list, once', async (what) => {
    const { clock, lists, state, tell, element } = playing();
    await clock.advance(SOON);
    expect(lists).toHaveLength(1);
    if (what === 'pause') state.paused = true;
    if (what === 'ended') state.ended = true;
    if (what === 'gone') element.remove();
    tell('timeupdate');
    await clock.advance(PERIOD / 2);
    tell(what);
    await clock.advance(RENEW);
    tell('timeupdate');
    await clock.advance(RENEW);
    expect(lists.slice(1)).toEqual([[]]);
  });

  it('goes on over a short pause, and after a longer one', async () => {
    const { clock, lists, latest, state, tell } = playing();
    await clock.advance(SOON);
    state.paused = true;
    tell('pause', 'timeupdate');
    await clock.advance(MOMENT / 2);
    state.paused = false;
    tell('play');
    await clock.advance(MOMENT);
    expect(latest()).not.toEqual([]);
    state.paused = true;
    tell('pause');
    await clock.advance(MOMENT);
    expect(latest()).toEqual([]);
    state.paused = false;
    tell('play');
    await clock.advance(SOON);
    expect(latest()).not.toEqual([]);
    expect(lists.filter((items) => items.length === 0)).toHaveLength(1);
  });

  it.each([
    ['while its head start comes', { headStart: 'filling' }],
    ['when nothing is known of it', { lengths: {} }],
    ['when its duration is not known', { duration: NaN }],
    ['when it does not end', { duration: Infinity }],
    ['when it was not started', { paused: true }],
    ['on a phone’s network', { device: { ...DESKTOP, connection: { type: 'cellular' } } }],
    ['where no memory is to spare', { device: { ...DESKTOP, deviceMemory: 0.01 } }],
  ] satisfies [string, Setting & Partial<ActivePlayer>][])(
    'is not listed %s',
    async (_, facts: Setting & Partial<ActivePlayer>) => {
      const { clock, lists } = watch(facts);
      const { tell } = addPlayer({ buffered: timeRanges([0, 10]), ...facts });
      tell('play', 'timeupdate', 'seeking');
      await clock.advance(RENEW);
      expect(lists).toEqual([]);
    },
  );

  it('is listed for the browser that the worker has forgotten, and for no visitor who is not asked', async () => {
    const { clock, lists, upcoming } = playing();
    await clock.advance(SOON);
    upcoming.again();
    await clock.advance(SOON);
    expect(lists).toHaveLength(2);
    upcoming.allow(false);
    expect(lists.at(-1)).toEqual([]);
  });

  it('of two that play is in one list, soonest first', async () => {
    const other = 'https://site.example/other.webm';
    const { clock, latest } = watch({ lengths: { [FILM]: LENGTH, [other]: LENGTH } });
    addPlayer({ buffered: timeRanges([0, 10]) });
    const { tell } = addPlayer({ currentSrc: `${other}#t=3`, buffered: timeRanges([0, 5]) }, 'audio');
    tell('play');
    await clock.advance(SOON);
    expect(new Set(latest().map(({ url }) => url))).toEqual(new Set([FILM, other]));
    const dues = latest().map(({ due }) => due);
    expect(dues).toEqual([...dues].sort((a, b) => a - b));
  });

  /** A player that has begun, with ten seconds in its buffer. */
  function playing() {
    const watched = watch();
    const player = addPlayer({ buffered: timeRanges([0, 10]) });
    watched.upcoming.requested(FILM, 'video', 0);
    player.tell('play');
    return { ...watched, ...player };
  }

  function report(start: number) {
    return transferReport({
      url: FILM,
      destination: 'video',
      start,
      http: MIB / 2,
      started: Date.UTC(2027, 0),
    });
  }
});

describe('a programme', () => {
  const script = { currentSrc: 'blob:https://site.example/1', duration: 200 };

  it('is listed from the segment after the last one requested, for a minute', async () => {
    const { clock, latest, upcoming } = watch({ programmes: [programmeOf(renditionOf('v0'))] });
    const { tell } = addPlayer({ ...script, currentTime: 1, buffered: timeRanges([0, 12]) });
    upcoming.requested(segmentOf('v0', 2), '');
    tell('play');
    await clock.advance(SOON);
    const items = Object.entries(named(latest()));
    expect(items[0]).toEqual(['v0/3', 11]);
    expect(items[1]).toEqual(['v0/4', 15]);
    expect(items).toHaveLength(13);
  });

  it('has pictures and sound, each of the rendition that is fetched now', async () => {
    const audio = renditionOf('a0', { kind: 'audio' });
    const programmes = [
      programmeOf(renditionOf('v0'), renditionOf('v1'), audio, renditionOf('t', { kind: 'text' })),
    ];
    const { clock, latest, upcoming } = watch({ programmes });
    const { tell } = addPlayer({ ...script, buffered: timeRanges([0, 50]) });
    upcoming.requested(segmentOf('v0', 11), '');
    upcoming.requested(segmentOf('a0', 12), '');
    upcoming.requested(segmentOf('t', 0), '');
    upcoming.requested(segmentOf('v1', 12), '');
    tell('timeupdate');
    await clock.advance(PERIOD);
    expect(Object.keys(named(latest()))).toEqual(['a0/13', 'v1/13', 'a0/14', 'v1/14', 'a0/15', 'v1/15']);
  });

  it('goes on behind a seek before its player has asked, unless that is in its buffer, or live', async () => {
    const live = renditionOf('l', { live: true });
    const programmes = [programmeOf(renditionOf('v0')), { ...programmeOf(live), url: segmentOf('l', 99) }];
    const { clock, latest, upcoming } = watch({ programmes });
    const { state, tell } = addPlayer({ ...script, buffered: timeRanges([0, 58]) });
    upcoming.requested(segmentOf('v0', 14), '');
    state.currentTime = 30;
    tell('seeking');
    await clock.advance(SOON);
    expect(Object.keys(named(latest()))[0]).toBe('v0/15');
    state.currentTime = 101;
    tell('seeking');
    await clock.advance(SOON);
    expect(named(latest())).toMatchObject({ 'v0/26': 0, 'v0/27': 4 });
    upcoming.requested(segmentOf('l', 3), '');
    tell('emptied');
    await clock.advance(SOON);
    expect(latest()).toEqual([]);
    upcoming.requested(segmentOf('l', 3), '');
    state.currentTime = 180;
    tell('seeking');
    await clock.advance(SOON);
    expect(Object.keys(named(latest()))[0]).toBe('l/4');
  });

  it('of segments in one file names their bytes, and no more of them than memory allows', async () => {
    const url = 'https://site.example/all.mp4' as CanonicalUrl;
    const segments = renditionOf('v0').segments.map((segment, i) => ({
      ...{ ...segment, url, start: i * MIB, end: (i + 1) * MIB },
    }));
    const { clock, latest, upcoming } = watch({
      programmes: [programmeOf(renditionOf('v0', { segments }))],
      device: { ...DESKTOP, deviceMemory: 0.5 },
    });
    const { tell } = addPlayer({ ...script, buffered: timeRanges([0, 8]) });
    upcoming.requested(url, '', MIB);
    tell('play');
    await clock.advance(SOON);
    expect(latest().map(({ start, end }) => [start, end])).toEqual(
      [2, 3, 4, 5].map((i) => [i * MIB, (i + 1) * MIB]),
    );
  });
});
