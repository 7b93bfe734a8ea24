import { describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { MAX_DIGEST_URLS } from '../../../src/core/limits.js';
import { NativeLoads, type ResourceTiming } from '../../../src/page/native-loads.js';
import type { LoadedResource, SiteConfig, TransferReport } from '../../../src/protocol/bridge.js';
import { CONFIG } from '../../support/fake-worker.js';
import { resourceTiming } from '../../support/reports.js';

const URL_A = `${CONFIG.site}/a.jpg` as CanonicalUrl;
const LEFT = { url: URL_A, destination: 'image', reason: 'no-engine' } as const;

function pageOf(config: Partial<SiteConfig> = {}, controlled = false) {
  const recorded: TransferReport[] = [];
  const loaded: LoadedResource[][] = [];
  let hear: ((timings: readonly ResourceTiming[]) => void) | undefined;
  const loads = new NativeLoads({
    config: { ...CONFIG, ...config },
    controlled,
    timeOrigin: 1_000_000,
    observe: (listener) => {
      hear = listener;
      return () => {
        hear = undefined;
      };
    },
    record: (report) => recorded.push(report),
    loaded: (resources) => loaded.push([...resources]),
  });
  const time = (...timings: ResourceTiming[]): void => hear?.(timings);
  return { loads, recorded, loaded, time, isOpen: () => hear !== undefined };
}

describe('what the browser loaded by itself', () => {
  it('before the worker is counted, with its times, and told to the worker', () => {
    const page = pageOf();
    page.time(resourceTiming());
    expect(page.recorded).toEqual([
      {
        url: URL_A,
        destination: 'image',
        bytes: { peer: 0, store: 0, cache: 0, http: 50_000, wasted: 0 },
        started: 1_000_100,
        firstByte: 30,
        duration: 50,
        verdicts: {},
        origin: { after: 0, failed: false },
        fallback: 'before-worker',
      },
    ]);
    expect(page.loaded).toEqual([[{ url: URL_A, destination: 'image' }]]);
  });

  it.each([
    ['nothing was transferred', 0],
    ['only headers were', 300],
  ])('came from the HTTP cache when %s', (_, transferSize) => {
    const page = pageOf();
    page.time(resourceTiming({ transferSize }));
    expect(page.recorded[0]?.bytes).toMatchObject({ http: 0, cache: 50_000 });
  });

  it('tells whether the origin failed, where it was asked and the browser may say', () => {
    const page = pageOf();
    const error = { encodedBodySize: 20, transferSize: 320 };
    for (const responseStatus of [200, 404, 429, 500, 503])
      page.time(resourceTiming({ ...error, responseStatus }));
    page.time(resourceTiming({ transferSize: 0 }));
    const failed = page.recorded.map(({ origin }) => origin?.failed);
    expect(failed).toEqual([false, false, true, true, true, undefined]);
  });

  it('because the worker left it is counted with the worker’s reason, whichever is heard of first', () => {
    const [early, late] = [pageOf(), pageOf()];
    early.loads.left(LEFT);
    early.time(resourceTiming({ workerStart: 12 }));
    late.time(resourceTiming({ workerStart: 12 }));
    expect(late.recorded).toEqual([]);
    late.loads.left(LEFT);
    for (const { recorded, loaded } of [early, late]) {
      expect(recorded).toMatchObject([{ url: URL_A, fallback: 'no-engine' }]);
      expect(loaded).toEqual([[{ url: URL_A, destination: 'image' }]]);
    }
  });

  it('and its times do not show that there was a worker (Firefox) waits for that worker’s word', () => {
    const page = pageOf({}, true);
    page.time(resourceTiming({ workerStart: 0 }));
    expect(page.recorded).toEqual([]);
    page.loads.left(LEFT);
    expect(page.recorded).toMatchObject([{ url: URL_A, fallback: 'no-engine' }]);
  });

  it('is counted once', () => {
    const page = pageOf();
    page.loads.left(LEFT);
    page.time(resourceTiming({ workerStart: 12 }), resourceTiming({ workerStart: 90 }));
    expect(page.recorded).toHaveLength(1);
  });

  it('is not what the worker answered, which counts it', () => {
    const page = pageOf();
    page.time(resourceTiming({ workerStart: 12 }));
    expect(page.recorded).toEqual([]);
    expect(page.loaded).toEqual([]);
  });

  it('is not what has neither times nor size: the worker answered that, in Firefox', () => {
    const page = pageOf();
    page.loads.left(LEFT);
    page.time(resourceTiming({ duration: 0, responseStart: 100, transferSize: 0, encodedBodySize: 0 }));
    expect(page.recorded).toEqual([]);
    page.time(resourceTiming());
    expect(page.recorded).toMatchObject([{ fallback: 'no-engine', bytes: { http: 50_000 } }]);
  });

  it.each([
    ['another kind', { name: `${CONFIG.site}/app.js`, initiatorType: 'script' }],
    ['another origin', { name: 'https://other.example/a.jpg' }],
    ['no address', { name: 'data:image/png;base64,AA==' }],
    ['a playlist', { name: `${CONFIG.site}/media/index.m3u8`, initiatorType: 'fetch' }],
    ['fetched by a script and not included', { name: `${CONFIG.site}/api.json`, initiatorType: 'fetch' }],
  ])('and is %s does not count', (_, of) => {
    const page = pageOf();
    page.time(resourceTiming(of));
    expect(page.recorded).toEqual([]);
  });

  it('by a script counts where a pattern includes it', () => {
    const page = pageOf({ include: ['/media/*'] });
    page.time(resourceTiming({ name: `${CONFIG.site}/media/seg-1.m4s`, initiatorType: 'fetch' }));
    expect(page.recorded).toMatchObject([{ destination: '', bytes: { http: 50_000 } }]);
  });

  it('and is too small to be shared is only counted', () => {
    const page = pageOf();
    page.time(resourceTiming({ encodedBodySize: CONFIG.minSize - 1 }));
    page.time(resourceTiming({ encodedBodySize: 0, transferSize: 300 }));
    expect(page.recorded).toHaveLength(2);
    expect(page.loaded).toEqual([]);
  });

  it('is not what the page let go of before anything came, which counts when it comes', () => {
    const page = pageOf();
    page.time(resourceTiming({ transferSize: 0, encodedBodySize: 0, responseStatus: 0 }));
    expect(page.recorded).toEqual([]);
    page.time(resourceTiming());
    expect(page.recorded).toMatchObject([{ url: URL_A, bytes: { http: 50_000 } }]);
  });

  it('and came from another origin counts, which does not tell how much', () => {
    const other = 'https://media.example';
    const page = pageOf({ origins: [other] });
    page.time(resourceTiming({ name: `${other}/a.jpg`, transferSize: 0, encodedBodySize: 0 }));
    expect(page.recorded).toMatchObject([{ url: `${other}/a.jpg`, bytes: { http: 0, cache: 0 } }]);
    expect(page.recorded[0]).not.toHaveProperty('origin');
  });

  it('before the worker and is a playlist is told once, and not counted', () => {
    const page = pageOf();
    const name = `${CONFIG.site}/film/index.m3u8`;
    const timing = resourceTiming({ name, initiatorType: 'xmlhttprequest' });
    page.time(
      timing,
      timing,
      resourceTiming({ name: 'https://other.example/a.mpd', initiatorType: 'fetch' }),
    );
    expect(page.loaded.flat()).toEqual([{ url: name, destination: '' }]);
    expect(page.recorded).toEqual([]);
  });

  it('and is a playlist is not told where the worker may have read it', () => {
    const timing = { name: `${CONFIG.site}/film/index.m3u8`, initiatorType: 'fetch' };
    const controlled = pageOf({}, true);
    controlled.time(resourceTiming(timing));
    const page = pageOf();
    page.time(resourceTiming({ ...timing, workerStart: 5 }));
    for (let i = 0; i < 30; i++)
      page.time(resourceTiming({ ...timing, name: `${timing.name}?_HLS_msn=${i}` }));
    expect([controlled.loaded.flat().length, page.loaded.flat().length]).toEqual([0, 10]);
  });

  it('is told to the worker in messages that it takes', () => {
    const page = pageOf();
    const names = Array.from({ length: MAX_DIGEST_URLS + 1 }, (_, i) => `${CONFIG.site}/${i}.jpg`);
    page.time(...names.map((name) => resourceTiming({ name })));
    expect(page.loaded.map((one) => one.length)).toEqual([MAX_DIGEST_URLS, 1]);
  });

  it('is not listened for after the end', () => {
    const page = pageOf();
    page.loads.close();
    expect(page.isOpen()).toBe(false);
  });
});
