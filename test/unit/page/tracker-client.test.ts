import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RootPrefix } from '../../../src/core/brands.js';
import { Admissions } from '../../../src/page/admissions.js';
import { Haves } from '../../../src/page/haves.js';
import { TrackerClient } from '../../../src/page/tracker-client.js';
import { HANDSHAKE_TIMEOUT } from '../../../src/page/tracker-session.js';
import { LIVE_SECONDS, Wants } from '../../../src/page/wants.js';
import { toBase64Url } from '../../../src/protocol/base64.js';
import { createIdentity, seal, type Identity } from '../../../src/protocol/seal.js';
import { CHALLENGE_INFO, type Introduction, type SignalFrom } from '../../../src/protocol/tracker.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { FakeTracker } from '../../support/fake-tracker.js';
import { SITE } from '../../support/fake-worker.js';
import { until } from '../../support/until.js';

const prefix = (n: number) => n.toString(16).padStart(32, '0') as RootPrefix;
const prefixes = (from: number, count: number) => Array.from({ length: count }, (_, i) => prefix(from + i));

let identity: Identity;
let stranger: Identity;
beforeAll(async () => {
  identity = await createIdentity();
  stranger = await createIdentity();
});

function clientOf(
  tracker = new FakeTracker(),
  options: { admission?: (() => Promise<string>) | 'none'; random?: number } = {},
) {
  const clock = new FakeClock();
  const heard = {
    peers: [] as { peers: readonly Introduction[]; roots: readonly RootPrefix[]; first: boolean }[],
    absent: [] as RootPrefix[],
    signals: [] as SignalFrom[],
    outages: [] as string[],
  };
  let serial = 0;
  const jws = () => {
    const claims = { exp: clock.now() / 1000 + 600 };
    return Promise.resolve(
      `e30.${toBase64Url(new TextEncoder().encode(JSON.stringify(claims)))}.s${serial++}`,
    );
  };
  const { admission = jws } = options;
  const admissions =
    admission === 'none'
      ? undefined
      : new Admissions({
          identity,
          clock,
          request: async () => ({ admission: await admission(), receipt: 'r.e.c' }),
        });
  const client = new TrackerClient({
    url: 'wss://tracker.example',
    site: SITE,
    identity,
    admissions,
    clock,
    random: () => options.random ?? 0.5,
    openSocket: tracker.openSocket,
    on: {
      peers: (peers, roots, first) => heard.peers.push({ peers, roots, first }),
      absent: (roots) => heard.absent.push(...roots),
      signal: (signal) => heard.signals.push(signal),
      unreachable: (reason) => heard.outages.push(reason),
    },
  });
  onTestFinished(() => {
    client.close();
    expect(clock.pending).toBe(0);
  });
  return { clock, client, heard, tracker };
}

async function welcomed(client: TrackerClient): Promise<void> {
  await until(() => client.pid !== undefined, 'the welcome');
}

