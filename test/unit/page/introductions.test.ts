import { beforeAll, describe, expect, it } from 'vitest';
import { Bitfield } from '../../../src/core/bitfield.js';
import type { PeerId, RootPrefix } from '../../../src/core/brands.js';
import { Introductions } from '../../../src/page/introductions.js';
import type { Contact, SendSignals, SignalBatch } from '../../../src/peer/contract.js';
import { openSignals, sealSignals } from '../../../src/peer/signals.js';
import { toBase64Url } from '../../../src/protocol/base64.js';
import { createIdentity, type Identity } from '../../../src/protocol/seal.js';
import type { Introduction, SignalFrom } from '../../../src/protocol/tracker.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { until } from '../../support/until.js';

const ME = 'node1_me00' as PeerId;
const OTHER = 'node1_other' as PeerId;
const prefix = (n: number) => n.toString(16).padStart(32, '0') as RootPrefix;
const roots = [prefix(1), prefix(2), prefix(3)];
const batchOf = (attempt: number): SignalBatch => ({
  attempt,
  signals: [{ type: 'offer', sdp: `sdp ${attempt}` }],
});

let me: Identity;
let other: Identity;
let thief: Identity;
beforeAll(async () => {
  [me, other, thief] = await Promise.all([createIdentity(), createIdentity(), createIdentity()]);
});

function has(...positions: number[]): string {
  const bits = new Bitfield(roots.length);
  for (const position of positions) bits.set(position);
  return toBase64Url(bits.toBytes());
}

function introduction(options: Partial<Introduction> = {}): Introduction {
  return { pid: OTHER, key: other.publicKey, admission: 'a.b.c', has: has(0), pass: 'pass1', ...options };
}

async function signalFrom(
  batch: SignalBatch,
  options: Partial<SignalFrom> = {},
  from = other,
): Promise<SignalFrom> {
  const clock = new FakeClock();
  const box = await sealSignals({ me: from, from: OTHER, to: ME, key: me.publicKey, batch, clock });
  return {
    t: 'signal',
    from: OTHER,
    key: other.publicKey,
    admission: 'a.b.c',
    pass: 'pass2',
    box,
    ...options,
  };
}

type Admit = (admission: string, key: string) => Promise<boolean>;

function officeOf(admit: Admit | 'everyone' = () => Promise.resolve(true)) {
  const clock = new FakeClock();
  const seen = {
    admits: [] as string[],
    connected: [] as { peer: Contact; send: SendSignals }[],
    signals: [] as { peer: Contact; batch: SignalBatch; send: SendSignals }[],
    posted: [] as { to: PeerId; pass: string; box: string }[],
    failures: [] as unknown[],
  };
  const state = { pid: ME as PeerId | undefined, hasPlace: true };
  const introductions = new Introductions({
    identity: me,
    clock,
    pid: () => state.pid,
    admit:
      admit === 'everyone'
        ? admit
        : (admission, key) => {
            seen.admits.push(`${admission} ${key}`);
            return admit(admission, key);
          },
    post: (to, pass, box) => seen.posted.push({ to, pass, box }),
    swarm: {
      connect: (peer, send) => {
        if (state.hasPlace) seen.connected.push({ peer, send });
        return state.hasPlace;
      },
      signal: (peer, batch, send) => {
        seen.signals.push({ peer, batch, send });
      },
    },
    failed: (error) => seen.failures.push(error),
  });
  return { clock, seen, state, introductions };
}

