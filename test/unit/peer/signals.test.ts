import { beforeAll, describe, expect, it } from 'vitest';
import type { PeerId } from '../../../src/core/brands.js';
import { MAX_SIGNAL_LENGTH } from '../../../src/core/limits.js';
import type { SignalBatch } from '../../../src/peer/contract.js';
import { openSignals, parseSignal, sealSignals } from '../../../src/peer/signals.js';
import { createIdentity, seal, type Identity } from '../../../src/protocol/seal.js';
import { FakeClock } from '../../support/fake-clock.js';

const ALICE = 'alice-pid' as PeerId;
const BOB = 'bob-the-pid' as PeerId;
const OFFER = { type: 'offer', sdp: 'v=0' } as const;
const CANDIDATE = { candidate: 'candidate:1 1 udp 1 a.local 9 typ host', sdpMid: '0', sdpMLineIndex: 0 };
const BATCH: SignalBatch = { attempt: 7, signals: [OFFER, { type: 'candidate', candidate: CANDIDATE }] };

let alice: Identity;
let bob: Identity;
let eve: Identity;
const clock = new FakeClock();

beforeAll(async () => {
  [alice, bob, eve] = await Promise.all([createIdentity(), createIdentity(), createIdentity()]);
});

const route = { from: ALICE, to: BOB, clock };

function sealed(batch: SignalBatch = BATCH): Promise<string> {
  return sealSignals({ ...route, me: alice, key: bob.publicKey, batch });
}

function opened(box: string, changes: Partial<Parameters<typeof openSignals>[0]> = {}) {
  return openSignals({ ...route, me: bob, key: alice.publicKey, box, ...changes });
}

async function sealedText(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return seal(bob.publicKey, `peerfold-signal/1 ${ALICE} ${BOB}`, bytes, alice);
}

describe('sealed signals', () => {
  it('open at the other end and show nothing on the way', async () => {
    const box = await sealed();
    expect(box).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(box, 'base64url').toString('latin1')).not.toContain('candidate');
    expect(await opened(box)).toEqual(BATCH);
    expect(await opened(await sealed({ attempt: 0, signals: [] }))).toEqual({ attempt: 0, signals: [] });
  });

  it('open for nobody else, from nobody else, and for no other pair', async () => {
    const box = await sealed();
    expect(await opened(box, { me: eve })).toBeUndefined();
    expect(await opened(box, { key: eve.publicKey })).toBeUndefined();
    expect(await opened(box, { from: BOB, to: ALICE })).toBeUndefined();
    expect(await opened(box, { to: 'mallory-pid' as PeerId })).toBeUndefined();
    expect(
      await opened(`${box.slice(0, 150)}${box[150] === 'A' ? 'B' : 'A'}${box.slice(151)}`),
    ).toBeUndefined();
    expect(await opened('')).toBeUndefined();
    expect(await opened('A'.repeat(MAX_SIGNAL_LENGTH + 1))).toBeUndefined();
  });

  it('expire after a minute, give or take the difference of honest clocks', async () => {
    const box = await sealed();
    const later = new FakeClock();
    later.jump(119_000);
    expect(await opened(box, { clock: later })).toEqual(BATCH);
    later.jump(2000);
    expect(await opened(box, { clock: later })).toBeUndefined();
    const earlier = new FakeClock();
    earlier.jump(-61_000);
    expect(await opened(box, { clock: earlier })).toBeUndefined();
  });

  it('that are too long for the tracker are an error of ours', async () => {
    const signals = Array.from({ length: 2 }, () => ({ type: 'offer', sdp: 'x'.repeat(8000) }) as const);
    await expect(sealed({ attempt: 1, signals })).rejects.toMatchObject({ code: 'bad-message' });
  });

  it.each([
    ['no JSON', 'x'],
    ['a list', '[]'],
    ['no expiry', '{"attempt":1,"signals":[]}'],
    ['no attempt', `{"exp":${clock.now() + 1000},"signals":[]}`],
    ['a fractional attempt', `{"exp":${clock.now() + 1000},"attempt":1.5,"signals":[]}`],
    ['too many signals', JSON.stringify({ exp: clock.now(), attempt: 1, signals: Array(33).fill(OFFER) })],
    ['one bad signal', JSON.stringify({ exp: clock.now(), attempt: 1, signals: [OFFER, { type: 'x' }] })],
  ])('with %s are refused', async (_what, text) => {
    expect(await opened(await sealedText(text))).toBeUndefined();
  });
});

describe('one signal', () => {
  it.each([
    [OFFER],
    [{ type: 'answer', sdp: 'v=0' }],
    [{ type: 'candidate', candidate: CANDIDATE }],
    [{ type: 'candidate', candidate: { ...CANDIDATE, sdpMid: null, sdpMLineIndex: null } }],
  ])('%o is taken', (signal) => {
    expect(parseSignal(signal)).toEqual(signal);
  });

  it.each([
    [null],
    ['offer'],
    [{ type: 'renegotiate', renegotiate: true }],
    [{ type: 'transceiverRequest', transceiverRequest: { kind: 'video' } }],
    [{ type: 'rollback', sdp: '' }],
    [{ type: 'offer' }],
    [{ type: 'offer', sdp: 'x'.repeat(8193) }],
    [{ type: 'candidate' }],
    [{ type: 'candidate', candidate: { ...CANDIDATE, candidate: '' } }],
    [{ type: 'candidate', candidate: { ...CANDIDATE, candidate: 'x'.repeat(513) } }],
    [{ type: 'candidate', candidate: { ...CANDIDATE, sdpMid: 7 } }],
    [{ type: 'candidate', candidate: { ...CANDIDATE, sdpMLineIndex: -1 } }],
  ])('%o is refused', (signal) => {
    expect(parseSignal(signal)).toBeUndefined();
  });
});
