import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readPlaylist } from '../../src/page/playlists.js';
import type { ListedRendition } from '../../src/page/playlists/reading.js';
import { Programmes } from '../../src/page/programmes.js';
import { isCanonicalUrl } from '../../src/protocol/url.js';
import { FakeClock } from '../support/fake-clock.js';
import { addressOf } from '../support/playlists.js';
import { holds } from '../support/property.js';

const NOW = Date.UTC(2026, 0, 1);
const LIST = addressOf('list.m3u8');

/** Numbers as strangers write them. */
const number = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 50 }).map(String) },
  fc.integer({ min: -5, max: 0 }).map(String),
  fc.double().map(String),
  fc.constantFrom('', '-0', 'NaN', 'Infinity', '1e308', '9007199254740993', '1'.repeat(400), '0x10', '٣'),
);
const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    'a.ts',
    '/b/c.m4s',
    '//cdn.example/d',
    'https://e.example/f?g=h,i',
    'data:,x',
    '__proto__',
    '$Number$',
  ),
);

const tag = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(number, word).map(([n, uri]) => `#EXTINF:${n},title\n${uri}`) },
  number.map((n) => `#EXTINF:${n},title`),
  fc.tuple(number, number).map(([length, offset]) => `#EXT-X-BYTERANGE:${length}@${offset}`),
  number.map((n) => `#EXT-X-BYTERANGE:${n}`),
  number.map((n) => `#EXT-X-MEDIA-SEQUENCE:${n}`),
  number.map((n) => `#EXT-X-TARGETDURATION:${n}`),
  number.map((n) => `#EXT-X-SKIP:SKIPPED-SEGMENTS=${n}`),
  fc.tuple(word, word).map(([name, value]) => `#EXT-X-DEFINE:NAME="${name}",VALUE="${value}"`),
  fc
    .tuple(number, word)
    .map(([bandwidth, codecs]) => `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},CODECS="${codecs}"`),
  fc
    .tuple(fc.constantFrom('AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS', '__proto__', 'x'), word, word)
    .map(
      ([type, group, uri]) => `#EXT-X-MEDIA:TYPE=${type},GROUP-ID="${group}",NAME="${group}",URI="${uri}"`,
    ),
  fc.constantFrom('#EXT-X-ENDLIST', '#EXT-X-DISCONTINUITY', '#EXT-X-KEY:METHOD=NONE', '#EXT-X-GAP', ''),
  word,
);
const hls = fc.array(tag, { maxLength: 40 }).map((lines) => ['#EXTM3U', ...lines].join('\n'));

const escaped = (text: string): string => text.replace(/[^\w/:.$%?=,-]/g, '');
const attribute = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant(''),
    value.map((text) => `${name}="${escaped(text)}"`),
  );
const attributes = (names: readonly string[], value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(...names.map((name) => attribute(name, value))).map((all) => all.join(' '));
const lasting = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 90 }).map((n) => `PT${n}S`) },
  number.map((n) => `PT${n}S`),
  fc.constantFrom('PT1H', 'P99999Y', 'x'),
);
const TIMING = ['duration', 'timescale', 'startNumber', 'endNumber', 'presentationTimeOffset'];
const timeline = fc
  .array(attributes(['t', 'd', 'r'], number), { maxLength: 8 })
  .map((all) => `<SegmentTimeline>${all.map((one) => `<S ${one}/>`).join('')}</SegmentTimeline>`);
const listing = fc
  .record({
    kind: fc.constantFrom('SegmentTemplate', 'SegmentList', 'SegmentBase'),
    timing: attributes(TIMING, number),
    media: fc.oneof(word, fc.constantFrom('$Number%09d$', '$Time$', '$RepresentationID$-$Bandwidth$', '$$')),
    timeline: fc.oneof(fc.constant(''), timeline),
    range: fc.tuple(number, number).map(([from, to]) => `${from}-${to}`),
  })
  .map(
    ({ kind, timing, media, timeline: times, range }) =>
      `<${kind} ${timing} media="${escaped(media)}">${times}<SegmentURL media="${escaped(media)}" ` +
      `mediaRange="${escaped(range)}"/><SegmentURL/></${kind}>`,
  );
