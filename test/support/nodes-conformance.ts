import { describe, expect, it, onTestFinished } from 'vitest';
import type { PeerId, RootPrefix, Site } from '../../src/core/brands.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import { toBase64Url } from '../../src/protocol/base64.js';
import type { Place } from '../../tracker-service/choosing/place.js';
import type { NodeMessage } from '../../tracker-service/nodes/messages.js';
import { nodeName, type NodeName } from '../../tracker-service/nodes/names.js';
import type { Others, OthersListener, Profile, Telling } from '../../tracker-service/nodes/port.js';
import { FakeClock } from './fake-clock.js';
import { seededBytes } from './random.js';
import { OTHER_SITE, SITE, prefix } from './tracker-world.js';

/** What several nodes share, and what can happen to it. */
export interface NodesWorld {
  /** A node that was not opened yet. */
  readonly make: (node: NodeName, clock: Clock, settings: NodeSettings) => Others;
  /** Resolves when all that was sent so far has been answered, if anything answers. */
  readonly settled: () => Promise<void>;
  readonly down: () => Promise<void>;
  /** With nothing left in it. */
  readonly up: () => Promise<void>;
  readonly flush: () => Promise<void>;
}

export interface NodeSettings {
  readonly holdersPerRoot: number;
  readonly lease: number;
}

export const SETTINGS: NodeSettings = { holdersPerRoot: 8, lease: 600_000 };

const random = seededBytes(44);
/** Virtual and real time that a test waits for a condition (ms). */
const STEP = 100;
const PATIENCE = 15_000;

/** A clock that can stop for one node, as it does for a process that was killed. */
class NodeClock implements Clock {
  stopped = false;

  constructor(private readonly clock: Clock) {}

  now = (): number => this.clock.now();
  ticks = (): number => this.clock.ticks();
  clearTimeout = (timer: Timer): void => this.clock.clearTimeout(timer);

  setTimeout(run: () => void, ms: number): Timer {
    return this.clock.setTimeout(() => {
      if (!this.stopped) run();
    }, ms);
  }
}

/** One node: its visitors, and what it heard. */
export class TestNode implements OthersListener {
  readonly messages: NodeMessage[] = [];
  readonly returned: { readonly node: NodeName; readonly message: NodeMessage }[] = [];
  readonly tellings: Telling[] = [];

  constructor(
    readonly name: NodeName,
    readonly others: Others,
    private readonly clock: NodeClock,
  ) {}

  message(message: NodeMessage): void {
    this.messages.push(message);
    if (message.t === 'failed') throw new Error('whatever a core does wrong');
  }

  undelivered(node: NodeName, message: NodeMessage): void {
    this.returned.push({ node, message });
    throw new Error('whatever a core does wrong');
  }

  retell(): Iterable<Telling> {
    return this.tellings;
  }

  /** A visitor of this node, known to the others, that holds these. */
  visitor(roots: readonly RootPrefix[], site: Site = SITE, place: Place = placeOf(1)): Profile {
    const profile = profileOf(this.name);
    this.tellings.push({ site, pid: profile.pid, place, roots, profile });
    this.others.show(site, profile);
    this.others.add(site, profile.pid, place, roots);
    return profile;
  }

  /** From now on it is as a process that was killed. */
  kill(): void {
    this.clock.stopped = true;
  }
}

/** Nodes on one world, and their time. */
export class Fleet {
  readonly clock = new FakeClock();

  constructor(readonly world: NodesWorld) {}

  make(settings: Partial<NodeSettings> = {}): TestNode {
    const name = nodeName(random(3));
    const clock = new NodeClock(this.clock);
    const others = this.world.make(name, clock, { ...SETTINGS, ...settings });
    onTestFinished(() => others.close());
    return new TestNode(name, others, clock);
  }

  async join(settings: Partial<NodeSettings> = {}): Promise<TestNode> {
    const node = this.make(settings);
    await node.others.open(node);
    return node;
  }

  /** Nodes that know of each other. */
  async nodes(count: number, settings: Partial<NodeSettings> = {}): Promise<[TestNode, TestNode, TestNode]> {
    const nodes: TestNode[] = [];
    for (let i = 0; i < count; i++) nodes.push(await this.join(settings));
    await this.until(() =>
      expect(nodes.map(({ others }) => others.status().living)).toEqual(nodes.map(() => count - 1)),
    );
    return nodes as [TestNode, TestNode, TestNode];
  }

