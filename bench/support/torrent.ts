import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright';
import { freePorts } from './ports.js';
import { BROWSER_RIVAL, rivalFolder } from './rivals.js';
import type { Stand } from './stand.js';

/** Where the plain site serves WebTorrent's browser build. */
const SCRIPT = '/webtorrent.min.js';
/** Longer than the pieces of a torrent of some MB. */
const GAP_BYTES = 256 * 1024;

/** What is used of WebTorrent in a page. */
interface TorrentFile {
  readonly name: string;
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
}
interface Torrent {
  readonly torrentFile: Uint8Array;
  readonly files: readonly TorrentFile[];
  readonly wires: readonly unknown[];
}
interface TorrentClient {
  seed(files: readonly File[], options: object, then: (torrent: Torrent) => void): void;
  add(torrentFile: Uint8Array, options: object, then: (torrent: Torrent) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  destroy(done: () => void): void;
}

declare global {
  interface Window {
    /** The rival's client and torrent, between the steps of a benchmark. */
    rival?: { readonly client: TorrentClient; torrent?: Torrent };
  }
}

/** Milliseconds from the request to first and last byte. */
export interface TorrentTimes {
  readonly first: number;
  readonly last: number;
}

/** WebTorrent as its users get it: its browser build, and the WebSocket tracker of its family. */
export class TorrentRival {
  private constructor(
    private readonly announce: string,
    readonly close: () => Promise<void>,
  ) {}

  /** Resolves to nothing when it is not to be had. */
  static async open(root: string, stand: Stand): Promise<TorrentRival | undefined> {
    const folder = await rivalFolder(root, BROWSER_RIVAL);
    if (folder === undefined) return undefined;
    const content = await readFile(path.join(folder, BROWSER_RIVAL.file));
    stand.sites[1].faults.set({ path: SCRIPT, content });
    const [port = 0] = await freePorts(1);
    const close = await startTracker(path.join(folder, '../bittorrent-tracker/server.js'), port);
    return new TorrentRival(`ws://localhost:${port}`, close);
  }

  /** Loads the rival and makes a new client in this page; one of before is gone, with its links. */
  async start(page: Page): Promise<void> {
    await page.evaluate(async (script) => {
      const before = window.rival?.client;
      if (before) await new Promise<void>((resolve) => before.destroy(resolve));
      const module = (await import(script)) as { default: new (options: object) => TorrentClient };
      // Without this its clients would ask public STUN servers.
      const client = new module.default({ tracker: { rtcConfig: { iceServers: [] } } });
      client.on('error', (error) => {
        throw error;
      });
      window.rival = { client };
    }, SCRIPT);
  }

  /**
   * Makes this page of the plain site seed files of that site; the torrent that others need to get them. No
   * two files have a piece in common: who gets one of them has nothing of the next.
   */
  async seed(page: Page, paths: readonly string[]): Promise<Torrent['torrentFile']> {
    const text = await page.evaluate(
      async ({ paths, announce, gap }) => {
        const fetched = paths.map(async (path) => {
          const name = path.slice(path.lastIndexOf('/') + 1);
          const file = new File([await (await fetch(path)).blob()], name);
          return paths.length > 1 ? [file, new File([new Uint8Array(gap)], `${name}.gap`)] : [file];
        });
        const files = (await Promise.all(fetched)).flat();
        const torrent = await new Promise<Torrent>((resolve) => {
          window.rival?.client.seed(files, { announce: [announce], name: 'bench' }, resolve);
        });
        return btoa(String.fromCharCode(...torrent.torrentFile));
      },
      { paths, announce: this.announce, gap: GAP_BYTES },
    );
    return Buffer.from(text, 'base64');
  }

  /** Gets the first file of a torrent, from knowing the torrent and nobody who has it. */
  async cold(page: Page, torrentFile: Uint8Array): Promise<TorrentTimes> {
    return page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
      const start = performance.now();
      const torrent = await new Promise<Torrent>((resolve) => {
        window.rival?.client.add(bytes, {}, resolve);
      });
      const [file] = torrent.files;
      if (!file) throw new Error('an empty torrent');
      let first: number | undefined;
      for await (const chunk of file) if (chunk.length > 0) first ??= performance.now();
      return { first: (first ?? Number.NaN) - start, last: performance.now() - start };
    }, toText(torrentFile));
  }

  /** Joins a torrent without asking for any of it; resolves once a peer would give. */
  async join(page: Page, torrentFile: Uint8Array): Promise<void> {
    await page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
      const { rival } = window;
      if (!rival) throw new Error('no client');
      rival.torrent = await new Promise<Torrent>((resolve) => {
        rival.client.add(bytes, { deselect: true }, resolve);
      });
    }, toText(torrentFile));
    await page.waitForFunction(() => (window.rival?.torrent?.wires.length ?? 0) > 0);
  }

  /** Gets one more file of the torrent that this page has joined. */
  async warm(page: Page, name: string): Promise<TorrentTimes> {
    return page.evaluate(async (name) => {
      const file = window.rival?.torrent?.files.find((one) => one.name === name);
      if (!file) throw new Error(`no ${name} in the torrent`);
      const start = performance.now();
      let first: number | undefined;
      for await (const chunk of file) if (chunk.length > 0) first ??= performance.now();
      return { first: (first ?? Number.NaN) - start, last: performance.now() - start };
    }, name);
  }
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Resolves to what ends it. */
export async function startTracker(module: string, port: number): Promise<() => Promise<void>> {
  interface Server {
    listen(port: number, host: string, then: () => void): void;
    close(then: () => void): void;
  }
  const { default: Server } = (await import(pathToFileURL(module).href)) as {
    default: new (options: object) => Server;
  };
  const server = new Server({ http: false, udp: false, ws: true, stats: false });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return () =>
    new Promise((resolve) => {
      server.close(resolve);
    });
}
