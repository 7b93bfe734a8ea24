import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { PeerId, RootPrefix } from '../../../src/core/brands.js';
import { nodeOf } from '../../../tracker-service/nodes/names.js';
import { Balancer } from '../../support/balancer.js';
import { BuiltCommand, type Run } from '../../support/built-command.js';
import { RedisServer, freePort } from '../../support/redis-server.js';
import { prefix } from '../../support/tracker-world.js';
import { PageVisitor } from './page-visitor.js';
import { SocketVisitor } from './socket-visitor.js';
import { startTinyHasher } from './tiny-hasher.js';

/** Three processes of the command, one Redis, a balancer before them, and visitors with the page's client. */
const NODES = 3;
const TOKEN = 'a token of the tests';
/** What the blueprint promises, and what a test waits for at most: a node's silence is noticed in 16 s. */
const FORGOTTEN_WITHIN = 20_000;
const BACK_WITHIN = 10_000;
/** For what takes a moment on a quiet machine. */
const SOON = 15_000;
/** Of one visitor under load (ms); the tracker allows twenty messages a second. */
const BETWEEN_WANTS = 100;

let command: BuiltCommand;
beforeAll(async () => {
  command = await BuiltCommand.build();
}, 60_000);
afterAll(async () => {
  await command.stop();
  await command.remove();
});

interface Node {
  readonly run: Run;
  readonly url: string;
  readonly operations: string;
}

async function startNode(hasher: string, redis: string): Promise<Node> {
  const [port, operations] = [await freePort(), await freePort()];
  const flags = ['--hasher', hasher, '--redis', redis, '--log-level', 'silent'];
  const ports = ['--port', String(port), '--operations-port', String(operations)];
  const limits = ['--new-sockets-per-second', '1000', '--offers-per-second', '1000'];
  const run = command.start(['tracker', ...flags, ...ports, ...limits], {
    PEERFOLD_TRACKER_HASHER_TOKEN: TOKEN,
  });
  await run.ready;
  return { run, url: `ws://127.0.0.1:${port}`, operations: `http://127.0.0.1:${operations}` };
}

async function fleet() {
  const hasher = await startTinyHasher(TOKEN);
  onTestFinished(() => hasher.close());
  const redis = await RedisServer.start();
  const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode(hasher.url, redis.url)));
  onTestFinished(() => command.stop());
  const ports = nodes.map(({ url }) => Number(new URL(url).port));
  const balancer = await Balancer.start(ports);
  onTestFinished(() => balancer.close());
  const visitors: PageVisitor[] = [];
  onTestFinished(() => {
    for (const visitor of visitors) visitor.close();
  });
  const join = async (url = `ws://127.0.0.1:${balancer.port}`): Promise<PageVisitor> => {
    const visitor = await PageVisitor.join(url, hasher.url);
    visitors.push(visitor);
    return visitor;
  };
  await vi.waitFor(
    async () => {
      for (const { operations } of nodes)
        expect(await textOf(`${operations}/metrics`)).toContain(`\npeerfold_tracker_nodes ${NODES}\n`);
    },
    { timeout: SOON, interval: 100 },
  );
  const ask = async (url = ''): Promise<SocketVisitor> => {
    const visitor = await SocketVisitor.join(url, hasher.url);
    onTestFinished(() => {
      visitor.socket.terminate();
    });
    return visitor;
  };
  return { hasher, redis, nodes, ask, join };
}

async function textOf(url: string): Promise<string> {
  return (await fetch(url)).text();
}

function pidOf(visitor: PageVisitor): PeerId {
  if (!visitor.pid) throw new Error('nobody at a tracker');
  return visitor.pid;
}

let question = 0;

/** Who is named for `root` now. */
async function shownTo(asker: SocketVisitor, root: RootPrefix) {
  asker.say({ t: 'want', q: ++question, roots: [root], k: 12, live: 0 });
  return (await asker.next('peers')).peers;
}