  /** Lets time pass in steps within which what was asked is answered. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP) {
      await this.clock.advance(Math.min(STEP, left));
      await this.world.settled();
    }
  }

  /** Lets time pass until `assertion` holds; real time too, for what no fake clock hurries. */
  async until(assertion: () => unknown): Promise<void> {
    const end = performance.now() + PATIENCE;
    for (;;) {
      try {
        await assertion();
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
      }
      await this.pass(STEP);
    }
  }
}

export function placeOf(number: number): Place {
  return { address: number, network: 2 ** 32 - number, system: 0, country: 17_000 };
}

export function profileOf(node: NodeName, changes: Partial<Profile> = {}): Profile {
  const pid = `${node}${toBase64Url(random(12))}` as PeerId;
  return {
    pid,
    key: toBase64Url(random(65)),
    admission: 'a.b.c',
    until: 2e12,
    upload: 1,
    complaints: 0.25,
    ...changes,
  };
}

/** A root told apart by a number. They differ from the first digit on, by which Redis groups them. */
function rootOf(number: number): RootPrefix {
  const text = prefix(number);
  return `${text.slice(-1)}${text.slice(1)}` as RootPrefix;
}

const ROOTS = [1, 2, 3].map(rootOf);

async function pidsFound(
  { others }: TestNode,
  roots = ROOTS,
  site: Site = SITE,
  perRoot = 16,
): Promise<PeerId[]> {
  return (await others.find(site, roots, perRoot)).map(({ pid }) => pid).sort();
}

function pidsOf(...profiles: readonly Profile[]): PeerId[] {
  return profiles.map(({ pid }) => pid).sort();
}

function signalOf(from: TestNode, to: TestNode, box = 'AAAA'): NodeMessage {
  const { pid, key } = profileOf(from.name);
  return { t: 'signal', site: SITE, from: pid, key, to: profileOf(to.name).pid, box };
}