describe('introductions', () => {
  it('lead to a link with whom the worker admits, and tell what nobody holds', async () => {
    const { clock, seen, introductions } = officeOf();
    const absent = await introductions.introduce([introduction({ has: has(0, 2) })], roots);
    expect(seen.admits).toEqual([`a.b.c ${other.publicKey}`]);
    expect(seen.connected.map(({ peer }) => [peer.pid, peer.key])).toEqual([[OTHER, other.publicKey]]);
    expect(absent).toEqual([prefix(2)]);
    expect(roots.map((root) => introductions.expects(root))).toEqual([true, false, true]);
    await clock.advance(5000);
    expect(introductions.expects(prefix(1))).toBe(false);
  });

  it('lead to a link later, where there was no place until something was needed', async () => {
    const { clock, seen, state, introductions } = officeOf();
    state.hasPlace = false;
    await introductions.introduce([introduction({ has: has(0, 2) })], roots);
    await clock.advance(6000);
    introductions.recall([prefix(1)]);
    expect(seen.connected).toEqual([]);
    expect(introductions.expects(prefix(1))).toBe(false);
    state.hasPlace = true;
    introductions.recall([prefix(2)]);
    expect(seen.connected).toEqual([]);
    introductions.recall([prefix(3)]);
    expect(seen.connected.map(({ peer }) => peer.pid)).toEqual([OTHER]);
    expect(introductions.expects(prefix(3))).toBe(true);
  });

  it('are forgotten when the tracker would take no signal for them any more', async () => {
    const { clock, seen, state, introductions } = officeOf();
    state.hasPlace = false;
    await introductions.introduce([introduction()], roots);
    state.hasPlace = true;
    await clock.advance(50_000);
    introductions.recall([prefix(1)]);
    expect(seen.connected).toEqual([]);
  });

  it('lead to nothing with whom it does not admit', async () => {
    const { seen, introductions } = officeOf(() => Promise.resolve(false));
    expect(await introductions.introduce([introduction()], roots)).toEqual(roots);
    expect(seen.connected).toEqual([]);
    expect(introductions.expects(prefix(1))).toBe(false);
  });

  it.each([
    ['without an admission', () => ({ pid: OTHER, key: other.publicKey, has: has(0), pass: 'p' })],
    ['of ourselves', () => introduction({ key: me.publicKey })],
    ['with a bitfield over another list', () => introduction({ has: toBase64Url(new Uint8Array(2)) })],
    ['with spare bits', () => introduction({ has: toBase64Url(Uint8Array.of(0xff)) })],
    ['that hold nothing', () => introduction({ has: has() })],
    ['with a bitfield that is none', () => introduction({ has: 'A' })],
  ])('%s are not even asked about', async (_, make: () => Introduction) => {
    const { seen, introductions } = officeOf();
    expect(await introductions.introduce([make()], roots)).toEqual(roots);
    expect(seen.admits).toEqual([]);
    expect(seen.connected).toEqual([]);
  });

  it('cannot swap the key of a peer that is known', async () => {
    const { seen, introductions } = officeOf();
    await introductions.introduce([introduction()], roots);
    await introductions.introduce([introduction({ key: thief.publicKey })], roots);
    introductions.hear(await signalFrom(batchOf(1), { key: thief.publicKey }, thief));
    await settle();
    expect(seen.connected).toHaveLength(1);
    expect(seen.signals).toEqual([]);
  });

  it('need no admission where nobody admits: the tracker is believed, but a key is still for life', async () => {
    const { seen, introductions } = officeOf('everyone');
    const bare = (key: string): Introduction => ({ pid: OTHER, key, has: has(0), pass: 'p' });
    expect(await introductions.introduce([bare(other.publicKey)], roots)).toEqual(roots.slice(1));
    expect(seen.connected.map(({ peer }) => peer.key)).toEqual([other.publicKey]);
    await introductions.introduce([bare(thief.publicKey)], roots);
    expect(seen.connected).toHaveLength(1);
    const signal = await signalFrom(batchOf(7));
    Reflect.deleteProperty(signal, 'admission');
    introductions.hear(signal);
    await until(() => seen.signals.length > 0, 'the signal');
    expect(seen.signals[0]?.batch).toEqual(batchOf(7));
  });

  it('are checked once a minute for one peer', async () => {
    const { clock, seen, introductions } = officeOf();
    await introductions.introduce([introduction()], roots);
    await introductions.introduce([introduction()], roots);
    expect(seen.admits).toHaveLength(1);
    await clock.advance(60_000);
    await introductions.introduce([introduction()], roots);
    expect(seen.admits).toHaveLength(2);
  });

  it('that are admitted after the end lead to nothing', async () => {
    let answer: (ok: boolean) => void = () => undefined;
    const { seen, introductions } = officeOf(() => new Promise((resolve) => (answer = resolve)));
    const done = introductions.introduce([introduction()], roots);
    introductions.close();
    answer(true);
    await done;
    expect(seen.connected).toEqual([]);
  });

  it('of a thousand peers are not all remembered', async () => {
    const { seen, introductions } = officeOf();
    const many = Array.from({ length: 1000 }, (_, i) => introduction({ pid: `node1_p${i}00` as PeerId }));
    await introductions.introduce(many, roots);
    seen.admits.length = 0;
    await introductions.introduce([many[999] ?? introduction(), many[0] ?? introduction()], roots);
    expect(seen.admits).toHaveLength(1);
  });
});

