import { digestOf, playUntil, seekTo } from '../support/in-page.js';
import { FILM, originBytes, originSha256 } from '../support/media.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, test } from './stage-test.js';

/** The first visitor only has to have seen it. */
const FAST = 16;

async function seenByA(stage: Stage): Promise<Visitor> {
  const a = await stage.visitor();
  await a.open('/video.html');
  await a.page.evaluate(playUntil, { seconds: 59, rate: FAST });
  await stage.announced(1);
  return a;
}

test('a film starts over HTTP and goes on from peers; a seek plays', async ({ stage }) => {
  await seenByA(stage);
  stage.site.log.clear();
  const b = await stage.visitor();
  await b.open('/video.html');
  await b.linked();
  await b.page.evaluate(playUntil, { seconds: 59, rate: 4 });

  const bytes = await bytesFor(b, [FILM]);
  const film = originBytes(FILM).byteLength;
  const headStart = (10 / 60) * film;
  expect(bytes.http, 'the head start comes over HTTP').toBeGreaterThan(0);
  expect(bytes.peer / (film - headStart)).toBeGreaterThanOrEqual(0.8);
  const first = stage.browserRequests(FILM)[0];
  expect(first?.range).toMatch(/^bytes=0-/);
});

test('a seek to 70 % plays', async ({ stage }) => {
  await seenByA(stage);
  const b = await stage.visitor();
  await b.open('/video.html');
  await b.linked();
  await b.page.evaluate(playUntil, { seconds: 2, rate: 4 });
  const shown = await b.page.evaluate(seekTo, 0.7);
  expect(shown.error).toBeUndefined();
  expect(shown.time).toBeGreaterThan(42);
});

interface Answer {
  readonly status: number;
  readonly range: string | null;
  readonly length: string | null;
  readonly type: string | null;
  readonly body: number[];
}

test('ranges behave like the origin', async ({ stage }) => {
  await seenByA(stage);
  const b = await stage.visitor();
  await b.open('/video.html');
  await b.linked();
  const size = originBytes(FILM).byteLength;
  const ranges = [
    'bytes=0-1',
    'bytes=0-',
    `bytes=${size - 300_000}-`,
    'bytes=-1000',
    'bytes=5000000-5300000',
    `bytes=${size - 10}-${size + 10}`,
    `bytes=${size}-`,
    'bytes=-0',
  ];
  for (const range of ranges) {
    const [got, wanted] = await Promise.all([
      b.page.evaluate(fetchRange, { url: FILM, range }),
      originAnswer(stage.site.url + FILM, range),
    ]);
    expect(got, range).toEqual(wanted);
  }
  const whole = await b.page.evaluate(digestOf, FILM);
  expect(whole).toBe(originSha256(FILM));
});

async function fetchRange({ url, range }: { url: string; range: string }): Promise<Answer> {
  const response = await fetch(url, { headers: { range } });
  const body = await response.arrayBuffer();
  const digest = response.status === 206 ? new Uint8Array(await crypto.subtle.digest('SHA-256', body)) : [];
  const header = (name: string) => response.headers.get(name);
  return {
    status: response.status,
    range: header('content-range'),
    length: response.status === 206 ? header('content-length') : null,
    type: response.status === 206 ? header('content-type') : null,
    body: [...digest],
  };
}

function originAnswer(url: string, range: string): Promise<Answer> {
  return fetchRange({ url, range });
}
