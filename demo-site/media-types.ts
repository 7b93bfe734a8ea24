import { extname } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.m4s': 'video/iso.segment',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.mpd': 'application/dash+xml',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.vtt': 'text/vtt; charset=utf-8',
  '.webm': 'video/webm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
};

/** The media type of a file by its name; unknown names are plain bytes. */
export function mediaTypeOf(path: string): string {
  return TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
}

/** Pages and what makes them. Playlists and the like are left alone, as media are. */
const SENT_COMPRESSED =
  /^(text\/(html|css|javascript)|image\/svg\+xml|application\/(json|manifest\+json))(;|$)/;

/** Whether what has this media type is sent compressed to those who accept it. */
export function sentCompressed(mediaType: string): boolean {
  return SENT_COMPRESSED.test(mediaType);
}

/** Media may be kept and shared for an hour; what decides how a page works is asked about each time. */
export function cacheControlFor(mediaType: string): string {
  return /^(image|video|audio)\//.test(mediaType) ? 'public, max-age=3600' : 'no-cache';
}
