import { describe, expect, it } from 'vitest';
import {
  EDGE_WAIT,
  FIRST_MEDIA_WAIT,
  LOAD_DELAY,
  MAX_IMAGE_WAIT,
  MAX_MEDIA_WAIT,
  REST_SPEED,
} from '../../../src/core/deadline.js';
import {
  distanceTo,
  isSource,
  LoadBudget,
  placeImage,
  ScrollSpeed,
  type Box,
  type FoldView,
} from '../../../src/page/fold.js';
import { HttpTime } from '../../../src/page/http-time.js';
import { bufferedAhead, HeadStarts, placeMedia, type Player } from '../../../src/page/media.js';
import { Placer, type PageView } from '../../../src/page/place.js';
import { FakeClock } from '../../support/fake-clock.js';
import { transferReport } from '../../support/reports.js';

const URL_A = 'https://site.example/a.jpg';
const box = (top: number, height = 100, left = 0): Box => ({
  top,
  bottom: top + height,
  left,
  right: left + 100,
});

function image(options: { src?: string; currentSrc?: string; loading?: string; boxes: Box[] }) {
  const { src = URL_A, currentSrc = '', loading = 'lazy', boxes } = options;
  return { src, currentSrc, loading, getClientRects: () => boxes };
}

function viewOf(images: ReturnType<typeof image>[], readyState = 'complete'): FoldView {
  return { innerWidth: 1000, innerHeight: 800, document: { readyState, images } };
}

function ranges(...pairs: [number, number][]): TimeRanges {
  return {
    length: pairs.length,
    start: (i: number) => pairs[i]?.[0] ?? NaN,
    end: (i: number) => pairs[i]?.[1] ?? NaN,
  };
}

function player(options: Partial<Player> = {}): Player {
  return {
    currentSrc: 'https://site.example/v.mp4',
    currentTime: 0,
    duration: 600,
    buffered: ranges(),
    playbackRate: 1,
    ...options,
  };
}

describe('distance to the viewport', () => {
  it.each([
    ['inside', box(100), 0],
    ['partly visible at the bottom', box(799), 0],
    ['partly visible at the top', box(-99), 0],
    ['below', box(1000), 200],
    ['above', box(-400), 300],
    ['to the right', box(100, 100, 1500), 500],
    ['to the left', box(100, 100, -300), 200],
    ['below and further right', box(900, 100, 1500), 500],
  ])('%s', (_, rect, distance) => {
    expect(distanceTo(rect, 1000, 800)).toBe(distance);
  });
});

describe('a source', () => {
  it('is a resource whatever its fragment', () => {
    expect(isSource('https://a.example/v.mp4#t=10', 'https://a.example/v.mp4')).toBe(true);
    expect(isSource('https://a.example/v.mp4', 'https://a.example/v.mp4')).toBe(true);
    expect(isSource('https://a.example/v.mp4?x', 'https://a.example/v.mp4')).toBe(false);
    expect(isSource('', 'https://a.example/v.mp4')).toBe(false);
  });
});

describe('scroll speed', () => {
  it('follows steady scrolling and dies away', async () => {
    const clock = new FakeClock();
    const speed = new ScrollSpeed(clock);
    speed.moved(0);
    for (let top = 16; top <= 6400; top += 16) {
      await clock.advance(8);
      speed.moved(top);
    }
    expect(speed.now).toBeCloseTo(2, 1);
    await clock.advance(5000);
    expect(speed.now).toBeLessThan(0.001);
  });

  it('is negative upwards, and nothing before anything moved', async () => {
    const clock = new FakeClock();
    const speed = new ScrollSpeed(clock);
    expect(speed.now).toBe(0);
    speed.moved(500);
    expect(speed.now).toBe(0);
    await clock.advance(100);
    speed.moved(400);
    expect(speed.now).toBeLessThan(0);
  });

  it('survives two events in one instant', () => {
    const speed = new ScrollSpeed(new FakeClock());
    speed.moved(0);
    speed.moved(1000);
    expect(speed.now).toBe(0);
  });
});