describe('handshake', () => {
  it('proves possession of the admitted key', async () => {
    const { client, tracker, clock } = clientOf();
    await welcomed(client);
    expect(client.pid).toBe(tracker.pid);
    expect(tracker.line).toMatchObject({ url: 'wss://tracker.example', protocol: 'peerfold.v1' });
    expect(tracker.line.of('hello')).toMatchObject([{ v: 1, site: SITE, key: identity.publicKey }]);
    expect(tracker.line.of('hello')[0]).not.toHaveProperty('resume');
    expect(clock.pending).toBe(1);
  });

  it('shows no admission where the tracker admits by origin, and needs no new one', async () => {
    const { client, tracker, clock, heard } = clientOf(new FakeTracker(), { admission: 'none' });
    await welcomed(client);
    expect(tracker.line.of('hello')).toMatchObject([{ v: 1, site: SITE, key: identity.publicKey }]);
    expect(tracker.line.of('hello')[0]).not.toHaveProperty('admission');
    expect(clock.pending).toBe(0);
    await clock.advance(3_600_000);
    expect(tracker.lines).toHaveLength(1);
    expect(heard.outages).toEqual([]);
  });

  it('answers no challenge that was sealed for somebody else', async () => {
    const tracker = new FakeTracker();
    tracker.onHello = (line) => {
      void seal(stranger.publicKey, CHALLENGE_INFO, new Uint8Array(32)).then((box) => {
        line.say({ t: 'challenge', box });
      });
    };
    const { heard } = clientOf(tracker);
    await until(() => heard.outages.length > 0, 'the end');
    expect(heard.outages).toEqual(['the challenge was not sealed for us']);
    expect(tracker.line.of('proof')).toEqual([]);
    expect(tracker.line.closed).toBe(true);
  });

  const hostile: [string, unknown][] = [
    ['garbage', 'garbage'],
    ['binary', new ArrayBuffer(8)],
    ['null', 'null'],
    ['a list', '[null]'],
    ['an unknown kind', '{"t":"__proto__"}'],
    ['a welcome before the proof', '{"t":"welcome","pid":"node1_me00","resume":"x","lease":90}'],
    ['peers before the welcome', '{"t":"peers","q":0,"peers":[]}'],
    ['a megabyte', JSON.stringify({ t: 'challenge', box: 'x'.repeat(1_000_000) })],
    ['a challenge of the wrong type', '{"t":"challenge","box":7}'],
  ];
  it.each(hostile)('ends with a tracker that says %s', async (_, data) => {
    const tracker = new FakeTracker();
    tracker.onHello = (line) => {
      line.handlers.message(data);
    };
    const { heard, client } = clientOf(tracker);
    await settle();
    expect(heard.outages).toHaveLength(1);
    expect(tracker.line.closed).toBe(true);
    expect(client.pid).toBeUndefined();
  });

  it('is not waited for for ever', async () => {
    const tracker = new FakeTracker();
    tracker.onHello = () => undefined;
    const { heard, clock } = clientOf(tracker);
    await settle();
    await clock.advance(HANDSHAKE_TIMEOUT);
    expect(heard.outages).toEqual(['no welcome in time']);
  });

  it('does not begin without an admission', async () => {
    const tracker = new FakeTracker();
    const { heard } = clientOf(tracker, { admission: () => Promise.reject(new Error('503')) });
    await settle();
    expect(tracker.lines).toEqual([]);
    expect(heard.outages).toEqual(['no admission: 503']);
  });

  it('gets another admission when this one is not accepted', async () => {
    const tracker = new FakeTracker();
    tracker.onHello = (line) => {
      line.say({ t: 'error', re: 'hello', code: 'bad-admission', message: 'expired' });
    };
    const { clock } = clientOf(tracker);
    await settle();
    await clock.advance(2000);
    const [first, second] = tracker.lines.map((line) => line.of('hello')[0]?.admission);
    expect(second).toBeDefined();
    expect(second).not.toBe(first);
  });
});

