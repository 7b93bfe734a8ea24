import { describe, expect, it } from 'vitest';
import { readPlaylist } from '../../../../src/page/playlists.js';
import type { ListedRendition } from '../../../../src/page/playlists/reading.js';
import { addressOf, playlistText } from '../../../support/playlists.js';

const NOW = Date.UTC(2026, 0, 1);
const read = (text: string, now = NOW): ListedRendition[] => [
  ...readPlaylist(addressOf('manifest.mpd'), text, now),
];
const named = (name: string, id: string, now = NOW): ListedRendition => {
  const rendition = read(playlistText(name), now).find((one) => one.id === id);
  if (!rendition) throw new Error(`no ${id}`);
  return rendition;
};
const urls = ({ segments }: ListedRendition): string[] => segments.map(({ url }) => url);

describe('a manifest', () => {
  it('lists video and sound by numbers, on each of its hosts', () => {
    const found = read(playlistText('numbers.mpd'));
    expect(found.map(({ id, kind, bandwidth, live }) => ({ id, kind, bandwidth, live }))).toEqual([
      { id: 'v-low', kind: 'video', bandwidth: 300_000, live: false },
      { id: 'v-low @1', kind: 'video', bandwidth: 300_000, live: false },
      { id: 'v-high', kind: 'video', bandwidth: 1_500_000, live: false },
      { id: 'v-high @1', kind: 'video', bandwidth: 1_500_000, live: false },
      { id: 'a en', kind: 'audio', bandwidth: 96_000, live: false },
      { id: 'a en @1', kind: 'audio', bandwidth: 96_000, live: false },
    ]);
    expect(found[0]?.segments).toEqual(
      [4, 4, 4, 4, 4, 1.5].map((duration, i) => ({
        ...{ url: `https://cdn.example/dash/v-low/0000${i + 1}.m4s`, at: 4 * i, duration },
      })),
    );
    expect(found[5] && urls(found[5])[5]).toBe('https://cdn-2.example/dash/sound/96000-5.m4s?cost=$1');
  });

  it('lists segments by time, with gaps and as many as fill the period', () => {
    const { segments } = named('timeline.mpd', 'v1');
    expect(segments.map(({ at, duration }) => [at, duration])).toEqual([
      ...[
        [0, 4],
        [4, 4],
        [8, 4],
        [12, 3],
      ],
      ...[
        [17, 4],
        [21, 4],
        [25, 4],
        [29, 1],
      ],
    ]);
    expect(segments[0]?.url).toBe(addressOf('film/v1/5000-7.m4s'));
    expect(segments[4]?.url).toBe(addressOf('film/v1/22000-11.m4s'));
  });

  it('lists parts of files, and leaves whole files to their own ranges', () => {
    expect(named('list.mpd', 'v1').segments).toEqual([
      { url: addressOf('video.mp4'), start: 720, end: 100_000, at: 0, duration: 4 },
      { url: addressOf('video.mp4'), start: 100_000, end: 200_000, at: 4, duration: 4 },
      { url: addressOf('rest.mp4'), at: 8, duration: 2 },
    ]);
    expect(named('list.mpd', 'a1')).toMatchObject({ kind: 'audio', segments: [] });
    expect(named('list.mpd', 't1 en')).toMatchObject({ kind: 'text', segments: [] });
  });

  it('goes on from period to period', () => {
    const { segments } = named('periods.mpd', 'v1');
    expect(segments.map(({ url, at, duration }) => [url, at, duration])).toEqual([
      [addressOf('one/1.m4s'), 0, 4],
      [addressOf('one/2.m4s'), 4, 4],
      [addressOf('two/1.m4s'), 8, 5],
      [addressOf('two/2.m4s'), 13, 5],
      [addressOf('two/3.m4s'), 18, 2],
    ]);
    expect(named('periods.mpd', 'v2').segments).toHaveLength(3);
  });

  it('that is live lists by the clock what is there, and says when there is more', () => {
    const { segments, live, until } = named('live-numbers.mpd', 'V300', NOW + 1500);
    expect(live).toBe(true);
    // An hour has gone by since it began, 1800 segments of two seconds; the last ten seconds are kept.
    expect(urls({ segments } as ListedRendition)).toEqual(
      [1795, 1796, 1797, 1798, 1799].map((n) => addressOf(`V300/${n}.m4s`)),
    );
    expect(until).toBe(NOW + 2500);
    expect(urls(named('live-numbers.mpd', 'V300', NOW + 2000)).at(-1)).toBe(addressOf('V300/1800.m4s'));
  });

  it('that is live goes on from period to period, too', () => {
    const sets = (name: string): string =>
      `<AdaptationSet mimeType="video/mp4"><SegmentTemplate duration="2" media="${name}/$Number$"/>` +
      '<Representation id="v" bandwidth="1"/></AdaptationSet>';
    const [rendition] = read(
      '<MPD type="dynamic" availabilityStartTime="2025-12-31T23:59:50Z">' +
        `<Period start="PT0S">${sets('a')}</Period><Period start="PT6S">${sets('b')}</Period></MPD>`,
    );
    expect(rendition && urls(rendition)).toEqual(['a/1', 'a/2', 'a/3', 'b/1', 'b/2'].map(addressOf));
    expect(rendition?.segments.map(({ at }) => at)).toEqual([0, 2, 4, 6, 8]);
  });

  it('that is live lists by time what it says', () => {
    const { segments, live, until } = named('live-timeline.mpd', 'A48 en');
    expect({ live, until }).toEqual({ live: true, until: undefined });
    const [first, ...others] = segments;
    expect(first).toMatchObject({ at: 0, duration: 1.984 });
    expect(others).toHaveLength(4);
    others.forEach(({ at, duration }, i) => {
      expect(duration).toBeCloseTo(96_256 / 48_000, 5);
      expect(at).toBeCloseTo((95_232 + i * 96_256) / 48_000, 5);
    });
    expect(segments[1]?.url).toBe(addressOf('A48/t84825619295232.m4s'));
  });
});