describe('signals', () => {
  it('are opened only when the sender is admitted and the box is from its key', async () => {
    const { seen, introductions } = officeOf();
    introductions.hear(await signalFrom(batchOf(5)));
    await until(() => seen.signals.length > 0, 'the signal');
    expect(seen.signals[0]?.batch).toEqual(batchOf(5));
    expect(seen.signals[0]?.peer).toMatchObject({ pid: OTHER, key: other.publicKey });
  });

  it('of who is not admitted are not opened', async () => {
    const { seen, introductions } = officeOf(() => Promise.resolve(false));
    introductions.hear(await signalFrom(batchOf(5)));
    await settle();
    expect(seen.signals).toEqual([]);
    expect(seen.admits).toHaveLength(1);
  });

  it('without admission, forged, replayed to another or garbled go nowhere', async () => {
    const { seen, introductions, state } = officeOf();
    const bare = await signalFrom(batchOf(1));
    Reflect.deleteProperty(bare, 'admission');
    introductions.hear(bare);
    introductions.hear(await signalFrom(batchOf(2), {}, thief));
    introductions.hear(await signalFrom(batchOf(3), { box: 'Z2FyYmFnZQ' }));
    const honest = await signalFrom(batchOf(4));
    introductions.hear(honest);
    await until(() => seen.signals.length > 0, 'the honest signal');
    expect(seen.signals.map(({ batch }) => batch.attempt)).toEqual([4]);
    state.pid = 'node1_renamed' as PeerId;
    introductions.hear(honest);
    await settle();
    expect(seen.signals).toHaveLength(1);
  });

  it('are heard in the order in which they came, though the first takes longer to admit', async () => {
    let first = true;
    const { seen, introductions } = officeOf(async () => {
      if (first) await settle();
      first = false;
      return true;
    });
    const signals = await Promise.all([1, 2, 3, 4].map((attempt) => signalFrom(batchOf(attempt))));
    for (const signal of signals) introductions.hear(signal);
    await until(() => seen.signals.length === 4, 'four signals');
    expect(seen.signals.map(({ batch }) => batch.attempt)).toEqual([1, 2, 3, 4]);
  });

  it('that flood in are dropped', async () => {
    const { seen, introductions } = officeOf();
    const signal = await signalFrom(batchOf(1));
    for (let i = 0; i < 500; i++) introductions.hear(signal);
    await until(() => seen.signals.length >= 16, 'what was queued');
    await settle();
    expect(seen.signals).toHaveLength(16);
  });

  it('go out sealed, in order, with the latest pass, readable by their receiver alone', async () => {
    const { clock, seen, introductions } = officeOf();
    await introductions.introduce([introduction()], roots);
    const send = seen.connected[0]?.send;
    introductions.hear(await signalFrom(batchOf(9)));
    send?.(batchOf(1));
    send?.(batchOf(2));
    await until(() => seen.posted.length === 2, 'two boxes');
    expect(seen.posted.map(({ to, pass }) => `${to} ${pass}`)).toEqual([`${OTHER} pass2`, `${OTHER} pass2`]);
    const open = (box: string, who: Identity) =>
      openSignals({ me: who, from: ME, to: OTHER, key: me.publicKey, box, clock });
    expect(await open(seen.posted[0]?.box ?? '', other)).toEqual(batchOf(1));
    expect(await open(seen.posted[1]?.box ?? '', other)).toEqual(batchOf(2));
    expect(await open(seen.posted[0]?.box ?? '', thief)).toBeUndefined();
  });

  it('do not go out without an identity at the tracker, and a batch too long is a fault', async () => {
    const { seen, state, introductions } = officeOf();
    await introductions.introduce([introduction()], roots);
    const send = seen.connected[0]?.send;
    state.pid = undefined;
    send?.(batchOf(1));
    await settle();
    state.pid = ME;
    send?.({ attempt: 2, signals: [{ type: 'offer', sdp: 'x'.repeat(20_000) }] });
    await until(() => seen.failures.length === 1, 'the fault');
    expect(seen.posted).toEqual([]);
  });
});
