import { describe, expect, it } from 'vitest';
import { readPlaylist } from '../../../../src/page/playlists.js';
import type { ListedRendition } from '../../../../src/page/playlists/reading.js';
import { readFileSync } from 'node:fs';
import { addressOf, playlistText } from '../../../support/playlists.js';

const read = (text: string, name = 'list.m3u8'): ListedRendition[] => [
  ...readPlaylist(addressOf(name), text, 0),
];
const media = (text: string): ListedRendition => {
  const [rendition] = read(text);
  if (!rendition) throw new Error('no rendition');
  return rendition;
};

describe('a master playlist', () => {
  it('lists its variants, sound and subtitles, each playlist once', () => {
    const found = read(playlistText('master.m3u8')).map(({ kind, bandwidth, playlist, segments }) => ({
      ...{ kind, bandwidth, playlist, segments },
    }));
    const listed = (kind: string, name: string, bandwidth?: number): unknown => ({
      ...{ kind, bandwidth, playlist: addressOf(name), segments: [] },
    });
    expect(found).toEqual([
      listed('audio', 'a1/prog_index.m3u8'),
      listed('audio', 'a2/prog_index.m3u8'),
      listed('text', 's1/en/prog_index.m3u8'),
      listed('video', 'v5/prog_index.m3u8', 2_177_116),
      listed('video', 'v9/prog_index.m3u8', 8_001_098),
      listed('audio', 'https://cdn.example/film/sound.m3u8?token=a%2Cb', 141_600),
    ]);
  });

  it('is what the demo site has', () => {
    const folder = new URL('../../../../demo-site/public/media/hls/', import.meta.url);
    const variants = read(readFileSync(new URL('index.m3u8', folder), 'utf8'));
    expect(variants.find(({ playlist }) => playlist === addressOf('v0/playlist.m3u8'))).toMatchObject({
      ...{ kind: 'video', bandwidth: expect.any(Number) },
    });
    const { segments, live } = media(readFileSync(new URL('v0/playlist.m3u8', folder), 'utf8'));
    const last = segments.at(-1);
    expect(live).toBe(false);
    expect(segments.length).toBeGreaterThan(10);
    expect(last && last.at + last.duration).toBeCloseTo(60, 0);
  });
});

describe('a media playlist', () => {
  it('lists segments of any host, across keys, init sections and discontinuities', () => {
    const { segments, live } = media(playlistText('on-demand.m3u8'));
    expect(live).toBe(false);
    expect(segments).toEqual([
      { url: addressOf('segment1.m4s'), at: 0, duration: 6 },
      {
        url: 'https://cdn-a.example/film/segment2.m4s?hdnts=exp=1700000000~acl=/*~hmac=0a',
        ...{ at: 6, duration: 6 },
      },
      { url: 'https://cdn-b.example/advert/1.m4s', at: 12, duration: 4.5 },
      { url: 'https://site.example/other/segment3.m4s', at: 16.5, duration: 3 },
      // What is in the text itself needs no request, but time to play.
      { url: addressOf('segment4.m4s'), at: 22.5, duration: 2 },
    ]);
  });

  it('lists parts of files, also those that follow the part before', () => {
    const url = addressOf('main.mp4');
    expect(media(playlistText('byte-ranges.m3u8')).segments).toMatchObject([
      { url, start: 719, end: 1_508_719 },
      { url, start: 1_508_719, end: 3_018_963 },
      { url, start: 3_018_963, end: 3_460_463 },
      { url: addressOf('more.mp4'), start: 0, end: 100 },
    ]);
  });

  it('without an end is live, and numbered', () => {
    const { segments, live, sequence } = media(playlistText('live.m3u8'));
    expect({ live, sequence }).toEqual({ live: true, sequence: 2680 });
    expect(segments.map(({ at }) => at)).toEqual([0, 3.96, 7.96]);
  });

  it('with parts lists the segments that they are parts of', () => {
    const names = media(playlistText('low-latency.m3u8')).segments.map(({ url }) => url);
    expect(names).toEqual([266, 267, 268, 269, 270].map((n) => addressOf(`fileSequence${n}.mp4`)));
  });

  it('that leaves out what an earlier one listed says so', () => {
    const { segments, sequence, skipped } = media(playlistText('low-latency-delta.m3u8'));
    expect({ sequence, skipped, listed: segments.length }).toEqual({ sequence: 267, skipped: 3, listed: 2 });
  });

  it('may have variables, of its own and of its address', () => {
    const text = [
      ...[
        '#EXTM3U',
        '#EXT-X-DEFINE:NAME="host",VALUE="https://cdn.example"',
        '#EXT-X-DEFINE:QUERYPARAM="key"',
      ],
      ...[
        '#EXT-X-DEFINE:IMPORT="other"',
        '#EXTINF:4,',
        '{$host}/a.ts?key={$key}',
        '#EXTINF:4,',
        '{$other}/b.ts',
      ],
    ];
    const [rendition] = read(text.join('\r\n'), 'list.m3u8?key=abc');
    expect(rendition?.segments).toEqual([{ url: 'https://cdn.example/a.ts?key=abc', at: 0, duration: 4 }]);
  });

  it('of a million segments is read as far as anybody may watch', () => {
    const many = '#EXTINF:2,\na\n'.repeat(80_000);
    const ended = media(`#EXTM3U\n${many}#EXT-X-ENDLIST`);
    expect(ended.segments).toHaveLength(50_000);
    const live = media(`#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:10\n${many}`);
    expect(live.segments).toHaveLength(3000);
    expect(live.sequence).toBe(77_010);
  });

  it.each([
    ['a range without end', '#EXT-X-BYTERANGE:99999999999999999999@1'],
    ['a range of nothing', '#EXT-X-BYTERANGE:0@5'],
    ['a range beyond all files', '#EXT-X-BYTERANGE:10@9007199254740990'],
  ])('with %s lists the others', (_, tag) => {
    const { segments } = media(`#EXTM3U\n#EXTINF:2,\n${tag}\na.ts\n#EXTINF:2,\nb.ts\n`);
    expect(segments.map(({ url }) => url)).toEqual([addressOf('b.ts')]);
  });

  it.each(['-4', 'NaN', '1e999', '9'.repeat(400), '..', '0', ''])(
    'plays %s seconds in bounds',
    (duration) => {
      const { segments } = media(`#EXTM3U\n#EXTINF:${duration},\na.ts\n#EXTINF:2,\nb.ts\n`);
      for (const { at, duration: seconds } of segments) {
        expect(at >= 0 && at <= 366 * 86_400 && seconds >= 0 && seconds <= 366 * 86_400).toBe(true);
      }
    },
  );
});

