import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_HAVE_ROOTS, MAX_SIGNAL_LENGTH, MAX_TRACKER_MESSAGE } from '../../../src/core/limits.js';
import { NOT_OBJECTS, onPrototype } from '../../support/hostile.js';
import { Signer, TrackerWorld, prefix, type Client } from '../../support/tracker-world.js';

let signer: Signer;
let world: TrackerWorld;

beforeAll(async () => {
  signer = await Signer.create();
});
beforeEach(() => {
  world = new TrackerWorld(signer);
});

const root = prefix(1);

/** The tracker still serves this visitor. */
async function works(client: Client): Promise<boolean> {
  const before = client.all('ok').length;
  await client.say({ t: 'have', seq: 4, add: [], del: [] });
  return client.all('ok').length === before + 1;
}

describe('malformed messages', () => {
  const hostile = [
    ...NOT_OBJECTS,
    ...onPrototype({ t: 'want', q: 1, roots: [root], k: 6, live: 0 }),
    '[null]',
    '{"t":null}',
    '{"t":"toString"}',
    '{"t":"__proto__"}',
    '{"t":"constructor"}',
    '{"t":["want"]}',
    '{"t":"want","q":1,"roots":[null],"k":6,"live":0}',
    '{"t":"want","q":1,"roots":{"length":1},"k":6,"live":0}',
    `{"t":"want","q":1e400,"roots":["${root}"],"k":6,"live":0}`,
    `{"t":"want","q":1,"roots":["${root}"],"k":1e9,"live":0}`,
    `{"t":"have","seq":-1,"add":["${root}"],"del":[]}`,
    '{"t":"have","seq":1,"add":["__proto__"],"del":[]}',
    '{"t":"signal","to":"../../etc","pass":"AAAA","box":"AAAA"}',
    `{"t":"signal","to":"AAAAAAAA","pass":"AAAA","box":"${'A'.repeat(MAX_SIGNAL_LENGTH + 1)}"}`,
    '{"t":"load","up":4}',
    '{"t":"welcome","pid":"AAAAAAAA","resume":"AAAA","lease":90}',
    '['.repeat(40_000),
    `"${'x'.repeat(MAX_TRACKER_MESSAGE)}"`,
    '\u0000'.repeat(100),
  ];

  it.each(hostile.map((text) => [JSON.stringify(text).slice(0, 60), text]))(
    '%s: an error, and nothing else',
    async (_, text) => {
      const [sender, other] = [await world.joined(), await world.joined()];
      await sender.session.receive(text);
      expect(sender.last('error')).toMatchObject({ re: 'message', code: 'bad-message' });
      expect(await works(sender)).toBe(true);
      expect(await works(other)).toBe(true);
      expect(world.tally.troubles).toEqual([]);
    },
  );

  it('end the session after a few, and nobody else’s', async () => {
    const [fuzzer, other] = [await world.joined(), await world.joined()];
    for (let i = 0; i < 5; i++) await fuzzer.session.receive('[null]');
    expect(fuzzer.connection.closedWith).toBeUndefined();
    await fuzzer.session.receive('[null]');
    expect(fuzzer.connection.closedWith).toMatchObject({ code: 4400 });
    await fuzzer.session.receive('[null]');
    expect(fuzzer.all('error')).toHaveLength(6);
    expect(await works(other)).toBe(true);
  });

  it('are forgiven over time', async () => {
    const client = await world.joined();
    for (let i = 0; i < 20; i++) {
      await client.session.receive('{}');
      await world.clock.advance(60_000);
      client.session.heard();
      if (i % 9 === 8) await client.rejoin();
    }
    expect(client.connection.closedWith).toBeUndefined();
  });

  it('end a session that never says hello sooner', async () => {
    const client = await world.client();
    for (let i = 0; i < 6; i++) await client.say({ t: 'bye' });
    expect(client.connection.closedWith).toMatchObject({ code: 4400 });
  });
});

