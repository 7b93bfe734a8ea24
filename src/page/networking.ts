import type { CanonicalUrl, Root, RootPrefix } from '../core/brands.js';
import type { Bytes, Sha256 } from '../core/bytes.js';
import { prefixOf } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { PeerfoldError } from '../core/errors.js';
import type { Cut } from '../core/pieces.js';
import type { LinkFactory } from '../peer/link.js';
import type { PeerInfo, PeerStats, SwarmEvents } from '../peer/contract.js';
import { Swarm } from '../peer/swarm.js';
import type { WorkerMessage } from '../protocol/bridge.js';
import type { Relays } from '../protocol/hasher.js';
import type { Identity } from '../protocol/seal.js';
import { Admissions } from './admissions.js';
import type { Catalogue } from './catalogue.js';
import type { EngineHost } from './engine-host.js';
import type { HasherClient } from './hasher-client.js';
import type { Holding } from './holdings.js';
import { PeerTokens } from './peer-tokens.js';
import { Introductions } from './introductions.js';
import { Layers } from './layers.js';
import { linksOf } from './linked-peers.js';
import type { Questions } from './questions.js';
import { Seeker } from './seeker.js';
import { TrackerClient, type OpenSocket } from './tracker-client.js';
import type { UploadBudget } from './upload-budget.js';

export interface NetworkingOptions {
  readonly host: EngineHost;
  readonly identity: Identity;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly hasher: HasherClient;
  readonly budget: Pick<UploadBudget, 'rate' | 'take'>;
  readonly linksThrough: (relays: () => Relays | undefined) => LinkFactory;
  readonly openSocket: OpenSocket;
  readonly catalogue: Catalogue;
  readonly reads: Questions<Bytes>;
  readonly admits: Questions<boolean>;
  readonly sha256: Sha256;
  /** A peer sent this about a URL that was sought; unverified. */
  readonly token: (url: CanonicalUrl, token: string) => void;
  readonly failed: (error: unknown) => void;
}

type Need = Extract<WorkerMessage, { t: 'need' }>;
type Verdict = Extract<WorkerMessage, { t: 'verdict' }>;

/**
 * All that talks to others, made when this tab may and closed when it no longer may: the swarm, the
 * tracker, and what lies between them. What it needs to know to start again is kept elsewhere.
 */
export class Networking {
  readonly #swarm: Swarm;
  readonly #tracker: TrackerClient;
  readonly #introductions: Introductions;
  readonly #layers: Layers;
  readonly #tokens: PeerTokens;
  readonly #admissions: Admissions | undefined;
  readonly #seeker: Seeker;
  #interest: readonly RootPrefix[] = [];
  readonly #shared = new Set<RootPrefix>();
  #closed = false;

