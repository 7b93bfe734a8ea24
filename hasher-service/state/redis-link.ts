import { createClient } from 'redis';
import type { Clock } from '../../src/core/clock.js';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';

export interface RedisLinkOptions {
  /** `redis[s]://[user:password@]host[:port][/database]` */
  readonly url: string;
  readonly clock: Clock;
  readonly log: RedisLog;
}

export interface RedisLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export type RedisClient = ReturnType<typeof newClient>;

/** What a command answered. */
export interface Reply<T> {
  readonly reply: T;
}

/** Until a connection stands (ms). */
const CONNECT_TIMEOUT = 3000;
/** A server on the same network answers in a millisecond: after this (ms) we go on without it. */
const COMMAND_TIMEOUT = 2000;
/** After a command without an answer none is sent for so long (ms): not every visitor is to wait for one. */
const SUSPENSION = 2000;
/** A connection that is silent for so long (ms) is dead, since pings are sent more often. */
const SILENCE = 5000;
const PING_INTERVAL = 2000;
/** Between two attempts to connect (ms). */
const FIRST_RETRY = 100;
const LONGEST_RETRY = 2000;
/** Between two complaints in the log (ms). */
const TELL_AGAIN = 60_000;
/** A start that reaches no Redis in so many attempts, some three seconds, is a mistake or an outage to be told of. */
const FIRST_ATTEMPTS = 6;

function newClient(url: string) {
  return createClient({
    url,
    // Whatever Redis cannot do now is done without it.
    disableOfflineQueue: true,
    pingInterval: PING_INTERVAL,
    socket: {
      connectTimeout: CONNECT_TIMEOUT,
      socketTimeout: SILENCE,
      reconnectStrategy: (retries) => Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(retries, 10)),
    },
  });
}

/**
 * The connection to Redis: for commands and, as RESP3 allows, for messages too, so that there is one
 * thing that stands or does not. Nothing here rejects because Redis is away: that is a state of affairs,
 * for which every caller has an answer.
 */
export class RedisLink {
  readonly #client: RedisClient;
  readonly #channels = new Map<string, (message: string) => void>();
  readonly #onReady: (() => void)[] = [];
  #trouble: string | undefined;
  #isSubscribed = false;
  /** Before then (clock's `ticks`) the log is not told of further failures. */
  #tellAfter = Number.NEGATIVE_INFINITY;
  /** Until then (clock's `ticks`) nothing is sent. */
  #suspendedUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: RedisLinkOptions) {
    this.#client = newClient(options.url);
  }

  /** Why Redis is not used at the moment. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Must come before `open`. */
  hear(channel: string, listener: (message: string) => void): void {
    this.#channels.set(channel, listener);
  }

  /** `run` is called whenever the connection stands again; must come before `open`. */
  onReady(run: () => void): void {
    this.#onReady.push(run);
  }

  /**
   * Resolves when the connection stands; from then on it is made again and again. Rejects with `bad-config`
   * when it cannot be made at first: who knows nothing cannot go on with what he knows.
   */
  async open(): Promise<void> {
    let failures = 0;
    await new Promise<void>((resolve, reject) => {
      this.#client.on('error', (error: unknown) => {
        this.#note(error);
        if (++failures === FIRST_ATTEMPTS) reject(unreachable(this.options.url, error));
      });
      this.#client.on('ready', () => {
        void this.#ready().then(resolve);
      });
      // It only rejects when we close; whatever is wrong before that is an 'error' event.
      this.#client.connect().catch(() => undefined);
    }).catch((error: unknown) => {
      this.close();
      throw error;
    });
  }

  /** What the command answers, or `undefined` when Redis is away, refuses it, or takes too long. */
  async attempt<T>(command: (client: RedisClient) => Promise<T>): Promise<Reply<T> | undefined> {
    const { clock } = this.options;
    if (!this.#client.isReady || clock.ticks() < this.#suspendedUntil) return undefined;
    let timer: unknown;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = clock.setTimeout(() => {
        this.#suspendedUntil = clock.ticks() + SUSPENSION;
        reject(new Error('no answer in time'));
      }, COMMAND_TIMEOUT);
    });
    try {
      const reply = await Promise.race([command(this.#client), timeout]);
      this.#trouble = undefined;
      return { reply };
    } catch (error) {
      this.#note(error);
      return undefined;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  /** Runs a script whose answer is a text or a list of texts; `undefined` as in `attempt`. */
  async run(
    script: string,
    keys: readonly string[],
    values: readonly (string | Buffer)[],
  ): Promise<readonly string[] | undefined> {
    const answer = await this.attempt<unknown>((client) =>
      client.eval(script, { keys: [...keys], arguments: [...values] }),
    );
    return answer && [answer.reply].flat().map((text) => (typeof text === 'string' ? text : ''));
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #ready(): Promise<void> {
    this.#suspendedUntil = Number.NEGATIVE_INFINITY;
    if (!this.#isSubscribed) {
      const listen = (message: string, channel: string): void => this.#channels.get(channel)?.(message);
      const subscribed = await this.attempt((client) => client.subscribe([...this.#channels.keys()], listen));
      if (!subscribed) {
        this.#subscribeLater();
        return;
      }
      this.#isSubscribed = true;
    }
    this.#trouble = undefined;
    this.#tellAfter = Number.NEGATIVE_INFINITY;
    this.options.log.info({}, 'Redis is there');
    for (const run of this.#onReady) run();
  }

  /** Messages are heard later; that the connection stands is of use until then. */
  #subscribeLater(): void {
    this.options.clock.setTimeout(() => {
      if (this.#client.isReady) void this.#ready();
    }, SUSPENSION);
  }

  /** A failure is told from time to time, however many commands and attempts it makes fail. */
  #note(error: unknown): void {
    const { clock, log } = this.options;
    if (clock.ticks() >= this.#tellAfter) {
      this.#tellAfter = clock.ticks() + TELL_AGAIN;
      log.warn({ reason: reasonOf(error) }, 'Redis fails; going on without it');
    }
    this.#trouble = `Redis fails (${reasonOf(error)}): state is not shared with other instances.`;
  }
}

/** The URL may hold a password. */
function unreachable(url: string, error: unknown): PeerfoldError {
  const { host } = new URL(url);
  return new PeerfoldError('bad-config', `Redis at ${host} cannot be used: ${reasonOf(error)}`);
}
