import type { Clock } from '../../core/clock.js';
import { parseObject } from '../../protocol/check.js';
import type { Answer, FileSeen } from './examination.js';

export interface ProbeOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** How long one answer may take (ms). */
  readonly timeout: number;
}

export interface Question<T> {
  readonly url: string;
  /** The site that is spoken for. */
  readonly site: string;
  readonly body?: object;
  /** Throws for an answer that is none. */
  readonly read: (text: string) => T | Promise<T>;
}

/** The longest text that is read: a policy with all the revocations it may have. */
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_ERROR = 64 * 1024;

/** Requests without a browser, which tell what a browser hides from pages: why something does not come. */
export class Probe {
  constructor(private readonly options: ProbeOptions) {}

  /** A file of the site and its text. */
  async file(url: string): Promise<{ readonly seen: FileSeen; readonly text: string }> {
    try {
      const { response, text } = await this.#get(url, {});
      const { headers, status } = response;
      const seen: FileSeen = {
        ...{ url, ok: true, status, redirected: status >= 300 && status < 400 },
        type: headers.get('content-type') ?? '',
        cacheControl: headers.get('cache-control') ?? '',
        policy: headers.get('content-security-policy') ?? '',
      };
      return { seen, text: status === 200 ? text : '' };
    } catch (error) {
      return { seen: { url, ok: false, problem: problemOf(error) }, text: '' };
    }
  }

  /** Asks a service as pages of `site` do. */
  async ask<T>({ url, site, body, read }: Question<T>): Promise<Answer<T>> {
    try {
      const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const { response, text } = await this.#get(url, { ...post, headers: { origin: site } });
      const { status, headers } = response;
      if (status !== 200) return { is: 'refused', status, ...errorIn(text) };
      const allowed = headers.get('access-control-allow-origin');
      return { is: 'given', value: await read(text), cors: allowed === '*' || allowed === site };
    } catch (error) {
      return { is: 'silent', problem: problemOf(error) };
    }
  }

  async #get(url: string, init: RequestInit): Promise<{ response: Response; text: string }> {
    const { fetch, clock, timeout } = this.options;
    const abort = new AbortController();
    const timer = clock.setTimeout(() => {
      abort.abort(new Error(`no answer within ${timeout / 1000} s`));
    }, timeout);
    try {
      const response = await fetch(url, { redirect: 'manual', signal: abort.signal, ...init });
      return { response, text: await textOf(response) };
    } finally {
      clock.clearTimeout(timer);
      // Ends a body that was too long.
      abort.abort();
    }
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_TEXT) throw new Error('the answer does not end');
  }
  return text;
}

/** The services' own errors; others have none. */
function errorIn(text: string): { code: string; message: string } {
  const error = parseObject(text, MAX_ERROR)?.['error'] as { code?: unknown; message?: unknown } | undefined;
  const { code, message } = error ?? {};
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}

/** What went wrong, as the system calls it where it does. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  const { code = '', message } = cause as Error & { code?: string };
  return PROBLEMS[code] ?? (message || code);
}

const PROBLEMS: Readonly<Record<string, string | undefined>> = {
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  UND_ERR_SOCKET: 'the connection was closed',
  ENOTFOUND: 'there is no such host (ENOTFOUND)',
  EAI_AGAIN: 'the name cannot be looked up (EAI_AGAIN)',
  ETIMEDOUT: 'no connection in time (ETIMEDOUT)',
};
