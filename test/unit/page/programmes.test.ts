import { describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import type { Fault } from '../../../src/page/engine-host.js';
import { readPlaylist } from '../../../src/page/playlists.js';
import type { PlaylistsModule } from '../../../src/page/playlists/reading.js';
import { Programmes, type Place } from '../../../src/page/programmes.js';
import { FakeClock } from '../../support/fake-clock.js';
import { addressOf, playlistText } from '../../support/playlists.js';

const MASTER = addressOf('master.m3u8');
const LOW = addressOf('v5/prog_index.m3u8');
const HIGH = addressOf('v9/prog_index.m3u8');
const SOUND = addressOf('a1/prog_index.m3u8');

function rig(loadParsers: () => Promise<PlaylistsModule> = () => Promise.resolve({ readPlaylist })) {
  const clock = new FakeClock();
  const faults: Fault[] = [];
  const programmes = new Programmes({ clock, loadParsers, fault: (fault) => faults.push(fault) });
  const learn = (asked: CanonicalUrl, text: string, url = asked): Promise<void> =>
    programmes.learn({ asked, url, text });
  return { clock, faults, programmes, learn };
}

/** A live playlist of five segments of two seconds. */
function liveText(first: number): string {
  const segments = Array.from({ length: 5 }, (_, i) => `#EXTINF:2,\n${first + i}.ts\n`);
  return `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}\n${segments.join('')}`;
}

function segmentOf(place: Place | undefined) {
  return place?.rendition.segments[place.index];
}

describe('playlists of one master', () => {
  it.each([
    ['after it', [MASTER, LOW, SOUND]],
    ['before it', [SOUND, LOW, MASTER]],
  ])('are one programme when they come %s', async (_, order) => {
    const { learn, programmes, faults } = rig();
    for (const url of order)
      await learn(url, playlistText(url === MASTER ? 'master.m3u8' : 'on-demand.m3u8'));
    expect(programmes.all.map(({ url }) => url)).toEqual([MASTER]);
    const found = programmes.find(addressOf('v5/segment4.m4s'));
    expect(found).toMatchObject({
      programme: { url: MASTER },
      rendition: { id: LOW, kind: 'video' },
      index: 4,
    });
    expect(found?.rendition.bandwidth).toBe(2_177_116);
    expect(programmes.find(addressOf('a1/segment1.m4s'))?.rendition).toMatchObject({
      id: SOUND,
      kind: 'audio',
    });
    expect(faults).toEqual([]);
  });

  it('are adaptive where there are several rates', async () => {
    const { learn, programmes } = rig();
    await learn(LOW, playlistText('on-demand.m3u8'));
    expect(programmes.isAdaptive(addressOf('v5/segment4.m4s'))).toBe(false);
    await learn(MASTER, playlistText('master.m3u8'));
    expect(programmes.isAdaptive(addressOf('v5/segment4.m4s'))).toBe(true);
    expect(programmes.isAdaptive(addressOf('unknown.m4s'))).toBe(false);
  });

  it('are found at whatever address the playlist was redirected to', async () => {
    const { learn, programmes } = rig();
    const edge = 'https://edge-7.cdn.example/s/1/list.m3u8' as CanonicalUrl;
    await learn(MASTER, playlistText('master.m3u8'));
    await learn(HIGH, liveText(1), edge);
    const place = programmes.find('https://edge-7.cdn.example/s/1/3.ts' as CanonicalUrl);
    expect(place).toMatchObject({
      programme: { url: MASTER },
      rendition: { id: HIGH, live: true },
      index: 2,
    });
    await learn(HIGH, liveText(2), 'https://edge-8.cdn.example/s/2/list.m3u8' as CanonicalUrl);
    expect(programmes.all).toHaveLength(1);
    expect(programmes.find('https://edge-8.cdn.example/s/2/6.ts' as CanonicalUrl)?.index).toBe(4);
  });
});

it('hosts of one manifest are no choice of rates, its renditions are', async () => {
  const { learn, programmes } = rig();
  await learn(addressOf('a.mpd'), playlistText('numbers.mpd'));
  expect(programmes.isAdaptive('https://cdn-2.example/dash/v-low/00001.m4s' as CanonicalUrl)).toBe(true);
  expect(programmes.isAdaptive('https://cdn.example/dash/sound/96000-1.m4s?cost=$1' as CanonicalUrl)).toBe(
    false,
  );
});

it('of parts of a file, the one that holds the byte is found', async () => {
  const { learn, programmes } = rig();
  await learn(addressOf('list.m3u8'), playlistText('byte-ranges.m3u8'));
  const url = addressOf('main.mp4');
  const index = (start?: number): number | undefined => programmes.find(url, start)?.index;
  expect([719, 1_508_718, 1_508_719, 3_460_462].map(index)).toEqual([0, 0, 1, 2]);
  expect([0, 718, 3_460_463].map(index)).toEqual([undefined, undefined, undefined]);
  expect(index()).toBe(0);
});

describe('a live playlist', () => {
  it('takes the place of what it said before', async () => {
    const { learn, programmes } = rig();
    await learn(LOW, liveText(1));
    await learn(LOW, liveText(3));
    expect(programmes.find(addressOf('v5/2.ts'))).toBeUndefined();
    expect(programmes.find(addressOf('v5/7.ts'))).toMatchObject({ index: 4, rendition: { live: true } });
    expect(programmes.all).toHaveLength(1);
  });

  it('may leave out what it said before', async () => {
    const { learn, programmes } = rig();
    await learn(LOW, playlistText('low-latency.m3u8'));
    const next = `${LOW}?_HLS_msn=271&_HLS_part=0&_HLS_skip=YES` as CanonicalUrl;
    await learn(next, playlistText('low-latency-delta.m3u8'));
    expect(programmes.all.map(({ url }) => url)).toEqual([LOW]);
    const { segments = [] } = programmes.all[0]?.renditions[0] ?? {};
    expect(segments.map(({ url }) => url)).toEqual(
      [267, 268, 269, 270, 271].map((n) => addressOf(`v5/fileSequence${n}.mp4`)),
    );
    segments.forEach(({ at }, i) => expect(at).toBeCloseTo(i * 4.00008, 3));
    await learn(next, playlistText('low-latency-delta.m3u8'));
    expect(programmes.all[0]?.renditions[0]?.segments).toHaveLength(5);
  });

  it('that leaves out what nobody knows lists the rest', async () => {
    const { learn, programmes } = rig();
    await learn(LOW, playlistText('low-latency-delta.m3u8'));
    expect(programmes.find(addressOf('v5/fileSequence271.mp4'))?.index).toBe(1);
  });

  it('whose newest text waits is read once', async () => {
    let reads = 0;
    const { learn, programmes } = rig(() =>
      Promise.resolve({
        readPlaylist: (...args) => {
          reads++;
          return readPlaylist(...args);
        },
      }),
    );
    await Promise.all([1, 2, 3].map((first) => learn(LOW, liveText(first))));
    expect(reads).toBe(1);
    expect(programmes.find(addressOf('v5/7.ts'))?.index).toBe(4);
  });
});

it('a live manifest lists more as time goes by', async () => {
  const { clock, learn, programmes } = rig();
  await learn(addressOf('live.mpd'), playlistText('live-numbers.mpd'));
  const next = addressOf('V300/1800.m4s');
  expect(programmes.find(next)).toBeUndefined();
  await clock.advance(2000);
  programmes.find(next);
  await clock.advance(0);
  expect(segmentOf(programmes.find(next))).toMatchObject({ url: next, duration: 2 });
});

describe('what cannot be read', () => {
  it('is told once for each playlist, and changes nothing', async () => {
    const { learn, programmes, faults } = rig();
    await learn(LOW, liveText(1));
    for (let i = 0; i < 3; i++) await learn(LOW, '<html>');
    await learn(HIGH, '');
    expect(faults).toEqual([
      { code: 'not-supported', message: `cannot read ${LOW}: no playlist` },
      { code: 'not-supported', message: `cannot read ${HIGH}: no playlist` },
    ]);
    expect(programmes.find(addressOf('v5/1.ts'))?.index).toBe(0);
  });

  it('for lack of parsers is told, and they are asked for again after a while', async () => {
    let asked = 0;
    const { clock, learn, programmes, faults } = rig(() =>
      ++asked === 1 ? Promise.reject(new Error('404')) : Promise.resolve({ readPlaylist }),
    );
    for (let i = 0; i < 3; i++) await learn(LOW, liveText(1));
    expect({ asked, faults: faults.length, all: programmes.all }).toEqual({ asked: 1, faults: 1, all: [] });
    await clock.advance(60_000);
    await learn(LOW, liveText(1));
    expect({ asked, all: programmes.all.length }).toEqual({ asked: 2, all: 1 });
  });
});

describe('what is remembered', () => {
  it('is of so many playlists at most', async () => {
    const { learn, programmes } = rig();
    for (let i = 0; i < 30; i++) await learn(addressOf(`${i}/list.m3u8`), liveText(1));
    expect(programmes.all).toHaveLength(16);
    expect(programmes.find(addressOf('29/1.ts'))?.index).toBe(0);
    expect(programmes.find(addressOf('13/1.ts'))).toBeUndefined();
  });

  it('is of so many segments at most', async () => {
    const segments = Array.from({ length: 45_000 }, (_, i) => ({ url: addressOf('a'), at: i, duration: 1 }));
    const { learn, programmes } = rig(() =>
      Promise.resolve({ readPlaylist: () => [{ id: 'a', kind: 'video', segments, live: false }] }),
    );
    for (let i = 0; i < 3; i++) await learn(addressOf(`${i}/list.m3u8`), '#EXTM3U');
    expect(programmes.all.map(({ url }) => url)).toEqual([
      addressOf('2/list.m3u8'),
      addressOf('1/list.m3u8'),
    ]);
  });
});

it('what takes long is read with pauses', async () => {
  const clock = new FakeClock();
  let ticks = 0;
  let pauses = 0;
  const pause = (resume: () => void, ms: number): void => {
    pauses++;
    clock.setTimeout(resume, ms);
  };
  const programmes = new Programmes({
    clock: {
      now: () => clock.now(),
      ticks: () => (ticks += 5),
      setTimeout: pause,
      clearTimeout: () => undefined,
    },
    loadParsers: () => Promise.resolve({ readPlaylist }),
    fault: () => undefined,
  });
  const asked = addressOf('a.mpd');
  const done = programmes.learn({ asked, url: asked, text: playlistText('numbers.mpd') });
  await clock.advance(1);
  await done;
  expect(pauses).toBe(3);
  expect(programmes.all[0]?.renditions).toHaveLength(6);
});