describe('coming back', () => {
  it('backs off, says so once, and starts anew after a good session', async () => {
    const tracker = new FakeTracker();
    tracker.reachable = false;
    const { heard, clock, client } = clientOf(tracker);
    await settle();
    await clock.advance(500 + 1000 + 2000 + 4000);
    expect(tracker.lines).toHaveLength(5);
    expect(heard.outages).toHaveLength(1);
    tracker.reachable = true;
    await clock.advance(8000);
    await welcomed(client);
    await clock.advance(30_000);
    const before = tracker.lines.length;
    tracker.line.drop();
    await clock.advance(500);
    expect(tracker.lines).toHaveLength(before + 1);
    expect(heard.outages).toHaveLength(2);
  });

  it('is not reset by a tracker that welcomes and drops', async () => {
    const { clock, client, tracker } = clientOf();
    for (let round = 0; round < 5; round++) {
      await welcomed(client);
      tracker.line.drop();
      await clock.advance(500 * 2 ** round);
    }
    await welcomed(client);
    expect(tracker.lines).toHaveLength(6);
  });

  it('takes its identity back within a minute, and says all it holds again', async () => {
    const { clock, client, tracker } = clientOf();
    await welcomed(client);
    client.have(prefix(1));
    await clock.advance(100);
    tracker.line.drop();
    await clock.advance(500);
    await welcomed(client);
    expect(tracker.line.of('hello')[0]?.resume).toBeDefined();
    expect(tracker.line.of('have')).toMatchObject([{ add: [prefix(1)], del: [] }]);
  });

  it('does not ask for it back later than that', async () => {
    const { clock, client, tracker } = clientOf();
    await welcomed(client);
    tracker.reachable = false;
    tracker.line.drop();
    await clock.advance(90_000);
    tracker.reachable = true;
    await clock.advance(60_000);
    await welcomed(client);
    expect(tracker.line.of('hello')[0]).not.toHaveProperty('resume');
  });

  it('respects the time that a refusal names', async () => {
    const tracker = new FakeTracker();
    tracker.onHello = (line) => {
      line.say({ t: 'error', re: 'hello', code: 'full', message: 'later', retry: 60_000 });
    };
    const { clock } = clientOf(tracker);
    await settle();
    await clock.advance(60_000);
    expect(tracker.lines).toHaveLength(1);
    await clock.advance(1000);
    expect(tracker.lines).toHaveLength(2);
  });

  it('comes back within the spread of a goodbye, and does not call it an outage', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    tracker.line.say({ t: 'bye', retry: [2000, 6000] });
    expect(tracker.line.closed).toBe(true);
    await clock.advance(3999);
    expect(tracker.lines).toHaveLength(1);
    await clock.advance(1);
    expect(tracker.lines).toHaveLength(2);
    expect(heard.outages).toEqual([]);
    await welcomed(client);
  });

  it('renews its admission before it expires, again and again, over the socket it has', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    await clock.advance(510_000);
    await clock.advance(510_000);
    expect(tracker.lines).toHaveLength(1);
    const admissions = [tracker.line.of('hello')[0], ...tracker.line.of('renew')].map((m) => m?.admission);
    expect(new Set(admissions).size).toBe(3);
    expect(heard.outages).toEqual([]);
  });

  it('comes back on a new socket, as the same visitor, when its renewal is refused', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    await clock.advance(510_000);
    tracker.line.say({ t: 'error', re: 'renew', code: 'bad-admission', message: 'no' });
    await clock.advance(1);
    await until(() => tracker.lines.length === 2, 'the second socket');
    await welcomed(client);
    expect(tracker.lines[1]?.of('hello')[0]?.resume).toBeDefined();
    expect(heard.outages).toEqual([]);
  });

  it('comes back when the hash service gives no new admission in time', async () => {
    const claims = { exp: new FakeClock().now() / 1000 + 600 };
    const jws = `e30.${toBase64Url(new TextEncoder().encode(JSON.stringify(claims)))}.s`;
    let asked = 0;
    const admission = (): Promise<string> =>
      ++asked === 2 ? Promise.reject(new Error('down')) : Promise.resolve(jws);
    const { clock, client, tracker } = clientOf(new FakeTracker(), { admission });
    await welcomed(client);
    await clock.advance(515_000);
    await until(() => tracker.lines.length === 2, 'the second socket');
    expect(asked).toBe(3);
  });

  it('says goodbye, and nothing after it', async () => {
    const { clock, client, tracker } = clientOf();
    await welcomed(client);
    client.close();
    client.close();
    expect(tracker.line.heard.at(-1)).toEqual({ t: 'bye' });
    client.have(prefix(1));
    tracker.line.drop();
    await clock.advance(600_000);
    expect(tracker.lines).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('closed while it asked for an admission, never opens a socket', async () => {
    const tracker = new FakeTracker();
    let admit: (jws: string) => void = () => undefined;
    const { client } = clientOf(tracker, { admission: () => new Promise((resolve) => (admit = resolve)) });
    client.close();
    admit('a.b.c');
    await settle();
    expect(tracker.lines).toEqual([]);
  });
});

describe('the machine slept', () => {
  it('for a minute: the visitor takes its identity back when it learns that the line is gone', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    client.have(prefix(1));
    client.want([prefix(2)]);
    await clock.sleep(60_000);
    tracker.line.drop();
    expect(heard.absent).toEqual([prefix(2)]);
    await clock.advance(500);
    await welcomed(client);
    expect(tracker.line.of('hello')[0]?.resume).toBeDefined();
    expect(tracker.line.of('have')).toMatchObject([{ add: [prefix(1)], del: [] }]);
    client.want([prefix(2)]);
    await clock.advance(20);
    expect(tracker.line.of('want')).toMatchObject([{ roots: [prefix(2)] }]);
  });

  it.each(['monotonic', 'wall'])('for longer than its admission lasts, by the %s clock', async (which) => {
    const { clock, client, tracker } = clientOf();
    await welcomed(client);
    const [before] = tracker.line.of('hello');
    if (which === 'wall') clock.jump(1_200_000);
    else await clock.sleep(1_200_000);
    tracker.line.drop();
    await clock.advance(500);
    await welcomed(client);
    const [after] = tracker.line.of('hello');
    expect(after?.admission).toBeDefined();
    expect(after?.admission).not.toBe(before?.admission);
  });
});

