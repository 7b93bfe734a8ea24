import type { ActivePlayer } from '../../src/page/upcoming.js';

export function timeRanges(...pairs: readonly (readonly [number, number])[]): TimeRanges {
  return {
    length: pairs.length,
    start: (i) => pairs[i]?.[0] ?? NaN,
    end: (i) => pairs[i]?.[1] ?? NaN,
  };
}

/** What a test decides about a media element. */
export type PlayerState = { -readonly [K in keyof ActivePlayer]: ActivePlayer[K] } & {
  seeking: boolean;
  readyState: number;
};

/** Adds a media element to the document whose playback is what `state` says at the moment; needs happy-dom. */
export function addPlayer(
  initial: Partial<PlayerState> = {},
  kind: 'video' | 'audio' = 'video',
): { element: HTMLMediaElement; state: PlayerState; tell: (...events: string[]) => void } {
  const state: PlayerState = {
    ...{ currentSrc: 'https://site.example/film.mp4', currentTime: 0, duration: 100, buffered: timeRanges() },
    ...{ paused: false, seeking: false, ended: false, readyState: 4, playbackRate: 1 },
    ...initial,
  };
  const element = document.createElement(kind);
  for (const name of Object.keys(state) as (keyof PlayerState)[]) {
    Object.defineProperty(element, name, { get: () => state[name] });
  }
  document.body.append(element);
  const tell = (...events: string[]): void => {
    for (const name of events) element.dispatchEvent(new Event(name));
  };
  return { element, state, tell };
}
