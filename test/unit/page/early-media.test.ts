import { describe, expect, it } from 'vitest';
import { EarlyMedia, type EarlyPlayer } from '../../../src/page/early-media.js';

const FILM = 'https://site.example/film.mp4';

class FakePlayer extends EventTarget {
  currentSrc = FILM;

  constructor(
    readonly networkState: number,
    readonly readyState: number,
  ) {
    super();
  }
}

class Container extends EventTarget {
  constructor(readonly controller: unknown) {
    super();
  }

  takeOver(): void {
    this.dispatchEvent(new Event('controllerchange'));
  }
}

function early(players: EventTarget[], controller: unknown = null) {
  const container = new Container(controller);
  const media = new EarlyMedia(container, () => players as unknown as EarlyPlayer[]);
  return { container, media };
}

describe('media that began before the worker', () => {
  it('is known from the moment the worker takes over', () => {
    const { container, media } = early([new FakePlayer(2, 0)]);
    expect(media.has(FILM)).toBe(false);
    container.takeOver();
    expect(media.has(FILM)).toBe(true);
    expect(media.has('https://site.example/other.mp4')).toBe(false);
  });

  it('counts when it has data though it is idle now', () => {
    const { container, media } = early([new FakePlayer(1, 3)]);
    container.takeOver();
    expect(media.has(FILM)).toBe(true);
  });

  it('does not count when it has asked for nothing yet (preload="none")', () => {
    const { container, media } = early([new FakePlayer(1, 0)]);
    container.takeOver();
    expect(media.has(FILM)).toBe(false);
  });

  it('ends when the element loads anew', () => {
    const player = new FakePlayer(2, 1);
    const { container, media } = early([player]);
    container.takeOver();
    player.dispatchEvent(new Event('emptied'));
    expect(media.has(FILM)).toBe(false);
  });

  it('does not exist on a page that was controlled from the start', () => {
    const { container, media } = early([new FakePlayer(2, 0)], {});
    container.takeOver();
    expect(media.has(FILM)).toBe(false);
  });
});
