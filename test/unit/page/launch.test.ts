// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeerfoldError, start } from '../../../src/index.js';
import { here, launch } from '../../../src/page/launch.js';
import { Peerfold } from '../../../src/page/peerfold.js';
import { settle } from '../../support/fake-clock.js';
import { FakeWorker } from '../../support/fake-worker.js';

vi.mock('../../../src/page/register.js', () => ({
  registerWorker: () => Promise.resolve(),
  forgetEverywhere: () => Promise.resolve(true),
}));

const worker = new FakeWorker();
const options = { consent: 'required' } as const;

beforeEach(() => {
  Object.defineProperty(navigator, 'serviceWorker', { configurable: true, value: worker });
  Object.assign(window, { RTCPeerConnection: EventTarget });
});
afterEach(() => {
  void here().peerfold?.stop();
  Reflect.deleteProperty(window, 'peerfold');
  vi.restoreAllMocks();
});

describe('launch', () => {
  it('sets window.peerfold', async () => {
    const peerfold = launch(options, 'https://site.example/peerfold-engine.js');
    expect(peerfold).toBeInstanceOf(Peerfold);
    expect(here().peerfold).toBe(peerfold);
    expect(await peerfold?.ready).toEqual({ active: false, reason: 'consent' });
  });

  it('warns of a second tag, and ignores it', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const first = launch(options, 'x');
    expect(launch({ consent: 'implied' }, 'x')).toBeUndefined();
    expect(here().peerfold).toBe(first);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('stays out of frames and of browsers without workers or WebRTC', () => {
    const top = vi.spyOn(window, 'top', 'get').mockReturnValue({} as Window);
    expect(launch(options, 'x')).toBeUndefined();
    top.mockRestore();
    Reflect.deleteProperty(window, 'RTCPeerConnection');
    expect(launch(options, 'x')).toBeUndefined();
    Object.assign(window, { RTCPeerConnection: EventTarget });
    Reflect.deleteProperty(navigator, 'serviceWorker');
    expect(launch(options, 'x')).toBeUndefined();
    expect(here().peerfold).toBeUndefined();
  });

  it.each([
    ['?peerfold=off', 'off'],
    ['?a=1&peerfold=debug', 'consent'],
    ['?peerfold=on', 'consent'],
  ])('heeds %s in the address', async (query, reason) => {
    window.history.replaceState(null, '', query);
    const peerfold = launch(options, 'https://site.example/peerfold-engine.js');
    expect(await peerfold?.ready).toEqual({ active: false, reason });
    window.history.replaceState(null, '', '?');
  });

  it('waits while the page is prerendered', async () => {
    Object.defineProperty(document, 'prerendering', { configurable: true, value: true });
    const peerfold = launch(options, 'x');
    let decided = false;
    void peerfold?.ready.then(() => (decided = true));
    await settle();
    expect(decided).toBe(false);
    document.dispatchEvent(new Event('prerenderingchange'));
    await settle();
    expect(decided).toBe(true);
    Reflect.deleteProperty(document, 'prerendering');
  });
});

describe('start', () => {
  it('is launch as a function, and gives the same one again', () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const peerfold = start(options);
    expect(start({ ...options, engineUrl: '/elsewhere/engine.js' })).toBe(peerfold);
  });

  it('throws where Peerfold cannot be', () => {
    Reflect.deleteProperty(navigator, 'serviceWorker');
    expect(() => start(options)).toThrow(PeerfoldError);
  });
});
