import { expect, it, onTestFinished } from 'vitest';
import { RedisDocuments } from '../../../hasher-service/state/redis-documents.js';
import { keys } from '../../../hasher-service/state/redis-keys.js';
import { RedisLink } from '../../../hasher-service/state/redis-link.js';
import { describeDocuments } from '../../support/documents-conformance.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RedisServer } from '../../support/redis-server.js';
import { quiet } from '../../support/scribe.js';

async function writer(server: RedisServer): Promise<RedisDocuments> {
  const link = new RedisLink({ url: server.url, clock: new FakeClock(), log: quiet });
  onTestFinished(() => link.close());
  await link.open();
  return new RedisDocuments(link);
}

describeDocuments('Redis', async () => {
  const server = await RedisServer.start();
  return { open: () => writer(server) };
});

it('documents stay what they were while Redis is away, and cannot be changed', async () => {
  const server = await RedisServer.start();
  const documents = await writer(server);
  await documents.update('policy', () => 'thrown');
  const version = await documents.version('policy');
  await server.end();
  expect(await documents.read('policy')).toBe('thrown');
  expect(await documents.version('policy')).toBe(version);
  await expect(documents.update('policy', () => 'other')).rejects.toMatchObject({ code: 'store-failed' });
  await expect(documents.read('purges')).rejects.toMatchObject({ code: 'store-failed' });
  expect(await documents.version('purges')).toBe('');
});

it('documents that Redis has lost are put back by whoever knows them', async () => {
  const server = await RedisServer.start();
  const [a, b, c] = [await writer(server), await writer(server), await writer(server)];
  await a.update('policy', () => 'first');
  await b.read('policy');
  await a.update('policy', () => 'second');
  const client = await server.client();
  await client.del(keys.document('policy'));
  const version = await a.version('policy');
  expect(await c.read('policy')).toBe('second');
  // Who puts back what is old does not prevail.
  await client.del(keys.document('policy'));
  await b.version('policy');
  expect(await b.read('policy')).toBe('first');
  expect(await a.version('policy')).toBe(version);
  for (const documents of [a, b, c]) expect(await documents.read('policy')).toBe('second');
});
