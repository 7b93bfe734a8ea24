import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Live } from './live.js';
import { fileRepresentation, memoryRepresentation, type Representation } from './representation.js';

/** Where the site's files lie: its own pages and media, and Peerfold's built scripts. */
export interface Folders {
  readonly public: string;
  readonly scripts: string;
  /** The unmodified players of the streams' pages, by the names they are served under. */
  readonly players: ReadonlyMap<string, string>;
}

export interface Site {
  readonly folders: Folders;
  readonly live: Live;
  /** Text of `/peerfold-sw.js`. */
  readonly workerFile: string;
  /** What the script tag of every page says beyond what the page has it say. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly started: Date;
}

/** Finds the folders of the checkout that this file, or the bundle it ended up in, belongs to. */
export function findFolders(given: Partial<Pick<Folders, 'public' | 'scripts'>>): Folders {
  const root = checkoutRoot();
  if (root === undefined) throw new Error('the demo site cannot find its pages (demo-site/public)');
  const players = Object.entries(PLAYERS).map(([name, installed]): [string, string] => [
    `/vendor/${name}`,
    join(root, 'node_modules', installed),
  ]);
  return {
    public: given.public ?? join(root, 'demo-site', 'public'),
    scripts: given.scripts ?? join(root, 'dist'),
    players: new Map(players),
  };
}

/** The players are in their packages, as their makers publish them. */
const PLAYERS = {
  'hls.min.js': 'hls.js/dist/hls.min.js',
  'dash.all.min.js': 'dashjs/dist/modern/umd/dash.all.min.js',
};

/** Whether the site's own pages and media are here: for their 33 MB the package leaves them out. */
export function hasPages(): boolean {
  return checkoutRoot() !== undefined;
}

function checkoutRoot(from = dirname(fileURLToPath(import.meta.url))): string | undefined {
  if (existsSync(join(from, 'demo-site', 'public'))) return from;
  const above = dirname(from);
  return above === from ? undefined : checkoutRoot(above);
}

/** The two lines a site's owner writes: what Peerfold's worker may trust, and the worker itself. */
export function workerFile(literal: Readonly<Record<string, unknown>>): string {
  return `self.peerfold = ${JSON.stringify(literal)};\nimportScripts("/peerfold-worker.js");\n`;
}

/** Loader, engine, worker and whatever else the build puts beside them, with their source maps. */
const SCRIPT = /^\/peerfold(-[a-z0-9-]+)?\.js(\.map)?$/i;

const LIVE = '/live/';

/** The representation that the site's owner meant for `path` (as in the request, still encoded). */
export async function findRepresentation(site: Site, path: string): Promise<Representation | undefined> {
  const decoded = safePath(path);
  if (decoded === undefined) return undefined;
  if (decoded === '/peerfold-sw.js') {
    return memoryRepresentation('text/javascript; charset=utf-8', Buffer.from(site.workerFile), site.started);
  }
  if (decoded.startsWith(LIVE)) return site.live.find(decoded.slice(LIVE.length));
  const player = site.folders.players.get(decoded);
  if (player !== undefined) return fileRepresentation(dirname(player), player);
  if (SCRIPT.test(decoded))
    return fileRepresentation(site.folders.scripts, join(site.folders.scripts, decoded));
  const file = decoded.endsWith('/') ? `${decoded}index.html` : decoded;
  const found = await fileRepresentation(site.folders.public, join(site.folders.public, file));
  return found?.type.startsWith('text/html') ? tagged(found, site.attributes) : found;
}

const TAG = 'src="/peerfold.js"';

/** The same page with more attributes in its script tag; a page without a tag is as it was. */
async function tagged(page: Representation, attributes: Site['attributes']): Promise<Representation> {
  const added = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  if (added.length === 0) return page;
  const chunks: Uint8Array[] = [];
  for await (const chunk of page.read({ start: 0, end: page.length })) chunks.push(chunk);
  const text = Buffer.concat(chunks)
    .toString()
    .replace(TAG, TAG + added.join(''));
  return memoryRepresentation(page.type, Buffer.from(text), page.lastModified);
}

/**
 * Decodes a request path, or `undefined` for one that no honest link has: malformed escapes, NUL,
 * backslashes, dot segments (also when they appear only after decoding) and hidden files.
 */
function safePath(path: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return undefined;
  if (decoded.split('/').some((segment) => segment.startsWith('.'))) return undefined;
  return decoded;
}
