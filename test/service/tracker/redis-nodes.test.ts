import { beforeAll, describe } from 'vitest';
import { RedisOthers } from '../../../tracker-service/nodes/redis/redis-others.js';
import { describeNodes, type NodesWorld } from '../../support/nodes-conformance.js';
import { seededBytes } from '../../support/random.js';
import { RedisCluster } from '../../support/redis-cluster.js';
import { RedisServer } from '../../support/redis-server.js';
import { quiet } from '../../support/scribe.js';

const random = seededBytes(45);

interface Servers {
  readonly urls: readonly string[];
  tell(...command: string[]): Promise<unknown>;
  end(): Promise<void>;
  begin(): Promise<void>;
}

function worldOn(servers: Servers): NodesWorld {
  let running = true;
  return {
    make: (node, clock, settings) =>
      new RedisOthers({ urls: servers.urls, node, clock, random, log: quiet, ...settings }),
    settled: () => answered(() => (running ? servers.tell('PING') : Promise.resolve())),
    async down() {
      running = false;
      await servers.end();
    },
    async up() {
      await servers.begin();
      running = true;
    },
    async flush() {
      await servers.tell('FLUSHALL');
    },
  };
}

/** What was sent before has been answered by then: a server takes its connections in turns. */
async function answered(ping: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await ping();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describeNodes('Redis', async () => worldOn(await RedisServer.start()));

describe('with a cluster', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.launch();
    return () => cluster.remove();
  });

  describeNodes('Redis Cluster', async () => {
    await cluster.tell('FLUSHALL');
    return worldOn(cluster);
  });
});