describe('haves', () => {
  it('travel together, and only what changed', async () => {
    const { clock, client, tracker } = clientOf();
    await welcomed(client);
    client.have(prefix(1));
    client.have(prefix(2));
    client.have(prefix(2));
    client.gone(prefix(1));
    await clock.advance(100);
    client.gone(prefix(2));
    client.have(prefix(3));
    await clock.advance(100);
    expect(tracker.line.of('have')).toMatchObject([
      { seq: 0, add: [prefix(2)], del: [] },
      { seq: 1, add: [prefix(3)], del: [prefix(2)] },
    ]);
  });

  it('are split at what the tracker takes', () => {
    const haves = new Haves();
    for (const root of prefixes(0, 4500)) haves.add(root);
    expect(haves.take().map(({ add }) => add.length)).toEqual([2000, 2000, 500]);
    for (const root of prefixes(0, 2500)) haves.remove(root);
    for (const root of prefixes(9000, 10)) haves.add(root);
    expect(haves.take().map(({ add, del }) => [add.length, del.length])).toEqual([
      [0, 2000],
      [10, 500],
    ]);
    expect(haves.take()).toEqual([]);
    haves.forgotten();
    expect(haves.take().flatMap(({ add }) => add)).toHaveLength(2010);
  });

  it('are said again after a refusal', async () => {
    const { clock, client, tracker } = clientOf();
    await welcomed(client);
    client.have(prefix(1));
    await clock.advance(100);
    tracker.line.say({ t: 'error', re: 'have', code: 'rate', message: 'slow down', retry: 3000 });
    await clock.advance(2999);
    expect(tracker.line.of('have')).toHaveLength(1);
    await clock.advance(1);
    expect(tracker.line.of('have')).toHaveLength(2);
  });
});

describe('wants', () => {
  it('travel together, live, and are answered with peers', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    client.want([prefix(1)]);
    client.want([prefix(2), prefix(1)]);
    await clock.advance(20);
    expect(tracker.line.of('want')).toEqual([
      { t: 'want', q: 0, roots: [prefix(1), prefix(2)], k: 6, live: LIVE_SECONDS },
    ]);
    tracker.line.say({ t: 'peers', q: 0, peers: [] });
    tracker.line.say({ t: 'peers', q: 0, peers: [] });
    tracker.line.say({ t: 'peers', q: 77, peers: [] });
    expect(heard.peers.map(({ first }) => first)).toEqual([true, false]);
    expect(heard.peers[0]?.roots).toEqual([prefix(1), prefix(2)]);
  });

  it('that were said before the welcome are said after it', async () => {
    const { client, tracker } = clientOf();
    client.want([prefix(1)]);
    await welcomed(client);
    expect(tracker.line.of('want')).toMatchObject([{ roots: [prefix(1)] }]);
  });

  it('are absent while there is no tracker, at once once that is known', async () => {
    const tracker = new FakeTracker();
    tracker.reachable = false;
    const { client, heard } = clientOf(tracker);
    client.want([prefix(1)]);
    expect(heard.absent).toEqual([]);
    await settle();
    expect(heard.absent).toEqual([prefix(1)]);
    client.want([prefix(2)]);
    expect(heard.absent).toEqual([prefix(1), prefix(2)]);
  });

  it('are absent when the tracker refuses, or leaves with the answer owing', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    client.want([prefix(1)]);
    await clock.advance(20);
    tracker.line.say({ t: 'error', re: 'want', code: 'rate', message: 'slow down', retry: 1000 });
    expect(heard.absent).toEqual([prefix(1)]);
    client.want([prefix(2)]);
    await clock.advance(20);
    tracker.line.drop();
    expect(heard.absent).toEqual([prefix(1), prefix(2)]);
  });

  it('that are answered already are absent, and asked again only when the want has ended', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    client.want([prefix(1)]);
    await clock.advance(20);
    client.want([prefix(1)]);
    expect(heard.absent).toEqual([]);
    tracker.line.say({ t: 'peers', q: 0, peers: [] });
    client.want([prefix(1)]);
    expect(heard.absent).toEqual([prefix(1)]);
    await clock.advance(LIVE_SECONDS * 1000);
    client.want([prefix(1)]);
    await clock.advance(20);
    expect(tracker.line.of('want')).toHaveLength(2);
  });

  it('that came to nothing are asked once more with what is new, and are not absent meanwhile', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    client.want([prefix(1)]);
    await clock.advance(20);
    tracker.line.say({ t: 'peers', q: 0, peers: [] });
    client.want([prefix(1)], true);
    client.want([prefix(2)]);
    await clock.advance(20);
    expect(tracker.line.heard.slice(-2)).toMatchObject([
      { t: 'cancel', q: 0 },
      { t: 'want', q: 1, roots: [prefix(1), prefix(2)] },
    ]);
    expect(heard.absent).toEqual([]);
  });

  it('may be said again to a tracker that has not answered, and whose late answer is then none', async () => {
    const { clock, client, tracker, heard } = clientOf();
    await welcomed(client);
    client.want([prefix(1)]);
    await clock.advance(20);
    client.want([prefix(1)]);
    await clock.advance(20);
    expect(tracker.line.of('want')).toHaveLength(1);
    client.want([prefix(1)], true);
    await clock.advance(20);
    expect(tracker.line.of('want').map(({ q }) => q)).toEqual([0, 1]);
    tracker.line.say({ t: 'peers', q: 0, peers: [] });
    expect(heard.peers).toEqual([]);
    tracker.line.drop();
    expect(heard.absent).toEqual([prefix(1)]);
    client.want([prefix(1)], true);
    expect(heard.absent).toEqual([prefix(1), prefix(1)]);
  });

  it('are folded into one before the tracker would drop the oldest', () => {
    const wants = new Wants(new FakeClock());
    const sent = [];
    for (let i = 0; i < 5; i++) {
      wants.add([prefix(i)]);
      sent.push(wants.take());
    }
    expect(sent.slice(0, 3).map((messages) => messages.map(({ t }) => t))).toEqual([
      ['want'],
      ['want'],
      ['want'],
    ]);
    expect(sent[3]?.map(({ t }) => t)).toEqual(['cancel', 'cancel', 'cancel', 'want']);
    const folded = sent[3]?.at(-1);
    expect(folded?.t === 'want' ? new Set(folded.roots) : undefined).toEqual(new Set(prefixes(0, 4)));
  });

  it('hold no more roots than the tracker takes', () => {
    const wants = new Wants(new FakeClock());
    wants.add(prefixes(0, 1000));
    const [want] = wants.take();
    expect(want?.t === 'want' ? want.roots.length : 0).toBe(300);
    expect(wants.take()).toEqual([]);
  });
});