const mpd = (attributes: string, inside: string): string =>
  `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" ${attributes}>${inside}</MPD>`;
const period = (template: string, timeline = ''): string =>
  `<Period start="PT0S"><AdaptationSet mimeType="video/mp4"><SegmentTemplate ${template}>${timeline}</SegmentTemplate>` +
  '<Representation id="v" bandwidth="1"/></AdaptationSet></Period>';
const STATIC = 'type="static" mediaPresentationDuration="PT100H"';
const DYNAMIC = 'type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z"';
const only = (text: string): ListedRendition => {
  const [rendition] = read(text);
  if (!rendition) throw new Error('no rendition');
  return rendition;
};

describe('a manifest without end', () => {
  it('is listed as far as anybody may watch', () => {
    const { segments } = only(mpd(STATIC, period('duration="1" timescale="1000" media="$Number$"')));
    expect(segments).toHaveLength(50_000);
    expect(segments.at(-1)).toMatchObject({ url: addressOf('50000'), at: 49.999, duration: 0.001 });
  });

  it('is listed from where it is live', () => {
    const { segments } = only(mpd(DYNAMIC, period('duration="2" startNumber="0" media="$Number$"')));
    expect(segments).toHaveLength(3000);
    expect(segments.at(-1)?.url).toBe(addressOf(String(NOW / 2000 - 1)));
  });

  it('that repeats one segment is listed in the same way', () => {
    const timeline = '<SegmentTimeline><S t="0" d="2" r="999999999999"/></SegmentTimeline>';
    expect(only(mpd(STATIC, period('media="$Time$"', timeline))).segments).toHaveLength(50_000);
    const { segments } = only(mpd(DYNAMIC, period('media="$Time$"', timeline)));
    expect(segments).toHaveLength(3000);
    expect(segments.at(-1)?.url).toBe(addressOf(String(2 * 999_999_999_999)));
  });

  it.each([
    ['of unknown length', mpd('type="static"', period('duration="2" media="$Number$"'))],
    [
      'of no length',
      mpd('type="static" mediaPresentationDuration="PT0S"', period('duration="2" media="$Number$"')),
    ],
    ['without beginning', mpd('type="dynamic"', period('duration="2" media="$Number$"'))],
    [
      'of numbers beyond all',
      mpd(STATIC, period('duration="2" startNumber="NaN" endNumber="-5" media="$Number$"')),
    ],
  ])('%s lists nothing', (_, text) => {
    expect(only(text).segments).toEqual([]);
  });
});

