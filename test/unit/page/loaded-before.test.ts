import { describe, expect, it } from 'vitest';
import { loadedBefore, type LoadedResource } from '../../../src/page/loaded-before.js';
import { CONFIG } from '../../support/fake-worker.js';

function resource(path: string, of: Partial<LoadedResource> = {}): LoadedResource {
  return {
    name: new URL(path, CONFIG.site).href,
    initiatorType: 'img',
    workerStart: 0,
    transferSize: 1300,
    encodedBodySize: 1000,
    ...of,
  };
}

describe('what loaded before the worker', () => {
  it('counts as HTTP, or as the HTTP cache when nothing was transferred', () => {
    const resources = [resource('/a.jpg'), resource('/b.jpg', { transferSize: 0, encodedBodySize: 70 })];
    expect(loadedBefore(CONFIG, resources)).toEqual({ http: 1000, cache: 70 });
  });

  it('leaves out what the worker saw, which is accounted for there', () => {
    expect(loadedBefore(CONFIG, [resource('/a.jpg', { workerStart: 12 })])).toEqual({ http: 0, cache: 0 });
  });

  it('leaves out what is not ours to share', () => {
    const resources = [
      resource('/app.js', { initiatorType: 'script' }),
      resource('https://other.example/a.jpg'),
      resource('data:image/png;base64,AA=='),
      resource('/media/index.m3u8', { initiatorType: 'fetch' }),
    ];
    expect(loadedBefore(CONFIG, resources)).toEqual({ http: 0, cache: 0 });
  });

  it('takes included URLs fetched by scripts', () => {
    const segment = resource('/media/seg-1.m4s', { initiatorType: 'fetch' });
    expect(loadedBefore({ ...CONFIG, include: ['/media/*'] }, [segment]).http).toBe(1000);
  });
});