describe('signals and reports', () => {
  it('of one moment go out together, in order, in messages that the tracker takes', async () => {
    const { client, clock, tracker } = clientOf();
    await welcomed(client);
    const boxes = [...Array.from({ length: 14 }, (_, i) => `s${i}`), 'a', 'b', 'c', 'd'].map((name) =>
      name.length === 1 ? name.repeat(16_384) : name,
    );
    for (const box of boxes) client.signal(tracker.pid, 'pass', box);
    await clock.advance(5);
    const lists = tracker.line.of('signal').map(({ list }) => list.map(({ box }) => box));
    expect(lists.map(({ length }) => length)).toEqual([12, 4, 2]);
    expect(lists.flat()).toEqual(boxes);
  });

  it('go out and come in once welcomed', async () => {
    const { client, clock, tracker, heard } = clientOf();
    client.signal(tracker.pid, 'pass', 'Ym94');
    await welcomed(client);
    client.signal(tracker.pid, 'pass', 'Ym94');
    client.report({ pid: tracker.pid, ok: 1, bad: 0, slow: 0, bytes: 5 });
    await clock.advance(5);
    const signalTo = { to: tracker.pid, pass: 'pass', box: 'Ym94' };
    expect(tracker.line.of('signal')).toEqual([{ t: 'signal', list: [signalTo] }]);
    expect(tracker.line.of('report')).toHaveLength(1);
    const signal = {
      t: 'signal',
      from: tracker.pid,
      key: stranger.publicKey,
      pass: 'p',
      box: 'Ym94',
    } as const;
    tracker.line.say(signal);
    expect(heard.signals).toEqual([signal]);
  });

  it('do not end the session when the other peer has gone', async () => {
    const { client, tracker, heard } = clientOf();
    await welcomed(client);
    tracker.line.say({ t: 'error', re: 'signal', code: 'gone', message: 'left' });
    tracker.line.say({ t: 'ok', seq: 0 });
    expect(client.pid).toBe(tracker.pid);
    expect(heard.absent).toEqual([]);
  });

  it('malformed ones do', async () => {
    const { client, tracker, heard } = clientOf();
    await welcomed(client);
    tracker.line.handlers.message('{"t":"signal","from":"x"}');
    expect(heard.outages).toEqual(['malformed message']);
    expect(tracker.line.closed).toBe(true);
  });
});