describe('floods', () => {
  it('of messages are refused beyond the rate with the time to wait', async () => {
    const client = await world.joined();
    await world.clock.advance(10_000);
    for (let i = 0; i < 70; i++) await client.say({ t: 'load', up: 1 });
    expect(client.last('error')).toMatchObject({ code: 'rate' });
    expect(client.last('error')?.retry).toBeGreaterThan(0);
    expect(client.last('error')?.retry).toBeLessThanOrEqual(100);
    const refused = client.all('error').length;
    await world.clock.advance(client.last('error')?.retry ?? 0);
    await client.say({ t: 'load', up: 1 });
    expect(client.all('error')).toHaveLength(refused);
  });

  it('of 10,000 haves end that session and cost the hash service a handful of questions', async () => {
    const [flooder, other] = [await world.joined(), await world.joined()];
    for (let i = 0; i < 10_000; i++) {
      await flooder.say({ t: 'have', seq: i, add: [prefix(i)], del: [] });
    }
    expect(flooder.connection.closedWith).toMatchObject({ code: 4429 });
    expect(flooder.all('ok').length).toBeLessThan(65);
    await world.clock.advance(1_000);
    expect(world.authority.asked.length).toBeLessThan(3);
    expect(await works(other)).toBe(true);
  });

  it('of long messages count by length', async () => {
    const client = await world.joined();
    await world.clock.advance(10_000);
    const add = Array.from({ length: MAX_HAVE_ROOTS }, (_, i) => prefix(i));
    for (let seq = 0; seq < 10; seq++) await client.say({ t: 'have', seq, add, del: [] });
    expect(client.all('ok')).toHaveLength(3);
    expect(client.last('error')).toMatchObject({ code: 'rate' });
  });

  it('of wide wants count by roots', async () => {
    const client = await world.joined();
    await world.clock.advance(10_000);
    const roots = Array.from({ length: 300 }, (_, i) => prefix(i));
    for (let q = 0; q < 20; q++) await client.say({ t: 'want', q, roots, k: 6, live: 0 });
    expect(client.all('peers').length).toBeLessThan(6);
    expect(client.last('error')).toMatchObject({ code: 'rate' });
  });

  it('of unsigned roots leave nothing behind', async () => {
    const liar = await world.joined();
    for (let round = 0; round < 30; round++) {
      const add = Array.from({ length: 500 }, (_, i) => prefix(round * 500 + i));
      await liar.say({ t: 'have', seq: round, add, del: [] });
      await world.clock.advance(1_000);
    }
    expect(liar.all('ok')).toHaveLength(30);
    expect(world.core.census()).toMatchObject({ roots: 0, entries: 0 });
  });

  it('of unsigned roots while the hash service is down are bounded', async () => {
    world.authority.down = true;
    const liar = await world.joined();
    for (let round = 0; round < 30; round++) {
      const add = Array.from({ length: 500 }, (_, i) => prefix(round * 500 + i));
      await liar.say({ t: 'have', seq: round, add, del: [] });
      await world.clock.advance(1_000);
      liar.session.heard();
    }
    expect(liar.all('ok')).toHaveLength(20);
    expect(liar.last('error')).toMatchObject({ re: 'have', code: 'full' });
  });
});

describe('a visitor that never reads', () => {
  it('is cut off when too much waits for it', async () => {
    const client = await world.joined();
    client.connection.bufferedAmount = 257 * 1024;
    await client.say({ t: 'have', seq: 1, add: [], del: [] });
    expect(client.connection.closedWith).toMatchObject({ code: 4413 });
    expect(world.core.census().sessions).toBe(0);
  });

  it('still gets answers below that', async () => {
    const client = await world.joined();
    client.connection.bufferedAmount = 255 * 1024;
    expect(await works(client)).toBe(true);
  });
});

describe('a fault of our own', () => {
  it('is told to the operator and ends nobody’s session', async () => {
    const broken = new TrackerWorld(signer);
    const client = await broken.joined();
    broken.authority.liveRoots = () => {
      throw new Error('a bug');
    };
    client.connection.send = () => {
      client.connection.send = () => undefined;
      throw new Error('a broken socket');
    };
    await client.say({ t: 'have', seq: 1, add: [], del: [] });
    expect(broken.tally.troubles).toHaveLength(1);
    expect(client.connection.closedWith).toBeUndefined();
  });
});
