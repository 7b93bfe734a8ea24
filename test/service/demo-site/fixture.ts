import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDemoSite, type DemoSite, type DemoSiteOptions } from '../../../demo-site/server.js';
import { seededBytes } from '../../support/random.js';

/** A photograph of 1,000 bytes, a film of several read chunks, and what nobody may see. */
export const PHOTO = Buffer.from(seededBytes(1)(1000));
export const FILM = Buffer.from(seededBytes(2)(300_000));
export const OTHER = Buffer.from(seededBytes(3)(1000));
const SECRET = 'kept outside the site';

export interface Fixture {
  readonly folder: string;
  readonly publicFolder: string;
  readonly scripts: string;
  start(options?: Partial<DemoSiteOptions>): Promise<DemoSite>;
  remove(): Promise<void>;
}

/** A small site on disk, and a way to serve it; `remove` ends everything that was started. */
export async function makeFixture(): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-site-'));
  const publicFolder = join(folder, 'public');
  const scripts = join(folder, 'scripts');
  const started: DemoSite[] = [];
  await mkdir(join(publicFolder, 'media', 'folder.jpg'), { recursive: true });
  await mkdir(scripts);
  await Promise.all([
    writeFile(join(folder, 'secret.txt'), SECRET),
    writeFile(join(publicFolder, 'index.html'), '<!doctype html><title>Home</title>'),
    writeFile(join(publicFolder, '.hidden'), SECRET),
    writeFile(join(publicFolder, 'media', 'photo.jpg'), PHOTO),
    writeFile(join(publicFolder, 'media', 'other.jpg'), OTHER),
    writeFile(join(publicFolder, 'media', 'film.mp4'), FILM),
    writeFile(join(publicFolder, 'media', 'empty.webp'), ''),
    writeFile(join(publicFolder, 'media', 'with space é.png'), OTHER),
    writeFile(join(publicFolder, 'media', 'index.m3u8'), '#EXTM3U\n'),
    writeFile(join(publicFolder, 'media', 'seg-000.m4s'), OTHER),
    writeFile(join(publicFolder, 'media', 'unknown.xyz'), OTHER),
    writeFile(join(scripts, 'peerfold.js'), '/* loader */'),
    writeFile(join(scripts, 'peerfold-engine.js'), '/* engine */'),
    writeFile(join(scripts, 'peerfold-worker.js'), '/* worker */'),
    writeFile(join(scripts, 'peerfold-worker.js.map'), '{}'),
    writeFile(join(scripts, 'cli.js'), SECRET),
    symlink(join(folder, 'secret.txt'), join(publicFolder, 'link.txt')),
  ]);
  return {
    folder,
    publicFolder,
    scripts,
    start: async (options = {}) => {
      const site = await createDemoSite({
        port: 0,
        hasher: 'http://localhost:8081',
        tracker: 'ws://localhost:8082',
        public: publicFolder,
        scripts,
        ...options,
      });
      started.push(site);
      return site;
    },
    remove: async () => {
      await Promise.all(started.map((site) => site.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Whether the body came whole, as declared. */
  readonly complete: boolean;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** One request on a connection of its own, with the path exactly as given. Rejects when none answers. */
export function ask(site: DemoSite, path: string, { method, headers, body }: Ask = {}): Promise<Answer> {
  const { port } = new URL(site.url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method: method ?? 'GET', headers: headers ?? {}, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', () => undefined);
        incoming.on('close', () => {
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks),
            complete: incoming.complete,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Everything the server sends for `text` until it closes the connection. */
export function rawExchange(site: DemoSite, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(site.url).port), '127.0.0.1', () => socket.write(text));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
  });
}

/** Lets real sockets work until `holds`, turn by turn of the event loop. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits for the server, which notes what it sent a little later than the client may have it. */
export function served(site: DemoSite): Promise<void> {
  return until(() => site.log.entries.every(({ ended }) => ended !== undefined));
}