describe('a hostile manifest', () => {
  const bases = '<BaseURL>https://a.example/</BaseURL>'.repeat(1000);
  const attributes = Array.from({ length: 20_000 }, (_, i) => `a${i}=""`).join(' ');
  const template = '<SegmentTemplate duration="1" media="$Number$"/>';
  const representations = '<Representation id="v" bandwidth="1"/>'.repeat(20_000);
  const set = (inside: string): string => `<AdaptationSet mimeType="video/mp4">${inside}</AdaptationSet>`;
  it.each([
    [
      'hosts',
      mpd(
        STATIC,
        `${bases}<Period>${bases}${set(`${bases}${template}<Representation id="v">${bases}</Representation>`)}</Period>`,
      ),
    ],
    ['attributes', mpd(`${STATIC} ${attributes}`, period('duration="2" media="$Number$"'))],
    ['attributes of a template', mpd(STATIC, period(`${attributes} duration="2" media="$Number$"`))],
    ['renditions', mpd(STATIC, `<Period>${set(template + representations)}</Period>`)],
    ['periods', mpd(STATIC, period('duration="1" media="$Number$"').repeat(3000))],
    ['a period repeated', mpd(STATIC, period('duration="1" media="$Number$"').repeat(130))],
    [
      'runs',
      mpd(
        STATIC,
        period('media="$Time$"', `<SegmentTimeline>${'<S d="1" r="999"/>'.repeat(10_000)}</SegmentTimeline>`),
      ),
    ],
    ['digits', mpd(STATIC, period('duration="2" media="$Number%0999999999d$"'))],
    ['identifiers', mpd(STATIC, period(`duration="2" media="${'$RepresentationID$'.repeat(50_000)}"`))],
    [
      'events',
      mpd(
        STATIC,
        `<Period>${`<EventStream>${'<Event/>'.repeat(5)}</EventStream>`.repeat(3000)}${set(`${template}<Representation id="v"/>`)}</Period>`,
      ),
    ],
    ['entities', `<!DOCTYPE MPD [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>${mpd(STATIC, '&b;')}`],
    ['depth', mpd(STATIC, `${'<a>'.repeat(2000)}${'</a>'.repeat(2000)}`)],
    ['its own kind', mpd('type="constructor"', period('duration="2" media="$Number$"'))],
    [
      'names of ours',
      mpd(STATIC, period('__proto__="1" constructor="2" toString="3" duration="2" media="$Number$"')),
    ],
  ])('of %s is read, or not, in no time', (_, text) => {
    const before = performance.now();
    try {
      const found = read(text);
      expect(found.length).toBeLessThanOrEqual(100);
      expect(found.reduce((sum, { segments }) => sum + segments.length, 0)).toBeLessThanOrEqual(50_100);
    } catch (error) {
      expect(String(error)).not.toContain('expected');
    }
    expect(performance.now() - before).toBeLessThan(5000);
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    '<MPD></MPD>',
    mpd('', '<Period/>'),
    mpd('', '<Period><AdaptationSet/></Period>'),
    '<x><MPD/></x>',
  ])('is refused, or lists nothing: %s', (text) => {
    let found: ListedRendition[] = [];
    try {
      found = read(text);
    } catch {
      // To fail is fine.
    }
    expect(found).toEqual([]);
  });
});