describe('placing an image', () => {
  const clock = new FakeClock();
  const still = new ScrollSpeed(clock);
  const place = (view: FoldView) => placeImage(URL_A, view, still, new LoadBudget(clock));

  it('takes the element nearest to the viewport', () => {
    const view = viewOf([
      image({ boxes: [box(3000)] }),
      image({ boxes: [box(1200), box(-900)] }),
      image({ src: 'https://site.example/b.jpg', boxes: [box(0)] }),
    ]);
    expect(place(view)).toMatchObject({ kind: 'image', distance: 400 });
  });

  it('goes by what a responsive image chose', () => {
    const chosen = image({ src: 'https://site.example/small.jpg', currentSrc: URL_A, boxes: [box(1000)] });
    expect(place(viewOf([chosen]))).toMatchObject({ distance: 200 });
    const other = image({ src: URL_A, currentSrc: 'https://site.example/large.jpg', boxes: [box(1000)] });
    expect(place(viewOf([other]))).toBeUndefined();
  });

  it('does not place what no rendered element shows', () => {
    expect(place(viewOf([]))).toBeUndefined();
    expect(place(viewOf([image({ boxes: [] })]))).toBeUndefined();
  });

  it('says what the load event can spare only for eager images of a loading page', () => {
    const eager = () => image({ loading: 'eager', boxes: [box(2000)] });
    expect(place(viewOf([eager()], 'interactive'))).toMatchObject({ loadBudget: LOAD_DELAY });
    expect(place(viewOf([eager()], 'complete'))).not.toHaveProperty('loadBudget');
    expect(place(viewOf([image({ boxes: [box(2000)] })], 'loading'))).not.toHaveProperty('loadBudget');
  });

  it('gives all eager images together one budget', async () => {
    const budget = new LoadBudget(clock);
    const view = viewOf([image({ loading: 'auto', boxes: [box(2000)] })], 'loading');
    expect(placeImage(URL_A, view, still, budget)).toMatchObject({ loadBudget: LOAD_DELAY });
    await clock.advance(200);
    expect(placeImage(URL_A, view, still, budget)).toMatchObject({ loadBudget: LOAD_DELAY - 200 });
    await clock.advance(200);
    expect(placeImage(URL_A, view, still, budget)).toMatchObject({ loadBudget: 0 });
  });

  it('counts speed towards the image as positive, on either side', async () => {
    const moving = new ScrollSpeed(clock);
    moving.moved(0);
    await clock.advance(100);
    moving.moved(200);
    const budget = new LoadBudget(clock);
    const below = placeImage(URL_A, viewOf([image({ boxes: [box(2000)] })]), moving, budget);
    const above = placeImage(URL_A, viewOf([image({ boxes: [box(-2000)] })]), moving, budget);
    expect(below?.speed).toBeGreaterThan(0);
    expect(above?.speed).toBe(-(below?.speed ?? 0));
  });
});

describe('buffer ahead', () => {
  it.each([
    ['nothing buffered', player(), 0],
    ['in a range', player({ currentTime: 5, buffered: ranges([0, 12]) }), 7],
    ['in a second range', player({ currentTime: 50, buffered: ranges([0, 12], [45, 60]) }), 10],
    ['after a seek to an empty place', player({ currentTime: 300, buffered: ranges([0, 12]) }), 0],
    ['in a small gap before a range', player({ currentTime: 9.8, buffered: ranges([10, 20]) }), 10.2],
    ['at the very end', player({ currentTime: 12, buffered: ranges([0, 12]) }), 0],
  ])('%s', (_, one, seconds) => {
    expect(bufferedAhead(one)).toBeCloseTo(seconds);
  });
});

