import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CanonicalUrl } from '../../src/core/brands.js';

const FOLDER = path.join(import.meta.dirname, 'playlists');

/** A playlist or manifest in one of the shapes that HLS (RFC 8216) and DASH (ISO/IEC 23009-1) have. */
export function playlistText(name: string): string {
  return readFileSync(path.join(FOLDER, name), 'utf8');
}

export function addressOf(path: string): CanonicalUrl {
  return new URL(path, 'https://site.example/film/').href as CanonicalUrl;
}
