import type { PeerId, RootPrefix, Site } from '../../../src/core/brands.js';
import type { Bytes, RandomBytes } from '../../../src/core/bytes.js';
import type { Clock } from '../../../src/core/clock.js';
import { PeerfoldError, reasonOf } from '../../../src/core/errors.js';
import { fromBase64Url, toBase64Url } from '../../../src/protocol/base64.js';
import type { Place } from '../../choosing/place.js';
import type { NodeMessage } from '../messages.js';
import { isNodeName, type NodeName } from '../names.js';
import type { Others, OthersListener, OthersStatus, Profile, RemoteHolding } from '../port.js';
import { Finder } from './finder.js';
import { keys } from './keys.js';
import { RedisLink, type NodesLog } from './link.js';
import { writeMember } from './member.js';
import { Post } from './post.js';
import { Pulse } from './pulse.js';
import { Roll } from './roll.js';
import { Teller } from './teller.js';
import { Watches } from './watches.js';
import { inTime } from './in-time.js';

export interface RedisOthersOptions {
  /** One Redis or Valkey, or several nodes of one cluster: `redis[s]://[user:password@]host[:port]`. */
  readonly urls: readonly string[];
  readonly node: NodeName;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: NodesLog;
  readonly holdersPerRoot: number;
  /** How long (ms) what is told is believed without being told again; for tests. */
  readonly lease?: number;
}

/** Long: only what a node forgot to take back, or could not, waits for it. */
const LEASE = 3600_000;
/** A start that reaches no Redis for so long (ms) is a mistake or an outage to be told of. */
const START_PATIENCE = 5_000;
/** Between two attempts to find a cluster at the start (ms). */
const CONNECT_AGAIN = 500;
const SECRET_LENGTH = 32;

/** The other nodes, by way of one Redis or a Redis Cluster. */
export class RedisOthers implements Others {
  readonly #link: RedisLink;
  readonly #roll: Roll;
  readonly #pulse: Pulse;
  readonly #teller: Teller;
  readonly #finder: Finder;
  readonly #watches: Watches;
  readonly #post: Post;
  #listener: OthersListener | undefined;
  #secret: Promise<Bytes> | undefined;
  #risen: () => void = () => undefined;
  #closed = false;

  constructor(private readonly options: RedisOthersOptions) {
    const { clock, lease = LEASE, node: self } = options;
    const link = new RedisLink(options);
    const roll = new Roll(self, clock);
    const shared = { ...options, link, roll, self, lease };
    this.#link = link;
    this.#roll = roll;
    this.#watches = new Watches(shared);
    this.#post = new Post({
      ...shared,
      message: (message) => this.#guard(() => this.#listener?.message(message)),
      undelivered: (node, message) => this.#guard(() => this.#listener?.undelivered(node, message)),
    });
    this.#teller = new Teller({
      ...shared,
      retell: () => this.#listener?.retell() ?? [],
      added: (site, root, watchers) => this.#added(site, root, watchers),
    });
    this.#finder = new Finder({
      ...shared,
      dead: (site, member, roots) => this.#teller.remove(site, member, roots),
    });
    this.#pulse = new Pulse({
      ...shared,
      hear: (text) => this.#post.hear(text),
      beaten: (lost) => this.#beaten(lost),
    });
  }

  async open(listener: OthersListener): Promise<void> {
    this.#listener = listener;
    this.#secret = this.#start();
    try {
      await inTime(this.options.clock, START_PATIENCE, this.#secret);
    } catch (error) {
      await this.close();
      const hosts = this.options.urls.map((url) => new URL(url).host).join(', ');
      throw new PeerfoldError('bad-config', `Redis at ${hosts} cannot be used: ${reasonOf(error)}`);
    }
  }

  placeSecret(): Promise<Bytes> {
    return this.#secret ?? Promise.reject(new PeerfoldError('store-failed', 'not opened yet'));
  }

  show(site: Site, profile: Profile): void {
    this.#teller.show(site, profile);
  }

  hide(site: Site, pid: PeerId): void {
    this.#teller.hide(site, pid);
  }

  add(site: Site, pid: PeerId, place: Place, roots: readonly RootPrefix[]): void {
    this.#teller.add(site, writeMember(pid, place), roots);
  }

  remove(site: Site, pid: PeerId, place: Place, roots: readonly RootPrefix[]): void {
    this.#teller.remove(site, writeMember(pid, place), roots);
  }

  watch(site: Site, roots: readonly RootPrefix[], until: number): void {
    if (this.#roll.living > 0) this.#watches.watch(site, roots, until);
  }

  find(site: Site, roots: readonly RootPrefix[], perRoot: number): Promise<readonly RemoteHolding[]> {
    return this.#finder.find(site, roots, perRoot);
  }

  profiles(
    site: Site,
    pids: readonly PeerId[],
    gone?: (pid: PeerId) => void,
  ): Promise<ReadonlyMap<PeerId, Profile>> {
    return this.#finder.profiles(site, pids, gone);
  }

  send(node: NodeName, message: NodeMessage): void {
    this.#post.send(node, message);
  }

  status(): OthersStatus {
    const { away } = this.#link;
    return { living: this.#roll.living, ...(away ? { away } : {}) };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#post.close();
    this.#teller.close();
    await this.#pulse.stop();
    this.#link.close();
  }

  /** Connects, and agrees with the other nodes on the secret. */
  async #start(): Promise<Bytes> {
    const { clock } = this.options;
    const up = new Promise<void>((resolve) => {
      this.#risen = resolve;
    });
    this.#link.onReady = () => {
      this.#teller.owe();
      void this.#pulse.beat();
    };
    this.#link.onDoubt = () => void this.#pulse.beat();
    const connect = (): void => {
      if (this.#closed) return;
      this.#link.wire.connect().then(this.#link.onReady, (error: unknown) => {
        this.#link.fall(error);
        clock.setTimeout(connect, CONNECT_AGAIN);
      });
    };
    connect();
    await up;
    return this.#agree(toBase64Url(this.options.random(SECRET_LENGTH)));
  }

  /** The secret that is there, or ours if there is none. */
  async #agree(ours: string): Promise<Bytes> {
    const key = keys.placeSecret;
    await this.#link.send(key, ['SET', key, ours, 'NX']);
    const kept = await this.#link.send(key, ['GET', key]);
    const secret = typeof kept === 'string' ? fromBase64Url(kept) : undefined;
    if (secret?.byteLength === SECRET_LENGTH) return secret;
    throw new PeerfoldError('store-failed', `what Redis has as "${key}" is no secret of ours; remove it`);
  }

  #beaten(lost: boolean): void {
    this.#risen();
    this.#watches.sweep(lost);
    this.#teller.beaten(lost);
    if (lost) void this.#secret?.then((secret) => this.#agree(toBase64Url(secret))).catch(this.#note);
  }

  #added(site: Site, root: RootPrefix, watchers: readonly unknown[]): void {
    for (const name of watchers)
      if (isNodeName(name) && name !== this.options.node) this.#post.tell(name, site, root);
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#note(error);
    }
  }

  readonly #note = (error: unknown): void => this.#link.note(error);
}
