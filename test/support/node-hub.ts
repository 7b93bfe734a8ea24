import type { PeerId, RootPrefix, Site } from '../../src/core/brands.js';
import type { Bytes } from '../../src/core/bytes.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import { PeerfoldError } from '../../src/core/errors.js';
import type { Place } from '../../tracker-service/choosing/place.js';
import type { NodeMessage } from '../../tracker-service/nodes/messages.js';
import { nodeOf, type NodeName } from '../../tracker-service/nodes/names.js';
import type {
  Others,
  OthersListener,
  OthersStatus,
  Profile,
  RemoteHolding,
} from '../../tracker-service/nodes/port.js';

const BEAT_EVERY = 4_000;
const SILENCE = 12_000;
const DELIVERY = 1;

interface Holder {
  readonly pid: PeerId;
  readonly place: Place;
  readonly until: number;
}

/** What the nodes of one process share in place of a Redis: it can be away, and forget. */
export class NodeHub {
  readonly holders = new Map<string, Map<PeerId, Holder>>();
  readonly watchers = new Map<string, Map<NodeName, number>>();
  readonly profiles = new Map<string, { readonly profile: Profile; readonly until: number }>();
  /** When (ticks) each node was last heard of. */
  readonly beats = new Map<NodeName, number>();
  readonly ears = new Map<NodeName, (message: NodeMessage) => void>();
  readonly secret: Bytes = new Uint8Array(32).fill(7);
  isDown = false;

  flush(): void {
    for (const kept of [this.holders, this.watchers, this.profiles, this.beats]) kept.clear();
  }
}

export interface HubOthersOptions {
  readonly hub: NodeHub;
  readonly node: NodeName;
  readonly clock: Clock;
  readonly holdersPerRoot: number;
  /** How long (ms) what is told is believed without being told again. */
  readonly lease: number;
}

/** The other nodes of the same process. */
export class HubOthers implements Others {
  #listener: OthersListener | undefined;
  #timer: Timer;
  #toldAt = 0;
  #away: { readonly since: number; readonly reason: string } | undefined;

  constructor(private readonly options: HubOthersOptions) {}

