// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Playbacks, type PlaybackEvent } from '../../../src/page/playbacks.js';
import { FakeClock } from '../../support/fake-clock.js';
import { addPlayer, timeRanges, type PlayerState } from '../../support/fake-player.js';
import { transferReport } from '../../support/reports.js';

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

/** An element that has five seconds of its film. */
function player(state: Partial<PlayerState> = {}) {
  return addPlayer({ currentSrc: FILM, duration: 60, buffered: timeRanges([0, 5]), ...state });
}

async function happen({ tell }: ReturnType<typeof player>, ...names: string[]): Promise<void> {
  for (const name of names) {
    tell(name);
    await clock.advance(100);
  }
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
    film.state.seeking = true;
    await happen(film, 'seeking', 'waiting', 'playing');
    film.state.seeking = false;
    film.state.paused = true;
    await happen(film, 'pause', 'waiting');
    expect(all.all()).toMatchObject([{ stalls: 0, stalled: 0 }]);
    film.state.paused = false;
    await happen(film, 'waiting', 'seeking', 'playing', 'ended');
    expect(all.all()).toMatchObject([{ stalls: 1, stalled: 100 }]);
    expect(events.at(-1)?.state).toBe('ended');
  });

  it('is another one with another source', async () => {
    const all = watched();
    const film = player({ currentSrc: '' });
    await happen(film, 'play');
    film.state.currentSrc = FILM;
    await happen(film, 'playing', 'waiting', 'playing');
    expect(all.all()).toMatchObject([{ source: FILM, startUp: 100, stalls: 1 }]);
    film.state.currentSrc = `${FILM}?other`;
    await happen(film, 'emptied', 'play', 'playing');
    expect(all.all()).toMatchObject([{ source: `${FILM}?other`, startUp: 100, stalls: 0 }]);
  });

  it('is forgotten when the element is gone', async () => {
    const all = watched();
    const film = player();
    await happen(film, 'play');
    film.element.remove();
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
    all.learn(transferReport({ url: FILM, destination: 'video', http: 3 }));
    all.learn(transferReport({ url: FILM, destination: 'video', peer: 4, wasted: 1 }));
    all.learn(transferReport({ url: 'https://site.example/other.mp4', destination: 'video', peer: 100 }));
    all.learn(transferReport({ url: FILM, destination: '', peer: 100 }));
    expect(all.all()[0]?.bytes).toEqual({ peer: 4, store: 0, cache: 0, http: 3, wasted: 1 });
  });

  it('are what scripts fetch, as long as one element only is fed by them', async () => {
    const all = watched();
    await happen(player({ currentSrc: 'blob:https://site.example/1' }), 'play');
    all.learn(transferReport({ url: 'https://site.example/1.m4s', destination: '', peer: 5 }));
    await happen(player({ currentSrc: 'blob:https://site.example/2' }), 'play');
    all.learn(transferReport({ url: 'https://site.example/2.m4s', destination: '', peer: 7 }));
    expect(all.all().map(({ bytes }) => bytes.peer)).toEqual([5, 0]);
  });
});