/** Asks again and again until the answer is as expected, and then three times more. */
async function untilShown(
  asker: SocketVisitor,
  root: RootPrefix,
  check: (holders: readonly PeerId[]) => void,
  timeout = SOON,
): Promise<void> {
  const ask = async (): Promise<void> => {
    check((await shownTo(asker, root)).map(({ pid }) => pid));
  };
  await vi.waitFor(ask, { timeout, interval: 250 });
  for (let i = 0; i < 3; i++) await ask();
}

describe('three nodes over one Redis', () => {
  it('find holders at each other, and pass on signals both ways', async () => {
    const { hasher, nodes, ask } = await fleet();
    const root = prefix(1);
    hasher.live.add(root);
    const [holder, asker] = [await ask(nodes[0]?.url), await ask(nodes[1]?.url)];
    holder.say({ t: 'have', seq: 1, add: [root], del: [] });
    await untilShown(asker, root, (holders) => {
      expect(holders).toEqual([holder.pid]);
    });
    expect(nodeOf(holder.pid)).not.toBe(nodeOf(asker.pid));
    const [peer] = await shownTo(asker, root);
    asker.say({ t: 'signal', list: [{ to: holder.pid, pass: peer?.pass ?? '', box: 'offer' }] });
    const offer = await holder.next('signal');
    expect(offer).toMatchObject({ from: asker.pid, key: asker.identity.publicKey, box: 'offer' });
    holder.say({ t: 'signal', list: [{ to: asker.pid, pass: offer.pass, box: 'answer' }] });
    expect(await asker.next('signal')).toMatchObject({ from: holder.pid, box: 'answer' });
  });

  it('survive one that is killed: its visitors vanish from answers, come back elsewhere, and disturb nobody', async () => {
    const { hasher, nodes, ask, join } = await fleet();
    const root = prefix(2);
    hasher.live.add(root);
    const holders = await Promise.all(Array.from({ length: 2 * NODES }, () => join()));
    for (const holder of holders) holder.have(root);
    const [asker, bystander] = [await ask(nodes[1]?.url), await join(nodes[2]?.url)];
    await untilShown(asker, root, (shown) => {
      expect(shown).toHaveLength(holders.length);
    });
    const [doomed] = nodes;
    const node = await nodeNameOf(doomed, join);
    const lost = holders.filter((holder) => nodeOf(pidOf(holder)) === node);
    const [gone, stay] = [lost.map(pidOf), holders.filter((holder) => !lost.includes(holder))];
    expect(gone.length).toBeGreaterThan(0);
    doomed?.run.child.kill('SIGKILL');
    await vi.waitFor(
      () => {
        for (const [i, holder] of lost.entries()) {
          expect(holder.pid).toBeDefined();
          expect(holder.pid).not.toBe(gone[i]);
        }
      },
      { timeout: BACK_WITHIN, interval: 50 },
    );
    await untilShown(
      asker,
      root,
      (shown) => {
        for (const pid of gone) expect(shown).not.toContain(pid);
        for (const holder of holders) expect(shown).toContain(holder.pid);
      },
      FORGOTTEN_WITHIN,
    );
    for (const visitor of [bystander, ...stay]) expect(visitor.outages).toBe(0);
    expect(asker.socket.readyState).toBe(asker.socket.OPEN);
  }, 60_000);

  it('send their visitors elsewhere when they are told to stop', async () => {
    const { nodes, join } = await fleet();
    const visitors = await Promise.all(Array.from({ length: 6 }, () => join()));
    const [leaving] = nodes;
    const node = await nodeNameOf(leaving, join);
    leaving?.run.child.kill('SIGTERM');
    expect(await leaving?.run.exit).toBe(0);
    await vi.waitFor(
      () => {
        for (const visitor of visitors) expect(nodeOf(pidOf(visitor))).not.toBe(node);
      },
      { timeout: SOON, interval: 50 },
    );
  }, 60_000);

  it('go on by themselves without Redis, say so, and find each other again when it is back', async () => {
    const { hasher, redis, nodes, ask, join } = await fleet();
    const [here, there] = [prefix(3), prefix(4)];
    for (const root of [here, there]) hasher.live.add(root);
    const [near, far] = [await join(nodes[0]?.url), await join(nodes[1]?.url)];
    const asker = await ask(nodes[0]?.url);
    near.have(here);
    far.have(there);
    await untilShown(asker, there, (holders) => {
      expect(holders).toContain(far.pid);
    });
    await redis.end();
    await vi.waitFor(
      async () => {
        expect(await textOf(`${nodes[0]?.operations}/readyz`)).toContain('without the other nodes since');
      },
      { timeout: SOON, interval: 100 },
    );
    await untilShown(asker, here, (holders) => {
      expect(holders).toContain(near.pid);
    });
    const late = await join(nodes[1]?.url);
    late.have(there);
    await redis.begin();
    await untilShown(
      asker,
      there,
      (holders) => {
        expect(holders).toContain(far.pid);
        expect(holders).toContain(late.pid);
      },
      2 * SOON,
    );
    expect(await textOf(`${nodes[0]?.operations}/readyz`)).toBe('ready\n');
    for (const visitor of [near, far, late]) expect(visitor.outages).toBe(0);
  }, 90_000);
});

