// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { Ahead, MAX_FOUND, SETTLE } from '../../../src/page/ahead.js';
import { HIDDEN_GRACE, PresenceSensor, type Presence } from '../../../src/page/presence.js';
import type { SiteConfig } from '../../../src/protocol/bridge.js';
import { prepareDom } from '../../support/dom.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { CONFIG } from '../../support/fake-worker.js';

class FakeView extends EventTarget {
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  readonly navigator = { onLine: true };

  show(visibilityState: 'visible' | 'hidden'): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event('visibilitychange'));
  }
}

prepareDom();

describe('presence', () => {
  function sensorOf() {
    const view = new FakeView();
    const clock = new FakeClock();
    const seen: Presence[] = [];
    const sensor: PresenceSensor = new PresenceSensor(view, clock, () => seen.push(sensor.now));
    return { view, clock, seen, sensor };
  }

  it('outlasts a glance at another tab, and ends when that takes long', async () => {
    const { view, clock, seen, sensor } = sensorOf();
    expect(sensor.now).toEqual({ visible: true, active: true });
    view.show('hidden');
    await clock.advance(HIDDEN_GRACE - 1);
    view.show('visible');
    await clock.advance(HIDDEN_GRACE);
    view.show('hidden');
    expect(sensor.now).toEqual({ visible: false, active: true });
    await clock.advance(HIDDEN_GRACE);
    expect(seen.at(-1)).toEqual({ visible: false, active: false });
    view.show('visible');
    expect(seen.at(-1)).toEqual({ visible: true, active: true });
  });

  it('ends offline and when frozen, and returns', () => {
    const { view, seen } = sensorOf();
    view.navigator.onLine = false;
    view.dispatchEvent(new Event('offline'));
    expect(seen.at(-1)?.active).toBe(false);
    view.navigator.onLine = true;
    view.dispatchEvent(new Event('online'));
    expect(seen.at(-1)?.active).toBe(true);
    view.document.dispatchEvent(new Event('freeze'));
    expect(seen.at(-1)?.active).toBe(false);
    view.document.dispatchEvent(new Event('resume'));
    expect(seen.at(-1)?.active).toBe(true);
  });

  it('says nothing after close', async () => {
    const { view, clock, seen, sensor } = sensorOf();
    view.show('hidden');
    const before = seen.length;
    sensor.close();
    sensor.close();
    view.show('visible');
    view.dispatchEvent(new Event('offline'));
    view.document.dispatchEvent(new Event('freeze'));
    await clock.advance(HIDDEN_GRACE);
    expect(seen).toHaveLength(before);
    expect(clock.pending).toBe(0);
  });
});

describe('looking ahead', () => {
  const open: Ahead[] = [];
  afterEach(() => {
    for (const ahead of open.splice(0)) ahead.close();
    document.body.replaceChildren();
  });

  function aheadOf(config: Partial<SiteConfig> = {}, idle = () => Promise.resolve()) {
    const clock = new FakeClock();
    const found: CanonicalUrl[] = [];
    const ahead = new Ahead({
      config: { ...CONFIG, ...config },
      document,
      clock,
      idle,
      found: (urls) => found.push(...urls),
    });
    open.push(ahead);
    return { clock, found, ahead };
  }

  function addImage(
    src: string,
    options: { complete?: boolean; currentSrc?: string } = {},
  ): HTMLImageElement {
    const image = document.createElement('img');
    Object.defineProperty(image, 'complete', { value: options.complete ?? false });
    if (options.currentSrc !== undefined)
      Object.defineProperty(image, 'currentSrc', { value: options.currentSrc });
    image.src = src;
    document.body.append(image);
    return image;
  }

  it('finds images that are not loaded yet, in document order and once', async () => {
    addImage('https://site.example/a.jpg#x');
    addImage('https://site.example/loaded.jpg', { complete: true });
    addImage('https://site.example/b-small.jpg', { currentSrc: 'https://site.example/b.jpg' });
    addImage('https://site.example/a.jpg');
    const { clock, found } = aheadOf();
    await clock.advance(0);
    expect(found).toEqual(['https://site.example/a.jpg', 'https://site.example/b.jpg']);
  });

  it('finds what video and audio chose, and before that what they may choose from', async () => {
    const sources = '<source src="https://site.example/a.opus"><source src="https://site.example/a.mp3">';
    document.body.innerHTML = `
      <video src="https://site.example/v.mp4"></video><audio id="undecided">${sources}</audio>
      <video src="https://site.example/media/live.m3u8"></video><video></video>`;
    const undecided = document.querySelector('#undecided');
    Object.defineProperty(undecided, 'currentSrc', { value: '' });
    const first = aheadOf();
    await first.clock.advance(0);
    expect(first.found).toEqual([
      'https://site.example/v.mp4',
      'https://site.example/a.opus',
      'https://site.example/a.mp3',
    ]);
    document.body.innerHTML = '<audio></audio>';
    const audio = document.querySelector('audio');
    Object.defineProperty(audio, 'currentSrc', { value: 'https://site.example/a.mp3' });
    audio?.insertAdjacentHTML('beforeend', sources);
    const second = aheadOf();
    await second.clock.advance(0);
    expect(second.found).toEqual(['https://site.example/a.mp3']);
  });

  it.each([
    'https://elsewhere.example/a.jpg',
    'data:image/png;base64,AAAA',
    'blob:https://site.example/1',
    'https://user:pass@site.example/a.jpg',
    'https://site.example/private/a.jpg',
    `https://site.example/${'x'.repeat(5000)}.jpg`,
  ])('leaves %.40s alone', async (src) => {
    addImage(src);
    const { clock, found } = aheadOf({ exclude: ['/private/*'] });
    await clock.advance(0);
    expect(found).toEqual([]);
  });

  it('takes other origins only when configured', async () => {
    addImage('https://cdn.example/a.jpg');
    const { clock, found } = aheadOf({ origins: ['https://cdn.example'] });
    await clock.advance(0);
    expect(found).toEqual(['https://cdn.example/a.jpg']);
  });

  it('looks again when the page has changed and rests', async () => {
    const { clock, found } = aheadOf();
    await clock.advance(0);
    addImage('https://site.example/late.jpg');
    await settle();
    await clock.advance(SETTLE - 1);
    expect(found).toEqual([]);
    await clock.advance(1);
    expect(found).toEqual(['https://site.example/late.jpg']);
  });

  it('waits until the page is idle, and tells nothing after close', async () => {
    addImage('https://site.example/a.jpg');
    let idle = (): void => undefined;
    const { clock, found, ahead } = aheadOf({}, () => new Promise((resolve) => (idle = resolve)));
    await clock.advance(0);
    expect(found).toEqual([]);
    ahead.close();
    idle();
    await settle();
    addImage('https://site.example/b.jpg');
    await settle();
    await clock.advance(SETTLE);
    expect(found).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('finds no more than it should in an endless page', async () => {
    for (let i = 0; i < MAX_FOUND + 50; i++) addImage(`https://site.example/${i}.jpg`);
    const { clock, found } = aheadOf();
    await clock.advance(0);
    expect(found).toHaveLength(MAX_FOUND);
  });
});
