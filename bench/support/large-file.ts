import type { TransferReport } from '../../src/index.js';
import { STAGE, type Stand } from './stand.js';
import type { Visitor } from './visitor.js';

/** Whoever sees a file over HTTP keeps at most 16 MiB of one answer, so seeders read it in parts. */
const PART_BYTES = 8 * 2 ** 20;
/** Two should do. */
const MOST_READINGS = 5;

declare global {
  interface Window {
    /** Path of the large file of which the first byte came last. */
    began?: string;
  }
}

/** A file of the site that peers give to each other. */
export interface LargeFile {
  readonly path: string;
  /** Length. */
  readonly bytes: number;
}

/** A picture that seeders have seen and leechers will want: so they are linked before the file is asked for. */
export const LURE = '/media/lure.png';
export const LURE_BYTES = 100_000;
/** The page of whoever gets the file. */
export const LEECH = '/leech.html';
export const LEECH_TEXT = `<!doctype html><title>leech</title><script src="/peerfold.js"></script>
<body style="margin:0;padding-top:20000px"><img src="${LURE}" loading="lazy"></body>`;

/** What one way of getting a file took (ms), and the bytes that peers gave of it. */
export interface Fetched {
  readonly first: number;
  readonly last: number;
  readonly fromPeers: number;
}

/** Opens a page for a visitor that has the lure and announces it. */
export async function seedLure(visitor: Visitor, stand: Stand): Promise<void> {
  await visitor.openReady(stand.peerfold + STAGE);
  await visitor.page.evaluate(async (lure) => {
    const image = new Image();
    image.src = lure;
    document.body.append(image);
    await image.decode();
  }, LURE);
}

/**
 * Reads a file until this visitor holds all of it. A worker that is busy forgets parts of what passed through
 * it over HTTP before it could compare them; what a later reading finds missing is kept in any case.
 */
export async function seedFile(visitor: Visitor, file: LargeFile): Promise<void> {
  await readParts(visitor, file);
  for (let i = 0; i < MOST_READINGS; i++) {
    const before = (await visitor.transfers()).length;
    await fetchFile(visitor, file);
    const { bytes } = await reportOf(visitor, file, before);
    if (bytes.store === file.bytes) return;
  }
  throw new Error(`${file.path} is not held after ${MOST_READINGS} readings`);
}

async function readParts(visitor: Visitor, { path, bytes }: LargeFile): Promise<void> {
  await visitor.page.evaluate(
    async ({ path, bytes, part }) => {
      // The first answer makes the hash service sign the file; what follows is kept against its token.
      await (await fetch(path, { headers: { range: 'bytes=0-65535' } })).arrayBuffer();
      for (let at = 0; at < bytes; at += part) {
        const range = `bytes=${at}-${Math.min(at + part, bytes) - 1}`;
        await (await fetch(path, { headers: { range } })).arrayBuffer();
      }
    },
    { path, bytes, part: PART_BYTES },
  );
}

/** Reads the whole file by `fetch`, whatever stands between the page and the network. */
export function fetchFile(visitor: Visitor, { path, bytes }: LargeFile): Promise<Omit<Fetched, 'fromPeers'>> {
  return visitor.page.evaluate(
    async ({ path, bytes }) => {
      const start = performance.now();
      const reader = (await fetch(path)).body?.getReader();
      let first: number | undefined;
      let count = 0;
      for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
        first ??= performance.now() - start;
        window.began = path;
        count += chunk.value.byteLength;
      }
      if (count !== bytes) throw new Error(`${count} bytes instead of ${bytes}`);
      return { first: first ?? Number.NaN, last: performance.now() - start };
    },
    { path, bytes },
  );
}

/** The same, and what of it came from peers by Peerfold's own report. */
export async function fetchFromPeers(visitor: Visitor, file: LargeFile): Promise<Fetched> {
  const before = (await visitor.transfers()).length;
  const { first, last } = await fetchFile(visitor, file);
  const { bytes } = await reportOf(visitor, file, before);
  return { first, last, fromPeers: bytes.peer };
}

/**
 * The same from peers alone, but for the start: when the first byte is there, the origin gives no more. A
 * loopback's origin is faster than any peer, and where it helps it hides what peers can do.
 */
export async function fetchFromPeersAlone(visitor: Visitor, stand: Stand, file: LargeFile): Promise<Fetched> {
  const fetching = fetchFromPeers(visitor, file);
  const began = visitor.page.waitForFunction((path) => window.began === path, file.path);
  // Whatever goes wrong, `fetching` says so.
  await Promise.race([began.catch(() => undefined), fetching]);
  return stand.withoutOrigin(`${file.path}*`, () => fetching);
}

/** Megabytes a second that peers gave. */
export function paceOfPeers({ fromPeers, last }: Fetched): number {
  return fromPeers / 1000 / last;
}

/** The report on the latest transfer of a file, which comes after `before` others. */
async function reportOf(visitor: Visitor, { path }: LargeFile, before: number): Promise<TransferReport> {
  await visitor.page.waitForFunction(
    ({ path, before }) =>
      window.peerfold
        .stats()
        .resources.slice(before)
        .some(({ url }) => url.endsWith(path)),
    { path, before },
  );
  const report = (await visitor.transfers()).findLast(({ url }) => url.endsWith(path));
  if (!report) throw new Error(`no report on ${path}`);
  return report;
}

/** The least and the most of the shares that peers gave, as people read it. */
export function shareFromPeers(fetched: readonly Fetched[], { bytes }: LargeFile): string {
  const shares = fetched.map(({ fromPeers }) => (100 * fromPeers) / bytes);
  return `${Math.min(...shares).toFixed(1)}–${Math.max(...shares).toFixed(1)} % from peers`;
}
