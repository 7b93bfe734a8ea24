// The stream's second rendition, for narrow lines: the first one again, smaller, with its very sound.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg, withScratch } from './ffmpeg.mjs';
import { SEGMENT_SECONDS, writeLists } from './lists.mjs';

const FPS = 25;
/** Each segment has two fragments that begin with a key frame: a live stream may hand them out one by one. */
const FRAGMENT_SECONDS = 2;
const FRAGMENTS = SEGMENT_SECONDS / FRAGMENT_SECONDS;

const encoding = [
  // Players see pictures begin at 0; ffmpeg counts from when the first one can be decoded.
  ...['-vf', 'setpts=PTS-STARTPTS,scale=640:360:flags=lanczos'],
  ...['-c:v', 'libx264', '-preset', 'slow', '-profile:v', 'main', '-level', '3.0', '-pix_fmt', 'yuv420p'],
  ...['-b:v', '400k', '-maxrate', '550k', '-bufsize', '1100k'],
  ...['-g', String(FPS * FRAGMENT_SECONDS), '-keyint_min', String(FPS * FRAGMENT_SECONDS)],
  ...['-sc_threshold', '0', '-x264-params', 'aq-mode=3:open-gop=0'],
  ...['-c:a', 'copy', '-fflags', '+bitexact', '-flags', '+bitexact'],
];
const fragmented = [
  ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets'],
  ...['-use_editlist', '0', '-f', 'mp4'],
];

/** The top-level boxes of an MP4 file (ISO/IEC 14496-12 section 4.2). @param {Buffer} file */
function boxesOf(file) {
  const boxes = [];
  for (let at = 0; at < file.length; at += file.readUInt32BE(at)) {
    const type = file.toString('latin1', at + 4, at + 8);
    boxes.push({ type, bytes: file.subarray(at, at + file.readUInt32BE(at)) });
  }
  return boxes;
}

/** The file's head, and its fragments. @param {Buffer} file */
function split(file) {
  const boxes = boxesOf(file);
  const head = boxes.filter(({ type }) => type === 'ftyp' || type === 'moov').map(({ bytes }) => bytes);
  const fragments = boxes
    .filter(({ type }) => type === 'moof' || type === 'mdat')
    .flatMap(({ type, bytes }, i, all) =>
      type === 'moof' ? [Buffer.concat([bytes, all[i + 1]?.bytes ?? bytes])] : [],
    );
  return { head: Buffer.concat(head), fragments };
}

/** @param {string} folder @param {Buffer} film */
async function writeRendition(folder, film) {
  const { head, fragments } = split(film);
  if (fragments.length % FRAGMENTS !== 0) throw new Error(`${fragments.length} fragments fill no segments`);
  const count = fragments.length / FRAGMENTS;
  const names = Array.from({ length: count }, (_, i) => `seg-${String(i).padStart(3, '0')}.m4s`);
  await writeFile(join(folder, 'init.mp4'), head);
  for (const [i, name] of names.entries())
    await writeFile(join(folder, name), Buffer.concat(fragments.slice(i * FRAGMENTS, (i + 1) * FRAGMENTS)));
  const first = await readFile(join(folder, '../v0/playlist.m3u8'), 'utf8');
  if (names.some((name) => !first.includes(name)) || first.includes(`seg-${String(count).padStart(3, '0')}`))
    throw new Error('the renditions have different segments');
  await writeFile(join(folder, 'playlist.m3u8'), first);
}

/** Make v1 of v0, and the lists of both. @param {string} folder */
export async function makeSmallRendition(folder) {
  await rm(join(folder, 'v1'), { recursive: true, force: true });
  await mkdir(join(folder, 'v1'), { recursive: true });
  await withScratch(async (scratch) => {
    const film = join(scratch, 'film.mp4');
    const source = ['-i', join(folder, 'v0', 'playlist.m3u8'), '-map', '0:v', '-map', '0:a'];
    await ffmpeg([...source, ...encoding, ...fragmented, film]);
    await writeRendition(join(folder, 'v1'), await readFile(film));
  });
  await writeLists(folder);
}
