import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, type Origin } from './answer.js';
import { realClock, type Clock } from './clock.js';
import { ContentCoding } from './content-coding.js';
import { control } from './control.js';
import { Faults } from './faults.js';
import { findFolders, workerFile } from './files.js';
import { Live, type LiveOptions } from './live.js';
import { RequestLog } from './log.js';

export type { FaultRule } from './faults.js';
export { hasPages } from './files.js';

export interface DemoSiteOptions {
  /** 0 takes any free port; `DemoSite.url` tells which. */
  readonly port: number;
  /** Address to listen on; by default only this machine is served. */
  readonly host?: string;
  /** Address of the hash service, for the site's worker file. */
  readonly hasher: string;
  /** Address of the tracker (`ws:` or `wss:`), for the site's worker file. */
  readonly tracker: string;
  /** Other fields of the worker file's literal, or other values for the usual ones. */
  readonly literal?: Readonly<Record<string, unknown>>;
  /** More attributes for the script tag of every page, such as `data-beacons`; nothing in them needs escaping. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Folder with the scripts for browsers, `peerfold.js` and `peerfold-….js`; by default the built ones. */
  readonly scripts?: string;
  /** Folder with the pages and media; by default those of this checkout. */
  readonly public?: string;
  /** What the live stream is made of. */
  readonly live?: LiveOptions;
  /** Whether `/__faults` and `/__log` answer. */
  readonly control?: boolean;
  readonly clock?: Clock;
}

export interface DemoSite {
  /** The site's origin, such as `http://localhost:8080`. */
  readonly url: string;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly live: Live;
  /** Ends open connections and stops listening. May be called again. */
  close(): Promise<void>;
}

/** Media segments are fetched by scripts, so their pattern is named; images and films are Peerfold's anyway. */
const INCLUDE = ['/media/*', '/live/*'];

/** Longer than any pause of a test or a visitor, so that no kept connection closes under a new request. */
const KEEP_ALIVE_MS = 120_000;

/** Starts the demo site's origin. Rejects with a sentence for people when the port is taken. */
export async function createDemoSite(options: DemoSiteOptions): Promise<DemoSite> {
  const clock = options.clock ?? realClock;
  const host = options.host ?? '127.0.0.1';
  const { hasher, tracker } = options;
  const folders = findFolders(options);
  const live = new Live(folders.public, clock, options.live);
  const origin: Origin = {
    site: {
      folders,
      live,
      workerFile: workerFile({ hasher, tracker, include: INCLUDE, ...options.literal }),
      attributes: options.attributes ?? {},
      started: new Date(clock.now()),
    },
    coding: new ContentCoding(),
    faults: new Faults(clock),
    log: new RequestLog(),
    clock,
  };
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (message, response) => {
    handle(origin, options.control ?? false, message, response).catch(() => {
      // Only reading a request body can fail here: the client went while it was sending.
      response.destroy();
    });
  });
  const port = await listen(server, options.port, host);
  return {
    url: `http://${publicName(host)}:${port}`,
    faults: origin.faults,
    log: origin.log,
    live,
    close: () => close(server),
  };
}

async function handle(
  origin: Origin,
  controlled: boolean,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (controlled && (await control(origin, message, response))) return;
  await answer(origin, message, response);
}

/** Browsers treat `localhost` as secure, which service workers need; addresses of all interfaces have no name. */
function publicName(host: string): string {
  if (['127.0.0.1', '::1', '0.0.0.0', '::', 'localhost'].includes(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE' ? portTaken(port, cause) : cause);
    });
    server.listen(port, host, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Keeps the code of the cause, so that a command can add how to choose another port. */
function portTaken(port: number, cause: Error): NodeJS.ErrnoException {
  const error = new Error(`the demo site cannot start: port ${port} is taken`, { cause });
  return Object.assign(error, { code: 'EADDRINUSE' });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Its only error is "not running", which is what was asked for.
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
