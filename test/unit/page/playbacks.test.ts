// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Playbacks, type PlaybackEvent } from '../../../src/page/playbacks.js';
import type { TransferReport } from '../../../src/protocol/bridge.js';
import { FakeClock } from '../../support/fake-clock.js';

const FILM = 'https://site.example/film.mp4';

let clock: FakeClock;
let events: PlaybackEvent[];
let playbacks: Playbacks | undefined;

beforeEach(() => {
  document.body.replaceChildren();
  clock = new FakeClock();
  events = [];
});

afterEach(() => playbacks?.close());

function watched(): Playbacks {
  playbacks = new Playbacks({ clock, document, tell: (event) => events.push(event) });
  return playbacks;
}

/** An element whose state is as `state` says, until that is changed. */
function player(state: Record<string, unknown> = {}): HTMLMediaElement & { state: Record<string, unknown> } {
  const element = document.createElement('video') as HTMLVideoElement & { state: Record<string, unknown> };
  const usual = {
    currentSrc: FILM,
    currentTime: 0,
    duration: 60,
    paused: false,
    seeking: false,
    ended: false,
  };
  element.state = { ...usual, buffered: ranges([0, 5]), ...state };
  for (const name of Object.keys(element.state)) {
    Object.defineProperty(element, name, { get: () => element.state[name] });
  }
  document.body.append(element);
  return element;
}

function ranges(...list: [number, number][]): TimeRanges {
  return { length: list.length, start: (i) => list[i]?.[0] ?? 0, end: (i) => list[i]?.[1] ?? 0 };
}

async function happen(element: HTMLMediaElement, ...names: string[]): Promise<void> {
  for (const name of names) {
    element.dispatchEvent(new Event(name));
    await clock.advance(100);
  }
}

function report(url: string, destination: string, bytes: Partial<TransferReport['bytes']>): TransferReport {
  const none = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 };
  const times = { started: 0, firstByte: 1, duration: 2 };
  return { url, destination, ...times, bytes: { ...none, ...bytes }, verdicts: {} };
}

describe('the playback of an element', () => {
  it('starts when it moves, counted from when it was asked to', async () => {
    const all = watched();
    const film = player();
    await happen(film, 'play', 'waiting', 'playing');
    expect(all.all()).toMatchObject([{ source: FILM, startUp: 200, stalls: 0, stalled: 0, buffered: 5 }]);
    expect(events.map(({ state }) => state)).toEqual(['started']);
  });

  it('is not said to have started at any time when it had before it was watched', async () => {
    const film = player();
    const all = watched();
    await happen(film, 'waiting', 'playing');
    expect(all.all()).toMatchObject([{ stalls: 1, stalled: 100 }]);
    expect(all.all()[0]).not.toHaveProperty('startUp');
  });

  it('stalls when it runs dry, until it moves again', async () => {
    const all = watched();
    const film = player();
    await happen(film, 'play', 'playing', 'waiting', 'waiting');
    expect(all.all()).toMatchObject([{ stalls: 1, stalled: 200 }]);
    await happen(film, 'playing', 'waiting', 'playing');
    expect(all.all()).toMatchObject([{ stalls: 2, stalled: 300 }]);
    const states = events.map(({ state }) => state);
    expect(states).toEqual(['started', 'stalled', 'resumed', 'stalled', 'resumed']);
  });

  it('does not stall while it goes elsewhere, rests, or is over', async () => {
    const all = watched();
    const film = player();
    await happen(film, 'play', 'playing');
    film.state['seeking'] = true;
    await happen(film, 'seeking', 'waiting', 'playing');
    film.state['seeking'] = false;
    film.state['paused'] = true;
    await happen(film, 'pause', 'waiting');
    expect(all.all()).toMatchObject([{ stalls: 0, stalled: 0 }]);
    film.state['paused'] = false;
    await happen(film, 'waiting', 'seeking', 'playing', 'ended');
    expect(all.all()).toMatchObject([{ stalls: 1, stalled: 100 }]);
    expect(events.at(-1)?.state).toBe('ended');
  });

  it('is another one with another source', async () => {
    const all = watched();
    const film = player({ currentSrc: '' });
    await happen(film, 'play');
    film.state['currentSrc'] = FILM;
    await happen(film, 'playing', 'waiting', 'playing');
    expect(all.all()).toMatchObject([{ source: FILM, startUp: 100, stalls: 1 }]);
    film.state['currentSrc'] = `${FILM}?other`;
    await happen(film, 'emptied', 'play', 'playing');
    expect(all.all()).toMatchObject([{ source: `${FILM}?other`, startUp: 100, stalls: 0 }]);
  });

  it('is forgotten when the element is gone', async () => {
    const all = watched();
    const film = player();
    await happen(film, 'play');
    film.remove();
    expect(all.all()).toEqual([]);
  });

  it('is not told of any more once it is closed', async () => {
    watched().close();
    await happen(player(), 'play', 'playing');
    expect(events).toEqual([]);
  });
});

describe('the bytes of a playback', () => {
  it('are those of its file', async () => {
    const all = watched();
    await happen(player({ currentSrc: `${FILM}#t=10` }), 'play');
    all.learn(report(FILM, 'video', { http: 3 }));
    all.learn(report(FILM, 'video', { peer: 4, wasted: 1 }));
    all.learn(report('https://site.example/other.mp4', 'video', { peer: 100 }));
    all.learn(report(FILM, '', { peer: 100 }));
    expect(all.all()[0]?.bytes).toEqual({ peer: 4, store: 0, cache: 0, http: 3, wasted: 1 });
  });

  it('are what scripts fetch, as long as one element only is fed by them', async () => {
    const all = watched();
    await happen(player({ currentSrc: 'blob:https://site.example/1' }), 'play');
    all.learn(report('https://site.example/1.m4s', '', { peer: 5 }));
    await happen(player({ currentSrc: 'blob:https://site.example/2' }), 'play');
    all.learn(report('https://site.example/2.m4s', '', { peer: 7 }));
    expect(all.all().map(({ bytes }) => bytes.peer)).toEqual([5, 0]);
  });
});