const set = fc
  .record({
    type: fc.constantFrom('video/mp4', 'audio/mp4', 'text/vtt', 'x'),
    base: word,
    listing,
    id: word,
    rate: number,
  })
  .map(
    ({ type, base, listing: listed, id, rate }) =>
      `<AdaptationSet mimeType="${type}"><BaseURL>${escaped(base)}</BaseURL>${listed}` +
      `<Representation id="${escaped(id)}" bandwidth="${escaped(rate)}"/></AdaptationSet>`,
  );
const period = fc
  .tuple(attributes(['start', 'duration'], lasting), fc.array(set, { maxLength: 3 }))
  .map(([about, sets]) => `<Period ${about}>${sets.join('')}</Period>`);
const dash = fc
  .record({
    type: fc.constantFrom('type="static"', 'type="dynamic"', ''),
    began: attribute(
      'availabilityStartTime',
      fc.constantFrom('1970-01-01T00:00:00Z', '2025-12-31T23:59:00Z', 'x'),
    ),
    lengths: attributes(
      ['mediaPresentationDuration', 'timeShiftBufferDepth', 'minimumUpdatePeriod'],
      lasting,
    ),
    periods: fc.array(period, { minLength: 1, maxLength: 3 }),
  })
  .map(({ type, began, lengths, periods }) => `<MPD ${type} ${began} ${lengths}>${periods.join('')}</MPD>`);

/** What everybody who uses a rendition relies on. */
function expectSound({ bandwidth, segments, playlist }: ListedRendition): void {
  expect(bandwidth === undefined || (Number.isSafeInteger(bandwidth) && bandwidth > 0)).toBe(true);
  expect(playlist === undefined || isCanonicalUrl(playlist)).toBe(true);
  let before = 0;
  for (const { url, start, end, at, duration } of segments) {
    expect(isCanonicalUrl(url)).toBe(true);
    expect(at >= before && at <= Number.MAX_SAFE_INTEGER && duration >= 0 && duration <= 366 * 86_400).toBe(
      true,
    );
    expect((start === undefined) === (end === undefined)).toBe(true);
    if (start !== undefined && end !== undefined) expect(start >= 0 && end > start).toBe(true);
    before = at;
  }
}

it.each([
  ['an HLS playlist', hls],
  ['a DASH manifest', dash],
])('whatever %s says, what is read of it is sound and bounded', async (_, text) => {
  const property = fc.property(text, (one) => {
    let found: ListedRendition[] = [];
    try {
      found = [...readPlaylist(LIST, one, NOW)];
    } catch {
      // To be refused is fine.
    }
    expect(found.length).toBeLessThanOrEqual(100);
    expect(found.reduce((sum, { segments }) => sum + segments.length, 0)).toBeLessThanOrEqual(50_100);
    found.forEach(expectSound);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
  await holds(property);
});

it('programmes never throw, and each segment that is listed is found', async () => {
  const property = fc.asyncProperty(fc.array(fc.oneof(hls, dash, word), { maxLength: 5 }), async (texts) => {
    const programmes = new Programmes({
      clock: new FakeClock(),
      loadParsers: () => Promise.resolve({ readPlaylist }),
      fault: () => undefined,
    });
    for (const [i, text] of texts.entries()) {
      const asked = addressOf(`${i % 3}.m3u8`);
      await programmes.learn({ asked, url: asked, text });
    }
    for (const { renditions } of programmes.all) {
      for (const { url, start } of renditions.flatMap(({ segments }) => segments.slice(0, 20))) {
        const place = programmes.find(url, start);
        expect(place?.rendition.segments[place.index]?.url).toBe(url);
        expect(typeof programmes.isAdaptive(url)).toBe('boolean');
      }
    }
  });
  await holds(property, 100);
});

it('what is written is read again', async () => {
  const segment = fc.record({ name: fc.nat(), duration: fc.integer({ min: 1, max: 60 }) });
  const property = fc.property(
    fc.array(segment, { minLength: 1, maxLength: 50 }),
    fc.boolean(),
    (all, live) => {
      const lines = all.flatMap(({ name, duration }) => [`#EXTINF:${duration},`, `s${name}.ts`]);
      const text = ['#EXTM3U', ...lines, live ? '' : '#EXT-X-ENDLIST'].join('\r\n');
      const [rendition] = [...readPlaylist(LIST, text, NOW)];
      let at = 0;
      expect(rendition?.live).toBe(live);
      expect(rendition?.segments).toEqual(
        all.map(({ name, duration }) => ({
          url: addressOf(`s${name}.ts`),
          at: (at += duration) - duration,
          duration,
        })),
      );
    },
  );
  await holds(property);
});
