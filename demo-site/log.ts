import type { IncomingHttpHeaders } from 'node:http';
import { globTest } from './glob.js';

/** Header fields that tell who asked for what; the rest of a request is not kept. */
const LOGGED_HEADERS = [
  'accept',
  'authorization',
  'cache-control',
  'cookie',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'origin',
  'purpose',
  'referer',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-purpose',
  'service-worker',
  'user-agent',
] as const;
type LoggedHeader = (typeof LOGGED_HEADERS)[number];

/** One request that reached the origin. It is filled in as the answer goes out. */
export interface LoggedRequest {
  /** Milliseconds since 1970 when the request arrived. */
  readonly time: number;
  readonly method: string;
  /** Path as sent, without the query string, which is `query` (with its question mark, or empty). */
  readonly path: string;
  readonly query: string;
  /** The Range header, if there was one. */
  readonly range: string | undefined;
  readonly headers: Readonly<Partial<Record<LoggedHeader, string>>>;
  /** Status of the answer; 0 while there is none, and when the connection was reset without one. */
  status: number;
  /** Bytes of the body handed to the network. */
  bytes: number;
  /** Milliseconds since 1970 when the answer was complete or given up; `undefined` while it goes out. */
  ended: number | undefined;
  /** Whether the body went out as announced; false for faults, disconnects and errors. */
  complete: boolean;
  /** What failed in the server itself, which no injected fault does. */
  error: string | undefined;
}

/** What is asked of the server: method, target split into path and query, header fields. */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
}

/** A day of playing; a test run has a few thousand. The oldest entries go first. */
const MAX_ENTRIES = 50_000;

/** Every request that reached the origin, oldest first. */
export class RequestLog {
  #entries: LoggedRequest[] = [];

  get entries(): readonly LoggedRequest[] {
    return this.#entries;
  }

  /** The requests for paths that match `pattern` (`*` stands for any characters). */
  of(pattern: string): LoggedRequest[] {
    const matches = globTest(pattern);
    return this.#entries.filter((entry) => matches(entry.path));
  }

  /** Bytes of bodies sent for paths that match `pattern`. */
  bytesOf(pattern: string): number {
    return this.of(pattern).reduce((sum, entry) => sum + entry.bytes, 0);
  }

  clear(): void {
    this.#entries = [];
  }

  open(request: RequestLine, time: number): LoggedRequest {
    const { method, path, query, headers } = request;
    const entry: LoggedRequest = {
      time,
      method,
      path,
      query,
      range: headers.range,
      headers: interesting(headers),
      status: 0,
      bytes: 0,
      ended: undefined,
      complete: false,
      error: undefined,
    };
    if (this.#entries.length >= MAX_ENTRIES) this.#entries.shift();
    this.#entries.push(entry);
    return entry;
  }
}

function interesting(headers: IncomingHttpHeaders): LoggedRequest['headers'] {
  const kept: Partial<Record<LoggedHeader, string>> = {};
  for (const name of LOGGED_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  return kept;
}
