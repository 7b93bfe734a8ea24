import { Agent } from 'undici';
import type { Bytes } from '../../src/core/bytes.js';
import type { Site } from '../../src/core/brands.js';
import type { Environment } from '../environment.js';
import { digitsHeader, type Headers } from '../judging/headers.js';
import { Exchange, type Head } from './exchange.js';
import { OriginFault, toFault } from './fault.js';
import { isPrivateLiteral, pinnedLookup } from './pinned-lookup.js';
import type { Target } from './rules.js';
import { Watchdog, type Pace } from './watchdog.js';

export interface OriginRequest {
  readonly target: Target;
  readonly site: Site;
  readonly method: 'GET' | 'HEAD';
  readonly accept: string;
  /** Range and preconditions. */
  readonly extra?: Readonly<Record<string, string>>;
  /** Told of the bytes of the body as they are read, also of those that lead to nothing. */
  readonly onRead?: (length: number) => void;
}

/** An origin's answer. Exactly one of `body` (read to its end or left) and `discard` must be used. */
export interface OriginAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Milliseconds since 1970 at which the request was sent. */
  readonly sentAt: number;
  readonly receivedAt: number;
  /** Throws `OriginFault` when it is slow, cut off or too long. */
  readonly body: AsyncIterable<Bytes>;
  discard(): void;
}

export interface OriginClientOptions {
  readonly environment: Environment;
  readonly pace: Pace;
  readonly maxBytes: number;
  /** Sockets per origin, at most. */
  readonly connections: number;
}

/** Heads above this are not those of a media file. */
const MAX_HEAD = 16 * 1024;
const USER_AGENT = 'peerfold-hasher';

/**
 * Fetches from origins as any anonymous visitor would: no cookies, no authorisation, no redirects
 * followed, no content coding. Private addresses are reachable only for targets that may be private.
 */
export class OriginClient {
  readonly #guarded: Agent;
  readonly #open: Agent;

  constructor(private readonly options: OriginClientOptions) {
    this.#guarded = this.#agent(false);
    this.#open = this.#agent(true);
  }

  /** Sends one request; rejects with `OriginFault` when no head comes. */
  async send(request: OriginRequest): Promise<OriginAnswer> {
    const { clock } = this.options.environment;
    const { target } = request;
    if (!target.mayBePrivate && isPrivateLiteral(new URL(target.origin).hostname))
      throw new OriginFault('private-address');
    const exchange = new Exchange();
    const watchdog = new Watchdog(clock, this.options.pace, (fault) => {
      exchange.abort(fault);
    });
    const sentAt = clock.now();
    try {
      this.#dispatch(request, exchange);
      const head = await exchange.head;
      watchdog.headArrived();
      const discard = (): void => {
        watchdog.stop();
        exchange.abort(new OriginFault('truncated'));
      };
      const body = this.#read(exchange, head, watchdog, request.onRead);
      return { ...head, sentAt, receivedAt: clock.now(), body, discard };
    } catch (error) {
      watchdog.stop();
      throw toFault(error, 'unreachable');
    }
  }

  /** Drops every connection; requests under way fail. */
  async close(): Promise<void> {
    await Promise.all([this.#guarded.destroy(), this.#open.destroy()]);
  }

  #agent(mayBePrivate: boolean): Agent {
    return new Agent({
      connections: this.options.connections,
      maxHeaderSize: MAX_HEAD,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { lookup: pinnedLookup(this.options.environment.resolve, mayBePrivate) },
    });
  }

  #dispatch({ target, method, accept, site, extra }: OriginRequest, exchange: Exchange): void {
    const agent = target.mayBePrivate ? this.#open : this.#guarded;
    const headers = {
      ...extra,
      host: target.host,
      accept,
      'accept-encoding': 'identity',
      origin: site,
      'user-agent': USER_AGENT,
    };
    agent.dispatch({ origin: target.origin, path: target.path, method, headers }, exchange);
  }

  async *#read(
    exchange: Exchange,
    { headers }: Head,
    watchdog: Watchdog,
    onRead: OriginRequest['onRead'],
  ): AsyncIterable<Bytes> {
    const promised = digitsHeader(headers, 'content-length');
    let length = 0;
    try {
      for await (const chunk of exchange.body()) {
        length += chunk.byteLength;
        onRead?.(chunk.byteLength);
        if (length > this.options.maxBytes) throw new OriginFault('too-large');
        watchdog.saw(chunk.byteLength);
        yield chunk;
      }
    } catch (error) {
      throw toFault(error, 'truncated');
    } finally {
      watchdog.stop();
    }
    if (promised !== undefined && promised !== length) throw new OriginFault('truncated');
  }
}
