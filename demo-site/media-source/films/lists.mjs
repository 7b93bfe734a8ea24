// The two lists of the stream's renditions: one for HLS, one for DASH, both over the same segments.
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const SEGMENT_SECONDS = 4;

/** Both show 25 pictures a second and share one sound track. */
const FRAME_RATE = 25;
const SOUND_CODEC = 'mp4a.40.2';
const SOUND_HERTZ = 48_000;

/** From the best down; `name` is the folder, `codec` is what its first bytes say. */
const renditions = [
  { name: 'v0', width: 1280, height: 720, codec: 'avc1.64001f' },
  { name: 'v1', width: 640, height: 360, codec: 'avc1.4d401e' },
];

/** @typedef {typeof renditions[number] & {segments: number, bytes: number, peak: number, mean: number}} Measured */

/** @param {string} folder @param {typeof renditions[number]} rendition @returns {Promise<Measured>} */
async function measure(folder, rendition) {
  const path = join(folder, rendition.name);
  if (!(await readFile(join(path, 'playlist.m3u8'), 'utf8')).includes('#EXT-X-ENDLIST'))
    throw new Error(`the playlist of ${rendition.name} is not closed`);
  const names = (await readdir(path)).filter((name) => name.endsWith('.m4s'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
  const bytes = sizes.reduce((a, b) => a + b, 0);
  const rate = (size, seconds) => Math.ceil((size * 8) / seconds / 1000) * 1000;
  return {
    ...rendition,
    segments: names.length,
    bytes,
    peak: rate(Math.max(...sizes), SEGMENT_SECONDS),
    mean: rate(bytes, names.length * SEGMENT_SECONDS),
  };
}

/** @param {Measured[]} measured */
function masterPlaylist(measured) {
  const streams = measured.map(({ name, width, height, codec, peak, mean }) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${peak},AVERAGE-BANDWIDTH=${mean},RESOLUTION=${width}x${height},` +
      `FRAME-RATE=${FRAME_RATE.toFixed(3)},CODECS="${codec},${SOUND_CODEC}"`,
    `${name}/playlist.m3u8`,
  ]);
  return ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS', ...streams.flat(), ''].join('\n');
}

/** @param {Measured[]} measured */
function manifest(measured) {
  const seconds = (measured[0]?.segments ?? 0) * SEGMENT_SECONDS;
  const representations = measured.map(
    ({ name, width, height, codec, peak }) =>
      `      <Representation id="${name}" codecs="${codec},${SOUND_CODEC}" width="${width}" height="${height}"` +
      ` frameRate="${FRAME_RATE}" audioSamplingRate="${SOUND_HERTZ}" bandwidth="${peak}" />`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<MPD
  xmlns="urn:mpeg:dash:schema:mpd:2011"
  profiles="urn:mpeg:dash:profile:isoff-live:2011"
  type="static"
  mediaPresentationDuration="PT${seconds}S"
  minBufferTime="PT${SEGMENT_SECONDS}S"
>
  <Period id="0" start="PT0S">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
      <SegmentTemplate
        initialization="$RepresentationID$/init.mp4"
        media="$RepresentationID$/seg-$Number%03d$.m4s"
        startNumber="0"
        duration="${SEGMENT_SECONDS}"
      />
${representations.join('\n')}
    </AdaptationSet>
  </Period>
</MPD>
`;
}

/** Write index.m3u8 and manifest.mpd from what was measured. @param {string} folder */
export async function writeLists(folder) {
  const measured = await Promise.all(renditions.map((rendition) => measure(folder, rendition)));
  await writeFile(join(folder, 'index.m3u8'), masterPlaylist(measured));
  await writeFile(join(folder, 'manifest.mpd'), manifest(measured));
  for (const { name, segments, bytes } of measured)
    console.log(`hls  ${name}: ${segments} segments, ${(bytes / 1e6).toFixed(2)} MB`);
}