describe('a hostile playlist', () => {
  it.each([
    '#EXT-X-MEDIA:TYPE=__proto__,GROUP-ID="polluted",NAME="n",URI="a"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="__proto__",NAME="polluted",URI="a"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=" __proto__ ",NAME="polluted",URI="a"',
    '#EXT-X-MEDIA:TYPE=__proto__,TYPE=AUDIO,GROUP-ID="polluted",NAME="n",URI="a"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="toString",NAME="polluted",URI="a"',
    '#EXT-X-DEFINE:NAME="p",VALUE="__pro"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{$p}to__",NAME="polluted",URI="a"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=__proto__,NAME=polluted,URI="a"',
    '#EXT-X-DEFINE:NAME="__proto__",VALUE="polluted"',
    '#EXT-X-STREAM-INF:__proto__="polluted"',
  ])('changes no object but its own: %s', (line) => {
    try {
      read(`#EXTM3U\n${line}\na.m3u8\n`);
    } catch {
      // To fail is fine.
    }
    expect('polluted' in {}).toBe(false);
    expect(
      Object.getOwnPropertyNames(Object.getOwnPropertyDescriptor(Object.prototype, 'toString')?.value),
    ).toEqual(['length', 'name']);
  });

  it.each([
    ['commas', `#EXT-X-STREAM-INF:${','.repeat(2 ** 20)}`],
    ['many lines of commas', `#EXT-X-STREAM-INF:${',a'.repeat(4000)}\n`.repeat(125)],
    ['many lines of some commas', `#EXT-X-STREAM-INF:${`${'a'.repeat(160)},`.repeat(49)}\n`.repeat(130)],
    ['blanks', `#EXT-X-STREAM-INF:A="${' '.repeat(2 ** 20)}x"`],
    ['lines of blanks', `#EXT-X-STREAM-INF:A="${'\u00a0 '.repeat(4000)}x"\n`.repeat(125)],
    ['hints', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="a"\n'.repeat(25_000)],
    ['dates', '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01"\n'.repeat(20_000)],
    ['variables', `${'#EXT-X-DEFINE:NAME="a",VALUE="b"\n'.repeat(15_000)}${'a\n'.repeat(250_000)}`],
    ['lines', '\n'.repeat(2 ** 20)],
    ['names', `${'a\n'.repeat(500_000)}#EXTINF:1,\nb`],
    ['variants', '#EXT-X-STREAM-INF:BANDWIDTH=1\na\n'.repeat(30_000)],
  ])('of %s is read, or not, in no time', (_, text) => {
    const before = performance.now();
    try {
      expect(read(`#EXTM3U\n${text}`).length).toBeLessThanOrEqual(100);
    } catch {
      // To fail is fine, too.
    }
    expect(performance.now() - before).toBeLessThan(2500);
  });
});

it.each(['', 'hello', '<html></html>', '{}', '#EXT'])('what is no playlist is refused: %j', (text) => {
  expect(() => read(text)).toThrow('no playlist');
});