  open(listener: OthersListener): Promise<void> {
    const { hub, node } = this.options;
    if (hub.isDown) return Promise.reject(new PeerfoldError('bad-config', 'the hub is down'));
    this.#listener = listener;
    hub.ears.set(node, (message) => this.#guard(() => listener.message(message)));
    this.#beat();
    return Promise.resolve();
  }

  placeSecret(): Promise<Bytes> {
    return Promise.resolve(this.options.hub.secret);
  }

  show(site: Site, profile: Profile): void {
    const { clock, hub, lease } = this.options;
    if (!hub.isDown) hub.profiles.set(`${site}|${profile.pid}`, { profile, until: clock.now() + lease });
  }

  hide(site: Site, pid: PeerId): void {
    if (!this.options.hub.isDown) this.options.hub.profiles.delete(`${site}|${pid}`);
  }

  add(site: Site, pid: PeerId, place: Place, roots: readonly RootPrefix[]): void {
    const { clock, holdersPerRoot, hub, lease } = this.options;
    if (hub.isDown) return;
    for (const root of roots) {
      const key = `${site}|${root}`;
      const holders = hub.holders.get(key) ?? new Map<PeerId, Holder>();
      hub.holders.set(key, holders);
      const isNew = !holders.delete(pid);
      holders.set(pid, { pid, place, until: clock.now() + lease });
      for (const oldest of holders.keys()) if (holders.size > holdersPerRoot) holders.delete(oldest);
      if (isNew) this.#tell(site, root);
    }
  }

  remove(site: Site, pid: PeerId, _place: Place, roots: readonly RootPrefix[]): void {
    const { hub } = this.options;
    if (!hub.isDown) for (const root of roots) hub.holders.get(`${site}|${root}`)?.delete(pid);
  }

  watch(site: Site, roots: readonly RootPrefix[], until: number): void {
    const { hub, node } = this.options;
    for (const root of roots) {
      const watchers = hub.watchers.get(`${site}|${root}`) ?? new Map<NodeName, number>();
      hub.watchers.set(`${site}|${root}`, watchers.set(node, until));
    }
  }

  find(site: Site, roots: readonly RootPrefix[], perRoot: number): Promise<RemoteHolding[]> {
    const { clock, hub } = this.options;
    const found = new Map<PeerId, { pid: PeerId; place: Place; has: number[] }>();
    roots.forEach((root, position) => {
      const holders = [...(hub.holders.get(`${site}|${root}`)?.values() ?? [])].reverse();
      const current = hub.isDown ? [] : holders.filter(({ until }) => until > clock.now()).slice(0, perRoot);
      for (const { pid, place } of current) {
        if (!this.#isLiving(nodeOf(pid))) continue;
        const holding = found.get(pid) ?? { pid, place, has: [] };
        found.set(pid, holding);
        holding.has.push(position);
      }
    });
    return Promise.resolve([...found.values()]);
  }

  profiles(
    site: Site,
    pids: readonly PeerId[],
    gone: (pid: PeerId) => void = () => undefined,
  ): Promise<Map<PeerId, Profile>> {
    const { clock, hub } = this.options;
    const known = pids.flatMap((pid): [PeerId, Profile][] => {
      const kept = hub.isDown ? undefined : hub.profiles.get(`${site}|${pid}`);
      if (kept && kept.until > clock.now()) return [[pid, kept.profile]];
      if (!hub.isDown) gone(pid);
      return [];
    });
    return Promise.resolve(new Map(known));
  }

  send(node: NodeName, message: NodeMessage): void {
    const { clock, hub } = this.options;
    clock.setTimeout(() => {
      const ear = hub.isDown || !this.#isLiving(node) ? undefined : hub.ears.get(node);
      if (ear) ear(message);
      else this.#guard(() => this.#listener?.undelivered(node, message));
    }, DELIVERY);
  }

  status(): OthersStatus {
    const living = [...this.options.hub.beats.keys()].filter((node) => this.#isLiving(node)).length;
    return { living, ...(this.#away ? { away: this.#away } : {}) };
  }

  close(): Promise<void> {
    const { clock, hub, node } = this.options;
    clock.clearTimeout(this.#timer);
    hub.beats.delete(node);
    hub.ears.delete(node);
    return Promise.resolve();
  }

  #beat(): void {
    const { clock, hub, lease, node } = this.options;
    if (hub.isDown) this.#away ??= { since: clock.now(), reason: 'the hub is down' };
    else {
      const lost = this.#away !== undefined || !hub.beats.has(node);
      this.#away = undefined;
      hub.beats.set(node, clock.ticks());
      if (lost || clock.ticks() - this.#toldAt >= lease / 2) this.#retell();
    }
    this.#timer = clock.setTimeout(() => this.#beat(), BEAT_EVERY);
  }

  #retell(): void {
    this.#toldAt = this.options.clock.ticks();
    for (const { site, pid, place, roots, profile } of this.#listener?.retell() ?? []) {
      if (profile) this.show(site, profile);
      this.add(site, pid, place, roots);
    }
  }

  #tell(site: Site, root: RootPrefix): void {
    const { clock, hub, node } = this.options;
    for (const [watcher, until] of hub.watchers.get(`${site}|${root}`) ?? [])
      if (watcher !== node && until > clock.now()) this.send(watcher, { t: 'news', site, roots: [root] });
  }

  #isLiving(node: NodeName): boolean {
    const { clock, hub, node: self } = this.options;
    const beat = hub.beats.get(node);
    return node !== self && beat !== undefined && clock.ticks() - beat < SILENCE;
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch {
      // What the core throws is the core's to test.
    }
  }
}
