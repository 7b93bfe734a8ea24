import { createClient, createCluster } from 'redis';

export interface WireOptions {
  /**
   * `redis[s]://[user:password@]host[:port][/database]`. Several are nodes of a cluster, which all take the
   * user and password of the first.
   */
  readonly urls: readonly string[];
  /** A connection stands, maybe again: what is at its other end may have forgotten everything. */
  readonly ready: () => void;
  /** A connection failed. */
  readonly failed: (error: unknown) => void;
}

/** One Redis or a cluster, spoken to in plain commands, which go out together once this turn of work ends. */
export interface Wire {
  /** Commands can be given; they may fail all the same. */
  readonly isReady: boolean;
  /** Resolves when it stands; may reject, and can then be tried again. Afterwards it mends itself. */
  connect(): Promise<void>;
  /** `key` is in `command`, and leads to its shard. */
  send(key: string, command: string[]): Promise<unknown>;
  /** Resolves to the number of listeners reached. */
  publish(channel: string, text: string): Promise<number>;
  subscribe(channel: string, hear: (text: string) => void): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  close(): void;
}

/** Until a connection stands (ms). */
const CONNECT_TIMEOUT = 3_000;
/** A connection that is silent for so long (ms) is dead, since pings are sent more often. */
const SILENCE = 5_000;
const PING_INTERVAL = 2_000;
/** Between two attempts to connect (ms). */
const FIRST_RETRY = 100;
const LONGEST_RETRY = 2_000;
/** Commands without an answer: some seconds' worth. Beyond it they fail at once. */
const MAX_WAITING = 100_000;

const DEFAULTS = {
  // Whatever Redis cannot do now is done without it.
  disableOfflineQueue: true,
  commandsQueueMaxLength: MAX_WAITING,
  pingInterval: PING_INTERVAL,
};
/** A timer for each command costs more than the command: those who wait have limits of their own. */
const COMMAND_OPTIONS = { timeout: 0 };
const SOCKET = {
  connectTimeout: CONNECT_TIMEOUT,
  socketTimeout: SILENCE,
  reconnectStrategy: (retries: number) => Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(retries, 10)),
};

export function createWire(options: WireOptions): Wire {
  const [url = '', ...others] = options.urls;
  return others.length === 0 ? new SingleWire(url, options) : new ClusterWire(options);
}

function newClient(url: string) {
  return createClient({ url, ...DEFAULTS, commandOptions: COMMAND_OPTIONS, socket: SOCKET });
}

/** One server; messages come over the connection that the commands use. */
class SingleWire implements Wire {
  readonly #client: ReturnType<typeof newClient>;

  constructor(url: string, { ready, failed }: WireOptions) {
    this.#client = newClient(url);
    this.#client.on('error', failed).on('ready', ready);
  }

  get isReady(): boolean {
    return this.#client.isReady;
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  send(_key: string, command: string[]): Promise<unknown> {
    return this.#client.sendCommand(command);
  }

  publish(channel: string, text: string): Promise<number> {
    return this.#client.sPublish(channel, text);
  }

  subscribe(channel: string, hear: (text: string) => void): Promise<void> {
    return this.#client.sSubscribe(channel, hear);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#client.sUnsubscribe(channel);
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}

function newCluster(urls: readonly string[]) {
  const { username, password, protocol } = new URL(urls[0] ?? '');
  const socket = protocol === 'rediss:' ? { ...SOCKET, tls: true as const } : SOCKET;
  return createCluster({
    rootNodes: urls.map((url) => ({ url })),
    commandOptions: COMMAND_OPTIONS,
    defaults: {
      ...DEFAULTS,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      socket,
    },
  });
}

/** A cluster: each command goes to the shard of its key, messages to the shard of their channel. */
class ClusterWire implements Wire {
  readonly #cluster: ReturnType<typeof newCluster>;

  constructor({ urls, ready, failed }: WireOptions) {
    this.#cluster = newCluster(urls);
    this.#cluster.on('error', failed).on('node-error', failed).on('node-ready', ready);
  }

  get isReady(): boolean {
    return this.#cluster.isReady;
  }

  async connect(): Promise<void> {
    await this.#cluster.connect();
  }

  send(key: string, command: string[]): Promise<unknown> {
    return this.#cluster.sendCommand(key, false, command);
  }

  publish(channel: string, text: string): Promise<number> {
    return this.#cluster.sPublish(channel, text);
  }

  async subscribe(channel: string, hear: (text: string) => void): Promise<void> {
    await this.#cluster.sSubscribe(channel, hear);
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#cluster.sUnsubscribe(channel);
  }

  close(): void {
    if (this.#cluster.isOpen) this.#cluster.destroy();
  }
}
