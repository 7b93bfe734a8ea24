// Talking to ffmpeg: raw frames in, a lossless scratch film out, then two-pass H.264.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Run ffmpeg to its end. @param {string[]} args @param {string} [cwd] */
export async function ffmpeg(args, cwd) {
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ffmpeg ended with code ${code}`);
}

/**
 * Run `work` with a scratch folder that is removed afterwards.
 * @param {(folder: string) => Promise<void>} work
 */
export async function withScratch(work) {
  const folder = await mkdtemp(join(tmpdir(), 'demo-media-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A fixed 64 × 64 pattern of sub-bit noise, which keeps smooth skies free of bands. */
const dither = Float32Array.from(
  { length: 4096 },
  (_, i) => ((i * 0.754877666 + (i >> 6) * 0.569840291) % 1) - 0.5,
);

/** @param {import('../lib/frame.mjs').Frame} frame @param {Buffer} bytes */
function quantise({ width, height, data }, bytes) {
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const d = dither[(y & 63) * 64 + (x & 63)] + 0.5;
      for (let c = 0; c < 3; c++, i++) {
        const v = data[i] * 255 + d;
        bytes[i] = v < 0 ? 0 : v > 255 ? 255 : v;
      }
    }
  }
}

/**
 * Render frames into a lossless scratch film.
 * @param {string} file @param {{width: number, height: number, fps: number, frames: number}} format
 * @param {(index: number) => import('../lib/frame.mjs').Frame} draw
 */
export async function renderFilm(file, { width, height, fps, frames }, draw) {
  const input = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-s',
    `${width}x${height}`,
    '-r',
    String(fps),
    '-i',
    '-',
  ];
  const output = [
    '-vf',
    'scale=1280:720:flags=lanczos:out_color_matrix=bt709,format=yuv420p',
    '-c:v',
    'libx264',
    '-qp',
    '0',
    '-preset',
    'ultrafast',
    file,
  ];
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...input, ...output], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const closed = once(child, 'close');
  const buffers = [Buffer.alloc(width * height * 3), Buffer.alloc(width * height * 3)];
  for (let i = 0; i < frames; i++) {
    quantise(draw(i), buffers[i & 1]);
    const written = new Promise((done, fail) =>
      child.stdin.write(buffers[i & 1], (e) => (e ? fail(e) : done(undefined))),
    );
    await written;
    if (i % (fps * 10) === 0) console.log(`  frame ${i} of ${frames}`);
  }
  child.stdin.end();
  const [code] = await closed;
  if (code !== 0) throw new Error(`ffmpeg ended with code ${code}`);
}

/**
 * Encode a scratch film and a sound track in two passes.
 * @param {string} folder the scratch folder, holding film.mkv and sound.wav
 * @param {{kbps: number, peak: number, audio: number, key: number, preset?: string}} rate `key` is the
 *   distance of keyframes in frames
 * @param {string[]} output last arguments: container options and file
 * @param {string} [cwd] where the output is written
 */
export async function encodeTwoPass(folder, { kbps, peak, audio, key, preset = 'slow' }, output, cwd) {
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    preset,
    '-profile:v',
    'high',
    '-level',
    '3.1',
    '-pix_fmt',
    'yuv420p',
    '-b:v',
    `${kbps}k`,
    '-maxrate',
    `${peak}k`,
    '-bufsize',
    `${peak * 2}k`,
    '-g',
    String(key),
    '-keyint_min',
    String(key),
    '-sc_threshold',
    '0',
    '-x264-params',
    'aq-mode=3:open-gop=0',
    '-colorspace',
    'bt709',
    '-color_primaries',
    'bt709',
    '-color_trc',
    'bt709',
    '-passlogfile',
    join(folder, 'pass'),
    '-fflags',
    '+bitexact',
    '-flags',
    '+bitexact',
  ];
  const film = ['-i', join(folder, 'film.mkv')];
  await ffmpeg([...film, ...video, '-pass', '1', '-an', '-f', 'null', '-']);
  const sound = [
    '-i',
    join(folder, 'sound.wav'),
    '-map',
    '0:v',
    '-map',
    '1:a',
    '-c:a',
    'aac',
    '-b:a',
    `${audio}k`,
    '-ar',
    '48000',
    '-ac',
    '2',
  ];
  await ffmpeg([...film, ...sound, ...video, '-pass', '2', ...output], cwd);
}