describe('head start', () => {
  it('is filled once enough was buffered, and stays so while the player throws away', () => {
    const heads = new HeadStarts(10);
    const video = { ...player(), buffered: ranges([0, 4]) };
    expect(heads.stateOf(video)).toBe('filling');
    video.buffered = ranges([0, 10]);
    expect(heads.stateOf(video)).toBe('filled');
    video.buffered = ranges([400, 402]);
    expect(heads.stateOf(video)).toBe('filled');
    video.currentSrc = 'https://site.example/other.mp4';
    expect(heads.stateOf(video)).toBe('filling');
  });

  it('of a file counts the bytes that came, whether or not they are buffered still', () => {
    const url = 'https://site.example/v.mp4';
    const heads = new HeadStarts(10, (one) => (one === url ? 60_000_000 : undefined));
    const video = { ...player({ currentSrc: `${url}#t=9` }), buffered: ranges([300, 304]) };
    const other = player({ currentSrc: 'https://site.example/other.mp4' });
    const came = (http: number, destination = 'video'): void => {
      heads.learn(transferReport({ url, destination, http, peer: 100_000, wasted: 9e9 }));
      heads.learn(transferReport({ url: other.currentSrc, destination, http: 9e9 }));
    };
    came(9e9, '');
    came(300_000);
    expect(heads.stateOf(video)).toBe('filling');
    expect(heads.stateOf({ ...video, duration: NaN })).toBe('filling');
    came(500_000);
    expect(heads.stateOf(video)).toBe('filled');
    expect(heads.stateOf(other)).toBe('filling');
  });

  it('is not exceeded by a segment, but for the first', () => {
    const heads = new HeadStarts(10);
    const video = { ...player(), buffered: ranges() };
    expect(heads.stateOf(video, 12)).toBe('filling');
    video.buffered = ranges([0, 4]);
    expect(heads.stateOf(video, 4)).toBe('filling');
    video.buffered = ranges([0, 7.9]);
    expect(heads.stateOf(video, 2)).toBe('filling');
    expect(heads.stateOf(video, 4)).toBe('filled');
    expect(heads.stateOf(video, 2)).toBe('filled');
    const fitting = { ...player(), buffered: ranges([0, 8]) };
    expect(heads.stateOf(fitting, 2.1)).toBe('filling');
  });

  it('of a clip shorter than it is the clip', () => {
    expect(new HeadStarts(10).stateOf(player({ duration: 4, buffered: ranges([0, 3.8]) }))).toBe('filled');
    expect(new HeadStarts(10).stateOf(player({ duration: NaN, buffered: ranges([0, 4]) }))).toBe('filling');
  });

  it('of zero seconds is unused, then filled', () => {
    const heads = new HeadStarts(0);
    const video = { ...player(), buffered: ranges() };
    expect(heads.stateOf(video)).toBe('unused');
    video.buffered = ranges([0, 0.1]);
    expect(heads.stateOf(video)).toBe('filled');
    video.buffered = ranges();
    expect(heads.stateOf(video)).toBe('filled');
  });
});

describe('placing media', () => {
  const heads = new HeadStarts(10);
  const segment = 'https://site.example/seg1.m4s';

  it('finds the element that plays the URL', () => {
    const players = [
      player({ currentSrc: 'https://site.example/x.mp4' }),
      player({ buffered: ranges([0, 20]) }),
    ];
    expect(placeMedia('https://site.example/v.mp4', 'video', players, heads)).toEqual({
      kind: 'media',
      buffered: 20,
      headStart: 'filled',
    });
    expect(placeMedia('https://site.example/z.mp4', 'video', players, heads)).toBeUndefined();
  });

  it('takes requests by script to feed the neediest player that is fed by script', () => {
    const rich = player({ currentSrc: 'blob:1', buffered: ranges([0, 30]) });
    const poor = player({ currentSrc: 'blob:2', buffered: ranges([0, 12]) });
    const starting = player({ currentSrc: 'blob:3' });
    const file = player({ buffered: ranges() });
    expect(placeMedia(segment, '', [rich, poor, file], heads)).toMatchObject({ buffered: 12 });
    expect(placeMedia(segment, '', [rich, starting, poor], heads)).toMatchObject({ headStart: 'filling' });
    expect(placeMedia(segment, '', [file], heads)).toBeUndefined();
  });

  it.each([
    [2, 10],
    [0.5, 20],
    [0, 20],
    [-2, 20],
  ])('knows how long what is buffered lasts at %s times the pace', (playbackRate, seconds) => {
    const one = player({ playbackRate, buffered: ranges([0, 20]) });
    expect(placeMedia(one.currentSrc, 'video', [one], heads)).toMatchObject({ buffered: seconds });
  });

  it('knows players with an object for a source', () => {
    const live = player({ currentSrc: '', buffered: ranges([0, 15]) });
    const idle = player({ currentSrc: '', duration: NaN });
    expect(placeMedia(segment, '', [live], heads)).toMatchObject({ buffered: 15 });
    expect(placeMedia(segment, '', [idle], heads)).toBeUndefined();
  });
});

