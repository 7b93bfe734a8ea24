import { describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { SignedFiles } from '../../../src/page/signed-files.js';
import { settle } from '../../support/fake-clock.js';

const url = (name: string | number) => `https://site.example/${name}` as CanonicalUrl;
const urlsUpTo = (count: number) => Array.from({ length: count }, (_, i) => url(i));

interface Reading {
  readonly url: CanonicalUrl;
  readonly cache: RequestCache;
  readonly answer: (statement: string | undefined) => void;
  readonly fail: (error: Error) => void;
}

/** A server that answers when the test says so. */
function slowServer() {
  const readings: Reading[] = [];
  const files = new SignedFiles(
    (url, cache) =>
      new Promise((resolve, reject) => {
        readings.push({ url, cache, answer: resolve, fail: reject });
      }),
  );
  return { readings, files };
}

describe('signed files', () => {
  it('are read a few at a time, and answered in the order of the question', async () => {
    const { readings, files } = slowServer();
    const asked = files.digests(urlsUpTo(8));
    for (let read = 0; read < 8;) {
      await settle();
      const open = readings.slice(read);
      expect(open.length).toBeGreaterThan(0);
      expect(open.length).toBeLessThanOrEqual(3);
      // The last first: the order of arrival must not matter.
      for (const { url, answer } of open.toReversed())
        answer(url.endsWith('3') ? undefined : `t.${url.length}.${url.at(-1) ?? ''}`);
      read += open.length;
    }
    expect(await asked).toEqual(urlsUpTo(8).map((_, i) => (i === 3 ? undefined : `t.22.${i}`)));
  });

  it('come through the HTTP cache once; what is asked for again must be what the server has now', async () => {
    const caches: string[] = [];
    const files = new SignedFiles((_, cache) => {
      caches.push(cache);
      return Promise.resolve('a.b.c');
    });
    await files.digests([url(1)]);
    await files.digests([url(1), url(2)]);
    expect(caches).toEqual(['default', 'no-cache', 'default']);
  });

  it('that cannot be read are asked for later, and those that can be are not lost', async () => {
    const { readings, files } = slowServer();
    const asked = files.digests(urlsUpTo(6));
    await settle();
    readings[0]?.answer('a.b.c');
    readings[1]?.fail(new Error('reset'));
    readings[2]?.answer(undefined);
    await settle();
    readings[3]?.answer('d.e.f');
    expect(await asked).toEqual([
      'a.b.c',
      { pending: 2000 },
      undefined,
      'd.e.f',
      { pending: 2000 },
      { pending: 2000 },
    ]);
    expect(readings).toHaveLength(4);
  });

  it('of a server that is down are one failure, not one for each', async () => {
    const { readings, files } = slowServer();
    const outcome = expect(files.digests(urlsUpTo(50))).rejects.toThrow('down');
    await settle();
    for (const { fail } of readings) fail(new Error('down'));
    await outcome;
    expect(readings).toHaveLength(3);
  });

  it('a copy that never came is not taken for one that did not do', async () => {
    const { readings, files } = slowServer();
    const first = files.digests([url(1)]).catch(() => undefined);
    await settle();
    readings[0]?.fail(new Error('reset'));
    await first;
    void files.digests([url(1)]);
    await settle();
    expect(readings.map(({ cache }) => cache)).toEqual(['default', 'default']);
    readings[1]?.answer(undefined);
  });
});
