import { freePort, RedisServer } from './redis-server.js';
import { eventually } from './until.js';

const SLOTS = 16_384;

interface Master {
  readonly server: RedisServer;
  /** Where the others of the cluster reach it. */
  readonly bus: number;
}

/** A Redis Cluster: three masters that share the slots, without replicas. It takes two seconds to form. */
export class RedisCluster {
  private constructor(private readonly masters: readonly Master[]) {}

  static async launch(): Promise<RedisCluster> {
    const masters: Master[] = [];
    for (let i = 0; i < 3; i++) {
      const bus = await freePort();
      // The cluster stands again as soon as its servers do, and not when they have all waited for others.
      const settings = { 'cluster-enabled': 'yes', 'cluster-port': bus, 'cluster-node-timeout': 2000 };
      masters.push({ server: await RedisServer.launch(settings), bus });
    }
    const cluster = new RedisCluster(masters);
    await cluster.#form();
    return cluster;
  }

  get urls(): string[] {
    return this.masters.map(({ server }) => server.url);
  }

  async end(): Promise<void> {
    await Promise.all(this.masters.map(({ server }) => server.end()));
  }

  async remove(): Promise<void> {
    await Promise.all(this.masters.map(({ server }) => server.remove()));
  }

  /** After `end`: each knows its slots and the others, and nothing else. */
  async begin(): Promise<void> {
    await Promise.all(this.masters.map(({ server }) => server.begin()));
    await this.#formed();
  }

  /** Gives each server the same command. */
  async tell(...command: string[]): Promise<unknown[]> {
    return Promise.all(this.masters.map(({ server }) => server.tell(...command)));
  }

  async #form(): Promise<void> {
    const share = Math.ceil(SLOTS / this.masters.length);
    for (const [i, { server }] of this.masters.entries()) {
      const last = Math.min(SLOTS, (i + 1) * share) - 1;
      await server.tell('CLUSTER', 'ADDSLOTSRANGE', String(i * share), String(last));
      await server.tell('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
    }
    for (const { server, bus } of this.masters)
      await this.masters[0]?.server.tell('CLUSTER', 'MEET', '127.0.0.1', String(server.port), String(bus));
    await this.#formed();
  }

  async #formed(): Promise<void> {
    await eventually(async () => {
      for (const info of await this.tell('CLUSTER', 'INFO')) {
        const isWhole =
          String(info).includes('cluster_state:ok') && String(info).includes('cluster_known_nodes:3');
        if (!isWhole) throw new Error('the cluster is not whole yet');
      }
    });
  }
}
