import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The demo site's files: what every byte that a page receives is compared with. */
const PUBLIC = new URL('../../demo-site/public/', import.meta.url);

export function originBytes(path: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`.${path}`, PUBLIC)));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function originSha256(path: string): string {
  return sha256(originBytes(path));
}

export const IMAGES: readonly string[] = readdirSync(fileURLToPath(new URL('media/images/', PUBLIC)))
  .filter((name) => !name.endsWith('.json'))
  .sort()
  .map((name) => `/media/images/${name}`);

/** The first six pictures of the gallery are on its first screens; the others load lazily. */
export const LAZY_IMAGES = IMAGES.slice(6);

export const FILM = '/media/video/tides.mp4';

function segmentsOf(rendition: string): readonly string[] {
  return readdirSync(fileURLToPath(new URL(`media/hls/${rendition}/`, PUBLIC)))
    .filter((name) => name.endsWith('.m4s'))
    .sort()
    .map((name) => `/media/hls/${rendition}/${name}`);
}

/** The stream in 720p, and the same seconds in 360p. */
export const SEGMENTS = segmentsOf('v0');
export const SMALL_SEGMENTS = segmentsOf('v1');