describe('HTTP time', () => {
  const fetched = (http: number, firstByte: number, duration: number) =>
    transferReport({ destination: 'image', http, firstByte, duration });
  const failure = () => transferReport({ destination: 'image', origin: { after: 0, failed: true } });

  it('learns from transfers that came wholly from the origin, by kind', () => {
    const time = new HttpTime();
    const before = time.expect('image');
    for (let i = 0; i < 40; i++)
      time.learn(transferReport({ destination: 'image', http: 1000, duration: 1000 }));
    expect(time.expect('image')).toBeCloseTo(1000, 0);
    expect(time.expect('video')).toBe(before);
    expect(time.expect('')).toBe(before);
  });

  it('tells the time of the request from that of the bytes', () => {
    const time = new HttpTime();
    time.learn(fetched(50_000, 100, 150));
    expect(time.expect('image')).toBeCloseTo(150);
    expect(time.expect('image', 4_000_000)).toBeCloseTo(100 + 4000);
    expect(time.expect('image', 5_000)).toBeCloseTo(105);
  });

  it('does not count the time that peers were given first', () => {
    const time = new HttpTime();
    const origin = { after: 3000, failed: false };
    time.learn({ ...fetched(50_000, 3100, 3150), origin });
    expect(time.expect('image')).toBeCloseTo(150);
  });

  it('follows the origin within a few transfers, and is not moved by single ones', () => {
    const time = new HttpTime();
    for (let i = 0; i < 9; i++) time.learn(fetched(50_000, 100, 150));
    for (let i = 0; i < 4; i++) time.learn(fetched(50_000, 4000, 4900));
    expect(time.expect('image')).toBeCloseTo(150);
    time.learn(fetched(50_000, 4000, 4900));
    expect(time.expect('image')).toBeCloseTo(4900);
  });

  it('knows a failing origin after two failures in a row, until it succeeds', () => {
    const time = new HttpTime();
    time.learn(failure());
    expect(time.isFailing('image')).toBe(false);
    time.learn(failure());
    expect(time.isFailing('image')).toBe(true);
    expect(time.isFailing('video')).toBe(false);
    time.learn(fetched(50_000, 100, 150));
    expect(time.isFailing('image')).toBe(false);
  });

  it('learns no time from an error that came quickly', () => {
    const time = new HttpTime();
    const before = time.expect('image');
    time.learn({ ...fetched(20, 1, 1), origin: { after: 0, failed: true } });
    expect(time.expect('image')).toBe(before);
  });

  it.each([
    ['from peers', { peer: 5, http: 5, duration: 4000 }],
    ['from the store', { store: 5, http: 5, duration: 4000 }],
    ['from the cache', { cache: 5, duration: 4000 }],
    ['of nothing', { duration: 4000 }],
    ['of no duration', { http: 5, duration: NaN }],
    ['that began before they were asked for', { http: 5, origin: { after: 200, failed: false } }],
  ])('learns nothing from transfers %s', (_, report) => {
    const time = new HttpTime();
    const before = time.expect('image');
    time.learn(transferReport({ destination: 'image', ...report }));
    expect(time.expect('image')).toBe(before);
  });

  it('is not led astray by one that took for ever', () => {
    const time = new HttpTime();
    time.learn(transferReport({ destination: 'video', http: 5, duration: 1e9 }));
    expect(time.expect('video')).toBeLessThanOrEqual(5000);
  });
});