/** What every implementation of the port must do. */
export function describeNodes(name: string, makeWorld: () => Promise<NodesWorld>): void {
  const fleetOf = async (): Promise<Fleet> => new Fleet(await makeWorld());

  describe(`holders: ${name}`, () => {
    it('are found by the other nodes, with their place and what they hold', async () => {
      const fleet = await fleetOf();
      const [a, b, c] = await fleet.nodes(3);
      const one = a.visitor([ROOTS[0], ROOTS[2]] as RootPrefix[], SITE, placeOf(5));
      const two = b.visitor([...ROOTS].reverse());
      await fleet.until(async () => expect(await pidsFound(c)).toEqual(pidsOf(one, two)));
      const found = await c.others.find(SITE, ROOTS, 16);
      expect(found).toContainEqual({ pid: one.pid, place: placeOf(5), has: [0, 2] });
      expect(found).toContainEqual({ pid: two.pid, place: placeOf(1), has: [0, 1, 2] });
      expect(await pidsFound(a)).toEqual(pidsOf(two));
      expect(await pidsFound(c, [rootOf(9)])).toEqual([]);
      expect(await pidsFound(c, ROOTS, OTHER_SITE)).toEqual([]);
    });

    it('are found by a node that comes later', async () => {
      const fleet = await fleetOf();
      const [a] = await fleet.nodes(1);
      const one = a.visitor(ROOTS);
      const late = await fleet.join();
      await fleet.until(async () => expect(await pidsFound(late)).toEqual(pidsOf(one)));
    });

    it('are no more for a root than was asked for, and than are kept', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2, { holdersPerRoot: 5 });
      const crowd = Array.from({ length: 12 }, () => a.visitor(ROOTS));
      await fleet.pass(500);
      expect(await pidsFound(b, ROOTS, SITE, 2)).toHaveLength(2);
      const kept = await pidsFound(b);
      expect(kept).toHaveLength(5);
      expect(pidsOf(...crowd)).toEqual(expect.arrayContaining(kept));
    });

    it('stay unfound once they hold a root no more', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2);
      const one = a.visitor(ROOTS);
      await fleet.until(async () => expect(await pidsFound(b)).toEqual(pidsOf(one)));
      a.others.remove(SITE, one.pid, placeOf(1), ROOTS.slice(1));
      await fleet.until(async () =>
        expect(await b.others.find(SITE, ROOTS, 16)).toEqual([{ pid: one.pid, place: placeOf(1), has: [0] }]),
      );
    });

    it('are told in the order in which things happen', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2);
      const many = Array.from({ length: 3000 }, (_, i) => rootOf(100 + i));
      const { pid } = profileOf(a.name);
      a.others.add(SITE, pid, placeOf(1), many);
      a.others.remove(SITE, pid, placeOf(1), many.slice(1));
      const last = a.visitor([rootOf(50)]);
      await fleet.until(async () => expect(await pidsFound(b, [rootOf(50)])).toEqual(pidsOf(last)));
      expect(await pidsFound(b, many.slice(0, 1))).toEqual([pid]);
      for (let i = 1; i < many.length; i += 300)
        expect(await pidsFound(b, many.slice(i, i + 300))).toEqual([]);
    });

    it('expire unless they are told again', async () => {
      const fleet = await fleetOf();
      const lease = 60_000;
      const [a, b] = await fleet.nodes(2, { lease });
      const renewed = a.visitor(ROOTS);
      const forgotten = profileOf(a.name);
      a.others.add(SITE, forgotten.pid, placeOf(1), ROOTS);
      await fleet.until(async () => expect(await pidsFound(b)).toEqual(pidsOf(renewed, forgotten)));
      await fleet.pass(lease);
      expect(await pidsFound(b)).toEqual(pidsOf(renewed));
      await fleet.pass(lease);
      expect(await pidsFound(b)).toEqual(pidsOf(renewed));
    });
  });

  describe(`profiles: ${name}`, () => {
    it('are known to the others, change, and go', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2);
      const one = a.visitor(ROOTS);
      const two = a.visitor(ROOTS);
      const ask = (pids: PeerId[], site = SITE) => b.others.profiles(site, pids);
      await fleet.until(async () => expect((await ask([one.pid])).get(one.pid)).toEqual(one));
      const { admission, ...rest } = one;
      expect(admission).toBeDefined();
      const changed = { ...rest, upload: 3, complaints: 2.25, until: 2.1e12 };
      a.others.show(SITE, changed);
      await fleet.until(async () => expect((await ask([one.pid])).get(one.pid)).toEqual(changed));
      a.others.hide(SITE, one.pid);
      await fleet.until(async () => expect(await ask([one.pid, two.pid])).toEqual(new Map([[two.pid, two]])));
      expect(await ask([two.pid], OTHER_SITE)).toEqual(new Map());
    });

    it('tell who has left', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2);
      const [one, two] = [a.visitor(ROOTS), a.visitor(ROOTS)];
      const missing = async (): Promise<PeerId[]> => {
        const gone: PeerId[] = [];
        await b.others.profiles(SITE, [one.pid, two.pid], (pid) => gone.push(pid));
        return gone;
      };
      await fleet.until(async () => expect(await missing()).toEqual([]));
      a.others.hide(SITE, one.pid);
      await fleet.until(async () => expect(await missing()).toEqual([one.pid]));
    });
  });

  describe(`nodes: ${name}`, () => {
    it('agree on the secret of places', async () => {
      const [a, b, c] = await (await fleetOf()).nodes(3);
      const secrets = await Promise.all([a, b, c].map(({ others }) => others.placeSecret()));
      expect(secrets[0]?.byteLength).toBeGreaterThanOrEqual(32);
      expect(secrets[1]).toEqual(secrets[0]);
      expect(secrets[2]).toEqual(secrets[0]);
    });

    it('forget the visitors of one that died within 16 seconds, and nobody else', async () => {
      const fleet = await fleetOf();
      const [a, b, c] = await fleet.nodes(3);
      const one = a.visitor(ROOTS);
      const two = b.visitor(ROOTS);
      await fleet.until(async () => expect(await pidsFound(c)).toEqual(pidsOf(one, two)));
      a.kill();
      await fleet.pass(16_000);
      expect(await pidsFound(c)).toEqual(pidsOf(two));
      expect(c.others.status()).toEqual({ living: 1 });
      await fleet.pass(60_000);
      expect(await pidsFound(c)).toEqual(pidsOf(two));
      const late = await fleet.join();
      expect(await pidsFound(late)).not.toContain(one.pid);
      await fleet.until(async () => expect(await pidsFound(late)).toEqual(pidsOf(two)));
    });

    it('forget the visitors of one that takes leave at their next heartbeat', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2);
      const one = a.visitor(ROOTS);
      await fleet.until(async () => expect(await pidsFound(b)).toEqual(pidsOf(one)));
      await a.others.close();
      await fleet.pass(4_100);
      expect(await pidsFound(b)).toEqual([]);
      expect(b.others.status()).toEqual({ living: 0 });
    });
  });

  describe(`messages: ${name}`, () => {
    it('reach the node they are for, in order, whatever the core does with them', async () => {
      const fleet = await fleetOf();
      const [a, b, c] = await fleet.nodes(3);
      const failed = {
        t: 'failed',
        site: SITE,
        to: profileOf(b.name).pid,
        about: profileOf(a.name).pid,
      } as const;
      const sent: NodeMessage[] = [
        signalOf(a, b),
        { ...failed, code: 'gone' },
        { t: 'report', site: SITE, pid: failed.to, bad: 1, slow: 0 },
        ...Array.from({ length: 40 }, (_, i) => signalOf(a, b, 'B'.repeat(16_000 + i))),
      ];
      for (const message of sent) a.others.send(b.name, message);
      await fleet.until(() => expect(b.messages).toHaveLength(sent.length));
      expect(b.messages).toEqual(sent);
      expect([c.messages, a.returned]).toEqual([[], []]);
    });

    it('come back when they are for nobody, or for one that died', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2);
      const stranger = fleet.make();
      const lost = signalOf(a, stranger);
      a.others.send(stranger.name, lost);
      await fleet.until(() => expect(a.returned).toEqual([{ node: stranger.name, message: lost }]));
      b.kill();
      await fleet.pass(16_000);
      const late = signalOf(a, b);
      a.others.send(b.name, late);
      await fleet.until(() => expect(a.returned).toHaveLength(2));
      expect(a.returned[1]).toEqual({ node: b.name, message: late });
    });

    it('bring news of watched roots, as long as they are watched', async () => {
      const fleet = await fleetOf();
      const [a, b, c] = await fleet.nodes(3);
      c.others.watch(SITE, ROOTS.slice(0, 2), fleet.clock.now() + 90_000);
      await fleet.pass(100);
      const one = a.visitor([...ROOTS].reverse());
      const rootsOf = (message: NodeMessage) =>
        message.t === 'news' && message.site === SITE ? message.roots : [];
      const news = () => c.messages.flatMap(rootsOf).sort();
      await fleet.until(() => expect(news()).toEqual(ROOTS.slice(0, 2)));
      a.others.add(SITE, one.pid, placeOf(1), ROOTS);
      c.visitor(ROOTS);
      a.visitor(ROOTS, OTHER_SITE);
      await fleet.pass(500);
      expect(news()).toEqual(ROOTS.slice(0, 2));
      expect([a.messages, b.messages]).toEqual([[], []]);
      await fleet.pass(90_000);
      b.visitor(ROOTS);
      await fleet.pass(500);
      expect(news()).toEqual(ROOTS.slice(0, 2));
    });
  });

  describe(`trouble: ${name}`, () => {
    it('leaves each node alone while nothing is shared, and ends by itself', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2);
      const before = a.visitor(ROOTS);
      await fleet.until(async () => expect(await pidsFound(b)).toEqual(pidsOf(before)));
      const since = fleet.clock.now();
      await fleet.world.down();
      await fleet.until(() =>
        expect([a, b].map(({ others }) => others.status().away)).not.toContain(undefined),
      );
      expect(a.others.status().away?.since).toBeGreaterThanOrEqual(since);
      const during = a.visitor(ROOTS);
      const gone = profileOf(a.name);
      a.others.hide(SITE, gone.pid);
      const message = signalOf(a, b);
      a.others.send(b.name, message);
      expect(await pidsFound(b)).toEqual([]);
      expect(await b.others.profiles(SITE, [before.pid])).toEqual(new Map());
      await fleet.until(() => expect(a.returned).toEqual([{ node: b.name, message }]));
      await fleet.world.up();
      await fleet.until(async () => expect(await pidsFound(b)).toEqual(pidsOf(before, during)));
      expect(await b.others.profiles(SITE, [during.pid])).toEqual(new Map([[during.pid, during]]));
      await fleet.until(() => expect(a.others.status()).toEqual({ living: 1 }));
      const again = signalOf(a, b);
      a.others.send(b.name, again);
      await fleet.until(() => expect(b.messages).toEqual([again]));
    }, 60_000);

    it('such as lost contents is noticed, and everything told again', async () => {
      const fleet = await fleetOf();
      const [a, b] = await fleet.nodes(2);
      const one = a.visitor(ROOTS);
      await fleet.until(async () => expect(await pidsFound(b)).toEqual(pidsOf(one)));
      await fleet.pass(10_000);
      await fleet.world.flush();
      expect(await pidsFound(b)).toEqual([]);
      await fleet.pass(10_000);
      expect(await pidsFound(b)).toEqual(pidsOf(one));
      expect(await b.others.profiles(SITE, [one.pid])).toEqual(new Map([[one.pid, one]]));
    });
  });
}
