import type { Page } from 'playwright';
import type Hls from 'hls.js';
import type { Visitor } from './visitor.js';

/** What the page's player and video went through since `watch`. */
export interface Watched {
  /** Seconds of the film that lie behind. */
  readonly time: number;
  readonly ended: boolean;
  /** How often the picture stood still for want of data, the start left out. */
  readonly stalls: number;
  /** What the video element, or the page on behalf of its player, complained of. */
  readonly complaint: string | undefined;
  readonly frames: number;
}

/** What a stream that was played to its end without trouble has to show. */
export const PLAYED = { ended: true, complaint: undefined };

/** How far a live viewer is behind (s). */
export interface Behind {
  /** By the player's own account, and where it wants to be. */
  readonly player: number;
  readonly target: number;
  /** By the dates in the playlist: what is shown was recorded so long ago. */
  readonly recorded: number;
}

declare global {
  interface Window {
    /** The player of the demo site's pages for HLS. */
    readonly player: Hls;
    /** How often the video waited for data after it had begun to play. */
    stalls: number;
  }
}

/** Somebody who watches a stream of the demo site. */
export class Viewer {
  readonly #page: Page;

  constructor(readonly visitor: Visitor) {
    this.#page = visitor.page;
  }

  /** Chooses a picture's height before or while the stream plays. */
  async choose(picture: '720p' | '360p'): Promise<void> {
    await this.#page.locator('.quality select').selectOption(picture);
  }

  /** Starts to play at `rate` times the pace; resolves when the first picture moves. */
  async play(rate = 1): Promise<void> {
    await this.#page.evaluate(startPlaying, rate);
  }

  /** Resolves when `seconds` of the film lie behind. Fails at once when it cannot be played on. */
  async reaches(seconds: number): Promise<void> {
    await this.#page.waitForFunction(hasReached, seconds);
    const { complaint, time } = await this.watched();
    if (complaint !== undefined) throw new Error(`at ${time} s: ${complaint}`);
  }

  /** Resolves when the page says that its player gave up. */
  async complains(): Promise<void> {
    await this.#page.locator('.problem:not([hidden])').waitFor();
  }

  /** Resolves when the page has received something of so many segments. */
  async receives(segments: number): Promise<void> {
    await this.#page.waitForFunction(
      (segments) =>
        window.peerfold.stats().resources.filter(({ url }) => url.endsWith('.m4s')).length >= segments,
      segments,
    );
  }

  async toEnd(): Promise<void> {
    await this.reaches(Number.POSITIVE_INFINITY);
  }

  /** For live streams over HLS. */
  behind(): Promise<Behind> {
    return this.#page.evaluate(() => ({
      player: window.player.latency,
      target: window.player.targetLatency ?? 0,
      recorded: (Date.now() - Number(window.player.playingDate)) / 1000,
    }));
  }

  watched(): Promise<Watched> {
    return this.#page.evaluate(whatWasWatched);
  }
}

async function startPlaying(rate: number): Promise<void> {
  const video = document.querySelector('video');
  if (!video) throw new Error('no video on this page');
  video.muted = true;
  video.defaultPlaybackRate = video.playbackRate = rate;
  window.stalls = 0;
  await video.play();
  await new Promise((resolve) => video.addEventListener('timeupdate', resolve, { once: true }));
  video.addEventListener('waiting', () => window.stalls++);
}

function hasReached(seconds: number): boolean {
  const video = document.querySelector('video');
  const complains = document.querySelector('.problem')?.hasAttribute('hidden') === false;
  return !video || video.error !== null || complains || video.ended || video.currentTime >= seconds;
}

function whatWasWatched(): Watched {
  const video = document.querySelector('video');
  if (!video) throw new Error('no video on this page');
  const problem = document.querySelector<HTMLElement>('.problem:not([hidden])');
  return {
    time: video.currentTime,
    ended: video.ended,
    stalls: window.stalls,
    complaint: video.error?.message ?? problem?.innerText,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
  };
}
