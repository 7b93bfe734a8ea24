import { sep } from 'node:path';
import type { CanonicalUrl } from '../../src/core/brands.js';
import { canonicalUrl } from '../../src/protocol/url.js';

/** The URL under which `origin` serves the file at `path`, relative to its root, in the platform's spelling. */
export function urlOfPath(origin: string, path: string): CanonicalUrl | undefined {
  return canonicalUrl(`${origin}/${escapedPath(path.split(sep))}`);
}

/** Escapes what the URL parser would take for something else or leave out; it escapes the rest itself. */
export function escapedPath(names: readonly string[]): string {
  return names.map(escaped).join('/');
}

/** Whether `path` is `directory` or below it; both are real paths. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function escaped(name: string): string {
  return name.replace(/[%?#\\\s\p{Cc}]/gu, encodeURIComponent);
}
