import { beforeAll, describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../src/protocol/base64.js';
import { createIdentity, open, seal, type Identity } from '../../../src/protocol/seal.js';

const INFO = 'from>to until 1767225600';
const plaintext = new TextEncoder().encode('{"type":"offer"}');

let alice: Identity;
let bob: Identity;
let mallory: Identity;

beforeAll(async () => {
  [alice, bob, mallory] = await Promise.all([createIdentity(), createIdentity(), createIdentity()]);
});

function flipped(box: string, at: number): string {
  const bytes = fromBase64Url(box);
  if (!bytes) throw new Error('not a box');
  const index = at < 0 ? bytes.byteLength + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return toBase64Url(bytes);
}

describe('sealed boxes', () => {
  it('open for the receiver only', async () => {
    const box = await seal(bob.publicKey, INFO, plaintext);
    expect(await open(bob, INFO, box)).toEqual(plaintext);
    expect(await open(mallory, INFO, box)).toBeUndefined();
  });

  it('are bound to their purpose', async () => {
    const box = await seal(bob.publicKey, INFO, plaintext);
    expect(await open(bob, `${INFO}0`, box)).toBeUndefined();
    expect(await open(bob, '', box)).toBeUndefined();
  });

  it('show nothing of the text, and differ each time', async () => {
    const [one, two] = await Promise.all([
      seal(bob.publicKey, INFO, plaintext),
      seal(bob.publicKey, INFO, plaintext),
    ]);
    expect(one).not.toBe(two);
    expect(Buffer.from(one, 'base64url').includes(Buffer.from(plaintext))).toBe(false);
  });

  it.each([0, 1, 64, 65, -1])('do not open with a bit changed at byte %d', async (at) => {
    const box = await seal(bob.publicKey, INFO, plaintext);
    expect(await open(bob, INFO, flipped(box, at))).toBeUndefined();
  });

  it('do not open when cut, empty or no box at all', async () => {
    const box = await seal(bob.publicKey, INFO, plaintext);
    for (const wrong of [
      box.slice(0, -2),
      box.slice(0, 87),
      '',
      'AAAA',
      '!!',
      box.slice(4),
      'A'.repeat(200),
    ]) {
      expect(await open(bob, INFO, wrong)).toBeUndefined();
    }
  });

  it('carry just the bytes of a view, not its whole buffer', async () => {
    const view = Uint8Array.of(9, 9, 1, 2, 9).subarray(2, 4);
    const box = await seal(bob.publicKey, INFO, view);
    expect(await open(bob, INFO, box)).toEqual(Uint8Array.of(1, 2));
  });

  it('carry nothing and much alike', async () => {
    for (const length of [0, 1, 12_000]) {
      const box = await seal(bob.publicKey, INFO, new Uint8Array(length));
      expect(await open(bob, INFO, box)).toEqual(new Uint8Array(length));
    }
  });

  it.each([
    '',
    'AAAA',
    toBase64Url(new Uint8Array(65)),
    toBase64Url(Uint8Array.of(4, ...new Uint8Array(64).fill(1))),
    '=',
  ])('are not sealed to %j, which is no point on the curve', async (to) => {
    await expect(seal(to, INFO, plaintext)).rejects.toThrow();
  });
});

describe('boxes with a known sender', () => {
  it('open only when they come from that sender', async () => {
    const box = await seal(bob.publicKey, INFO, plaintext, alice);
    expect(await open(bob, INFO, box, alice.publicKey)).toEqual(plaintext);
    expect(await open(bob, INFO, box, mallory.publicKey)).toBeUndefined();
    expect(await open(bob, INFO, box)).toBeUndefined();
    expect(await open(bob, INFO, box, 'no key')).toBeUndefined();
  });

  it('cannot be forged by sealing without the sender’s key', async () => {
    const box = await seal(bob.publicKey, INFO, plaintext);
    expect(await open(bob, INFO, box, alice.publicKey)).toBeUndefined();
  });
});

describe('identities', () => {
  it('are uncompressed points of 65 bytes, each another', () => {
    const points = [alice, bob, mallory].map(({ publicKey }) => fromBase64Url(publicKey));
    for (const point of points) expect([point?.byteLength, point?.[0]]).toEqual([65, 4]);
    expect(new Set([alice.publicKey, bob.publicKey, mallory.publicKey]).size).toBe(3);
  });
});