  constructor(private readonly options: NetworkingOptions) {
    const { clock, hasher, identity, failed } = options;
    if (!options.host.config.static)
      this.#admissions = new Admissions({ identity, clock, request: (key) => hasher.admission(key) });
    this.#layers = new Layers({
      clock,
      failed,
      request: (root, cut) => hasher.layer(root, cut),
      deliver: (root, bytes, from) => {
        const sender = from === undefined ? {} : { from };
        options.host.send({ t: 'layer', root, bytes, ...sender }, [bytes.buffer]);
      },
    });
    const swarm = (this.#swarm = this.#makeSwarm());
    this.#tokens = new PeerTokens({ ...options, swarm, came: options.token });
    this.#introductions = this.#makeIntroductions();
    this.#tracker = this.#makeTracker();
    this.#seeker = new Seeker({
      ...options,
      isSettled: () => swarm.stats().links > 0 || this.#missing.length === 0,
      seek: () => {
        this.#tracker.want(this.#missing, true);
      },
    });
  }

  get tracked(): boolean {
    return this.#tracker.pid !== undefined;
  }

  /** What is of interest, and nothing of it is here yet. */
  get #missing(): RootPrefix[] {
    return this.#interest.filter((root) => !this.#shared.has(root));
  }

  share({ root, cut, bits, layer, url, token }: Holding): void {
    this.#swarm.share(root, cut, bits, layer);
    this.#tokens.offer(root, url, token);
    this.#shared.add(prefixOf(root));
    if (this.options.budget.rate > 0) this.#tracker.have(prefixOf(root));
  }

  /** The budget has another rate. Who uploads nothing is nobody's holder, either. */
  setUploadRate(): void {
    const { rate } = this.options.budget;
    this.#swarm.setUploadRate(rate);
    for (const root of this.#shared) {
      if (rate > 0) this.#tracker.have(root);
      else this.#tracker.gone(root);
    }
  }

  unshare(root: Root): void {
    this.#swarm.unshare(root);
    this.#shared.delete(prefixOf(root));
    this.#tracker.gone(prefixOf(root));
  }

  /** What the page will probably need: connected peers and the tracker are asked for it ahead of time. */
  interest(contents: readonly { readonly root: Root; readonly cut: Cut }[]): void {
    this.#swarm.interest(contents);
    this.#interest = contents.map(({ root }) => prefixOf(root));
    this.#tracker.want(this.#interest);
    this.#seeker.start();
  }

  need({ id, url, root, length, piece, pieces, wait, layer, lasting }: Need): void {
    const cut = { length, piece };
    this.options.catalogue.add({ url, root, cut, until: this.options.clock.now() + wait });
    if (layer) this.#layers.need(root, cut, this.#swarm.stats().links > 0);
    this.#swarm.need({ id, root, cut, pieces, wait, layer, lasting });
  }

  /** Asks peers for the statements about these; false when there are none. */
  seek(urls: readonly CanonicalUrl[]): boolean {
    if (this.#swarm.stats().links === 0) return false;
    this.#tokens.seek(urls);
    return true;
  }

  cancel(id: number): void {
    this.#swarm.cancel(id);
  }

  verdict({ from, root, index, verdict }: Verdict): void {
    this.#swarm.verdict(from, root, index, verdict);
  }

  /** The page's own copy of `url` is not what was signed: tells the hash service, where there is one. */
  async report(url: CanonicalUrl, signed: Root): Promise<void> {
    const { hasher, failed } = this.options;
    try {
      const receipt = (await this.#admissions?.get())?.receipt;
      if (receipt !== undefined) await hasher.report({ url, signed, receipt });
    } catch (error) {
      failed(error);
    }
  }

  /** Linked peers that hold something of any of these. */
  holders(urls: readonly CanonicalUrl[]): readonly PeerStats[] {
    return this.#swarm.holders(this.options.catalogue.rootsOf(urls));
  }

  stats(): ReturnType<typeof linksOf> {
    return linksOf(this.#swarm.stats());
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#layers.close();
    this.#introductions.close();
    this.#swarm.close();
    this.#seeker.stop();
    this.#tracker.close();
  }

  #makeSwarm(): Swarm {
    const { host, clock, random, linksThrough, identity, reads, budget } = this.options;
    return new Swarm({
      clock,
      random,
      factory: linksThrough(() => this.#admissions?.relays),
      key: identity.publicKey,
      uploadRate: budget.rate,
      allowance: budget,
      uploads: {
        read: (root, index) =>
          reads.ask((id) => {
            host.send({ t: 'read', id, root, index });
          }),
      },
      on: this.#swarmEvents(),
    });
  }

  #swarmEvents(): SwarmEvents {
    const { host, failed } = this.options;
    return {
      piece: ({ root, index, from, bytes }) => {
        host.send({ t: 'piece', root, index, from, bytes }, [bytes.buffer]);
      },
      layer: (root, bytes, from) => {
        this.#layers.came(root, bytes, from);
      },
      token: (hash, token) => {
        this.#tokens.heard(hash, token);
      },
      miss: (id, reason) => {
        host.send({ t: 'miss', id, reason });
      },
      wanted: (roots) => {
        const prefixes = roots.map(prefixOf);
        this.#introductions.recall(prefixes);
        this.#tracker.want(prefixes);
      },
      linkUp: (peer) => {
        this.#tellPeer('up', peer);
      },
      linkDown: (peer, reason) => {
        this.#tellPeer('down', peer, reason);
        this.#seeker.start();
      },
      report: ({ pid, ok, bad, slow, bytes }) => {
        this.#tracker.report({ pid, ok, bad, slow, bytes });
      },
      fault: failed,
    };
  }

  #tellPeer(state: 'up' | 'down', { from }: PeerInfo, reason?: string): void {
    const { links } = this.#swarm.stats();
    this.options.host.peer({ state, peer: from, links, ...(reason === undefined ? {} : { reason }) });
  }

  async #admits(admission: string, key: string): Promise<boolean> {
    const { host, admits } = this.options;
    const answer = await admits.ask((id) => {
      host.send({ t: 'admit', id, admission, key });
    });
    return answer ?? false;
  }

  #makeIntroductions(): Introductions {
    const { host, identity, clock, failed } = this.options;
    return new Introductions({
      identity,
      clock,
      failed,
      swarm: this.#swarm,
      pid: () => this.#tracker.pid,
      admit: host.config.static ? 'everyone' : this.#admits.bind(this),
      post: (to, pass, box) => {
        this.#tracker.signal(to, pass, box);
      },
    });
  }

  #makeTracker(): TrackerClient {
    const { host, identity, clock, random, openSocket, failed } = this.options;
    const { tracker, site } = host.config;
    return new TrackerClient({
      url: tracker,
      site,
      identity,
      admissions: this.#admissions,
      clock,
      random,
      openSocket,
      on: {
        peers: (peers, roots, first) => {
          void this.#introductions.introduce(peers, roots).then((unheld) => {
            if (first) this.#absent(unheld);
          });
        },
        absent: (roots) => {
          this.#absent(roots.filter((root) => !this.#introductions.expects(root)));
        },
        signal: (signal) => {
          this.#introductions.hear(signal);
        },
        unreachable: (reason) => {
          failed(new PeerfoldError('tracker-unreachable', `no tracker at ${tracker}: ${reason}`));
        },
      },
    });
  }

  #absent(prefixes: readonly RootPrefix[]): void {
    if (this.#closed) return;
    const roots = prefixes.flatMap((prefix) => this.options.catalogue.rootOf(prefix) ?? []);
    if (roots.length > 0) this.#swarm.absent(roots);
  }
}