/** Visitors who ask for each other, one after the other, without end. */
class Askers {
  /** Wants that were answered. */
  answers = 0;
  /** Answers in a row that named whom they should. */
  streak = 0;
  #isOver = false;
  readonly #asking: Promise<void>[];

  constructor(
    private readonly visitors: readonly SocketVisitor[],
    private readonly roots: readonly RootPrefix[],
  ) {
    this.#asking = visitors.map((_, i) => this.#ask(i));
  }

  /** Fails when a want was never answered. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#asking);
  }

  async #ask(i: number): Promise<void> {
    const count = this.visitors.length;
    for (let turn = 1; !this.#isOver; turn = (turn % (count - 1)) + 1) {
      const [asker, holder] = [this.visitors[i], this.visitors[(i + turn) % count]];
      const root = this.roots[(i + turn) % count];
      if (!asker || !holder || !root) throw new Error('nobody there');
      const shown = await shownTo(asker, root);
      this.answers++;
      this.streak = shown.some(({ pid }) => pid === holder.pid) ? this.streak + 1 : 0;
      await pause(BETWEEN_WANTS);
    }
  }
}

describe('Redis restarted under load', () => {
  const VISITORS = 30;
  const RESTARTS = 3;

  it('leaves no want unanswered and nobody without a node, and all find each other again', async () => {
    const { hasher, redis, nodes, ask } = await fleet();
    const roots = Array.from({ length: VISITORS }, (_, i) => prefix(100 + i));
    for (const root of roots) hasher.live.add(root);
    const visitors = await Promise.all(roots.map((_, i) => ask(nodes[i % NODES]?.url)));
    for (const [i, root] of roots.entries()) visitors[i]?.say({ t: 'have', seq: 1, add: [root], del: [] });
    const askers = new Askers(visitors, roots);
    const patience = { timeout: 2 * SOON, interval: 100 };
    const findEachOther = () =>
      vi.waitFor(() => {
        expect(askers.streak).toBeGreaterThan(2 * VISITORS);
      }, patience);
    for (let i = 0; i < RESTARTS; i++) {
      await findEachOther();
      await redis.end();
      const before = askers.answers;
      await vi.waitFor(() => {
        expect(askers.answers).toBeGreaterThan(before + 2 * VISITORS);
      }, patience);
      await redis.begin();
    }
    await findEachOther();
    await askers.end();
    for (const { socket } of visitors) expect(socket.readyState).toBe(socket.OPEN);
    for (const { operations } of nodes) expect(await textOf(`${operations}/readyz`)).toBe('ready\n');
  }, 120_000);
});

/** What the pids of a node begin with. */
async function nodeNameOf(
  node: Node | undefined,
  join: (url?: string) => Promise<PageVisitor>,
): Promise<string> {
  const scout = await join(node?.url);
  const name = nodeOf(pidOf(scout));
  scout.close();
  return name;
}
