import { sep } from 'node:path';
import type { CanonicalUrl } from '../../src/core/brands.js';
import { canonicalUrl } from '../../src/protocol/url.js';

/** What URLs read as something else than a part of a name. */
const RESERVED = /[%?#\\]/g;

/** The URL under which `origin` serves the file at `path`, relative to its root, in the platform's spelling. */
export function urlOfPath(origin: string, path: string): CanonicalUrl | undefined {
  const names = path.split(sep).map((name) => name.replace(RESERVED, encodeURIComponent));
  return canonicalUrl(`/${names.join('/')}`, origin);
}