describe('the placer', () => {
  function pageOf(images: ReturnType<typeof image>[], players: Player[]) {
    const listeners = new Set<() => void>();
    const view: PageView = {
      ...viewOf(images),
      scrollY: 0,
      document: { ...viewOf(images).document, querySelectorAll: () => players },
      addEventListener: (_, listener) => void listeners.add(listener),
      removeEventListener: (_, listener) => void listeners.delete(listener),
    };
    return { view, listeners };
  }

  it('answers for images, media, downloads and the rest', () => {
    const { view } = pageOf([image({ boxes: [box(1800)] })], [player({ buffered: ranges([0, 20]) })]);
    const placer = new Placer({ headStart: 10 }, view, new FakeClock());
    expect(placer.place(URL_A, 'image').wait).toBe(1000 / REST_SPEED - 300);
    expect(placer.place('https://site.example/none.jpg', 'image')).toEqual({ wait: 0, reason: 'no-answer' });
    expect(placer.place('https://site.example/v.mp4', 'video').wait).toBeGreaterThan(5000);
    expect(placer.place('https://site.example/none.mp4', 'audio')).toEqual({ wait: 0, reason: 'no-answer' });
    expect(placer.place('https://site.example/tool.zip', '').wait).toBe(2000);
  });

  it('has a segment handed out at the rate of the origin where the player may change to another', () => {
    const playing = player({ currentSrc: 'blob:https://site.example/1', buffered: ranges([0, 20]) });
    const placer = new Placer({ headStart: 10 }, pageOf([], [playing]).view, new FakeClock());
    const segment = (rate: number) => placer.place(URL_A, '', { adaptive: rate, duration: 4 });
    placer.learn(transferReport({ destination: '', http: 500_000, firstByte: 100, duration: 1100 }));
    expect(segment(100_000)).toEqual({ wait: 2000, rate: 500_000 });
    expect(segment(1_000_000)).toEqual({ wait: 2000, rate: 1_300_000 });
    expect(placer.place(URL_A, '')).toEqual({ wait: MAX_MEDIA_WAIT });
  });

  it('has such a player begin over HTTP until the rate of the origin is known, unless that fails', () => {
    const starting = player({ currentSrc: 'blob:https://site.example/1' });
    const placer = new Placer({ headStart: 0 }, pageOf([], [starting]).view, new FakeClock());
    const place = () => placer.place(URL_A, '', { adaptive: 100_000, duration: 4 });
    const learn = (facts: Parameters<typeof transferReport>[0]) => {
      placer.learn(transferReport({ destination: '', ...facts }));
    };
    expect(place()).toEqual({ wait: 0, reason: 'head-start' });
    learn({ http: 1000, firstByte: 100, duration: 100 });
    expect(place()).toEqual({ wait: 0, reason: 'head-start' });
    expect(placer.place(URL_A, '', { duration: 4 })).toEqual({ wait: FIRST_MEDIA_WAIT });
    learn({ origin: { after: 0, failed: true } });
    learn({ origin: { after: 0, failed: true } });
    expect(place()).toEqual({ wait: FIRST_MEDIA_WAIT });
    learn({ http: 500_000, firstByte: 100, duration: 100 });
    expect(place()).toMatchObject({ rate: Infinity });
  });

  it('has the rate of what comes at once, too', () => {
    const starting = player({ currentSrc: 'blob:https://site.example/1', buffered: ranges([0, 1]) });
    const placer = new Placer({ headStart: 10 }, pageOf([], [starting]).view, new FakeClock());
    placer.learn(transferReport({ destination: '', http: 500_000, firstByte: 100, duration: 1100 }));
    const placed = placer.place(URL_A, '', { adaptive: 100_000, duration: 4 });
    expect(placed).toEqual({ wait: 0, reason: 'head-start', rate: 500_000 });
  });

  it('lets the first in the queue fetch a live segment, and the others hope for it', () => {
    const live = player({ currentSrc: 'blob:https://site.example/1', buffered: ranges([0, 20]) });
    const placer = new Placer({ headStart: 10 }, pageOf([], [live]).view, new FakeClock());
    expect(placer.place(URL_A, '', { rank: 0 })).toEqual({ wait: 0, reason: 'live-edge' });
    expect(placer.place(URL_A, '', { rank: 1 })).toEqual({ wait: MAX_MEDIA_WAIT, lasting: 300 + EDGE_WAIT });
  });

  it("uses the site's fixed deadline", () => {
    const { view } = pageOf([image({ boxes: [box(1800)] })], []);
    const placer = new Placer({ headStart: 10, fallbackMs: 700 }, view, new FakeClock());
    expect(placer.place(URL_A, 'image')).toEqual({ wait: 700 });
  });

  const MISS = transferReport({ http: 9, duration: 150, fallback: 'deadline' });

  it('answers that peers rest after they missed deadlines again and again', async () => {
    const clock = new FakeClock();
    const { view } = pageOf([image({ boxes: [box(1800)] })], []);
    const placer = new Placer({ headStart: 10 }, view, clock);
    for (let i = 0; i < 4; i++) {
      expect(placer.place(URL_A, 'image').wait).toBeGreaterThan(0);
      placer.learn(MISS);
    }
    expect(placer.place(URL_A, 'image')).toEqual({ wait: 0, reason: 'resting' });
    expect(placer.place('https://site.example/tool.zip', '')).toEqual({ wait: 0, reason: 'resting' });
    expect(placer.place('https://site.example/none.jpg', 'image').reason).toBe('no-answer');
    await clock.advance(30_000);
    expect(placer.place(URL_A, 'image').wait).toBeGreaterThan(0);
  });

  it('counts no deadline that left peers no time at all', () => {
    const { view } = pageOf([], [player({ buffered: ranges([0, 1]) })]);
    const placer = new Placer({ headStart: 0 }, view, new FakeClock());
    const url = 'https://site.example/v.mp4';
    for (let i = 0; i < 20; i++) {
      expect(placer.place(url, 'video')).toEqual({ wait: 0, reason: 'deadline' });
      placer.learn({ ...MISS, url, destination: 'video' });
    }
    expect(placer.place('https://site.example/tool.zip', '').wait).toBe(2000);
  });

  it('gives peers all the time there is, resting or not, while the origin fails', () => {
    const { view } = pageOf([image({ boxes: [box(801)] })], []);
    const placer = new Placer({ headStart: 10 }, view, new FakeClock());
    for (let i = 0; i < 4; i++) {
      placer.place(URL_A, 'image');
      placer.learn(MISS);
    }
    for (let i = 0; i < 2; i++) placer.learn(transferReport({ origin: { after: 0, failed: true } }));
    expect(placer.place(URL_A, 'image')).toEqual({ wait: MAX_IMAGE_WAIT });
  });

  it.each([
    ['takes seconds', 2100, true],
    ['is quick', 1900, undefined],
  ])('tells when the origin %s', (_, duration, slow) => {
    const { view } = pageOf([image({ boxes: [box(1800)] })], [player({ buffered: ranges([0, 20]) })]);
    const placer = new Placer({ headStart: 10 }, view, new FakeClock());
    placer.learn(transferReport({ http: 9, duration, firstByte: duration }));
    expect(placer.place(URL_A, 'image')).toMatchObject({ wait: expect.any(Number) as number });
    expect(placer.place(URL_A, 'image').slow).toBe(slow);
    // Nothing is known of how it gives players their parts.
    expect(placer.place('https://site.example/v.mp4', 'video')).not.toHaveProperty('slow');
  });

  it('counts an origin as slow with what is large', () => {
    const { view } = pageOf([image({ boxes: [box(1800)] })], []);
    const placer = new Placer({ headStart: 10 }, view, new FakeClock());
    placer.learn(transferReport({ http: 50_000, firstByte: 50, duration: 150 }));
    expect(placer.place(URL_A, 'image')).not.toHaveProperty('slow');
    placer.know(URL_A, 1_500_000);
    expect(placer.place(URL_A, 'image').slow).toBe(true);
  });

  it('has nothing to say of a slow origin where peers are not waited for', () => {
    const { view } = pageOf([image({ boxes: [box(100)] })], []);
    const placer = new Placer({ headStart: 10 }, view, new FakeClock());
    placer.learn(transferReport({ http: 9, duration: 5000, firstByte: 5000 }));
    expect(placer.place(URL_A, 'image')).toEqual({ wait: 0, reason: 'above-fold' });
    for (let i = 0; i < 4; i++) {
      placer.place('https://site.example/tool.zip', '');
      placer.learn({ ...MISS, url: 'https://site.example/tool.zip' });
    }
    expect(placer.place('https://site.example/tool.zip', '')).toEqual({ wait: 0, reason: 'resting' });
  });

  it('expects a large image to take longer than a small one', () => {
    const { view } = pageOf([image({ boxes: [box(1800)] })], []);
    const placer = new Placer({ headStart: 10 }, view, new FakeClock());
    placer.learn(transferReport({ http: 50_000, firstByte: 50, duration: 100 }));
    const usual = placer.place(URL_A, 'image').wait;
    placer.know(URL_A, 1_000_000);
    expect(placer.place(URL_A, 'image').wait).toBe(usual - 950);
  });

  it('learns what HTTP takes, and stops listening when closed', () => {
    const { view, listeners } = pageOf([image({ boxes: [box(1800)] })], []);
    const placer = new Placer({ headStart: 10 }, view, new FakeClock());
    const before = placer.place(URL_A, 'image').wait;
    placer.learn(transferReport({ destination: 'image', http: 9, duration: 1100 }));
    expect(placer.place(URL_A, 'image').wait).toBeLessThan(before);
    expect(listeners.size).toBe(1);
    placer.close();
    expect(listeners.size).toBe(0);
  });
});
