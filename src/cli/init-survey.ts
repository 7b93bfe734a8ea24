import type { Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** What a site's folder holds, as far as `peerfold init` cares. Paths are relative to it, with slashes. */
export interface Survey {
  /** Segments and playlists of streams, which pages fetch by script. */
  readonly segments: readonly string[];
  /** Scripts that answer requests, and so are service workers. */
  readonly workers: readonly FoundWorker[];
  /** Where a page or script registers a service worker. */
  readonly registrations: readonly Registration[];
  /** Whether the folder was too large to be looked at in whole. */
  readonly cut: boolean;
}

export interface FoundWorker {
  readonly file: string;
  /** Whether it imports `peerfold-worker.js`. */
  readonly ours: boolean;
}

export interface Registration {
  readonly file: string;
  /** As written there; `undefined` where it is put together. */
  readonly worker: string | undefined;
}

/** A look of seconds: sites of more files have their service worker near the top. */
const MAX_FILES = 20_000;
const MAX_DEPTH = 8;
/** Scripts read, and bytes of each: where a worker's listeners and a bundle's registration are found, mostly. */
const MAX_READ = 1000;
const MAX_BYTES = 1024 * 1024;

const SEGMENT = /\.(m4s|cmf[va]|m3u8|mpd)$/i;
/** Of a stream when there are playlists as well; else it may be TypeScript. */
const TRANSPORT = /\.ts$/i;
const PLAYLIST = /\.(m3u8|mpd)$/i;
const SCRIPT = /\.(m?js|html?)$/i;
/** What `init` itself puts there; the worker file may be anybody's. */
const OURS = /^peerfold(-(?!sw\.)[a-z]+)?\.js$/;
const IMPORT = /importScripts\([^)]*peerfold-worker\.js/;
const WORKER_NAME = /^(sw|peerfold-sw|service-?worker|ngsw-worker)\.m?js$/i;
const WORKER_CODE =
  /addEventListener\(\s*["'`]fetch["'`]|importScripts\([^)]*workbox|precacheAndRoute|__WB_MANIFEST/;
const REGISTRATION =
  /serviceWorker\s*\.\s*register\(\s*(?:["'`]([^"'`\s]+)["'`])?|new\s+Workbox\(\s*(?:["'`]([^"'`\s]+)["'`])?/;

interface Listing {
  readonly files: string[];
  cut: boolean;
}

export async function survey(folder: string): Promise<Survey> {
  const listing: Listing = { files: [], cut: false };
  await list(folder, '', 0, listing);
  const { files } = listing;
  const streams = files.some((file) => PLAYLIST.test(file));
  const scripts = files.filter((file) => SCRIPT.test(file) && !OURS.test(posix.basename(file)));
  const read: Examined[] = [];
  for (const file of scripts.slice(0, MAX_READ)) read.push(await examine(folder, file));
  return {
    segments: files.filter((file) => SEGMENT.test(file) || (streams && TRANSPORT.test(file))),
    workers: read.flatMap(({ worker }) => worker ?? []),
    registrations: read.flatMap(({ registration }) => registration ?? []),
    cut: listing.cut || scripts.length > MAX_READ,
  };
}

/** The worker that imports ours. One answers for the folder that it lies in, so only the top one counts. */
export async function ourWorker(folder: string): Promise<string | undefined> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort(byName)) {
    const isScript = entry.isFile() && /\.m?js$/i.test(entry.name) && !OURS.test(entry.name);
    if (isScript && (await examine(folder, entry.name)).worker?.ours) return entry.name;
  }
  return undefined;
}

/** Links are not followed: they may lead in circles, or out of the site. */
async function list(folder: string, below: string, depth: number, into: Listing): Promise<void> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  for (const entry of entries.sort(byName)) {
    if (into.files.length >= MAX_FILES) {
      into.cut = true;
      return;
    }
    const path = posix.join(below, entry.name);
    if (entry.isFile()) into.files.push(path);
    else if (entry.isDirectory() && isSite(entry.name)) {
      if (depth < MAX_DEPTH) await list(folder, path, depth + 1, into);
      else into.cut = true;
    }
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

function isSite(name: string): boolean {
  return !name.startsWith('.') && name !== 'node_modules';
}

interface Examined {
  readonly worker?: FoundWorker;
  readonly registration?: Registration;
}

async function examine(folder: string, file: string): Promise<Examined> {
  const text = await head(join(folder, file));
  const isScript = !/\.html?$/i.test(file);
  const isWorker = isScript && (WORKER_NAME.test(posix.basename(file)) || WORKER_CODE.test(text));
  const [found, plain, workbox] = REGISTRATION.exec(text) ?? [];
  return {
    ...(isWorker ? { worker: { file, ours: IMPORT.test(text) } } : {}),
    ...(found === undefined ? {} : { registration: { file, worker: plain ?? workbox } }),
  };
}

/** The beginning of a file; nothing of one that may not be read. */
async function head(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(MAX_BYTES) });
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
