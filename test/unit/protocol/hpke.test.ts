import { Aes128Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { describe, expect, it } from 'vitest';
import { concat, type Bytes } from '../../../src/core/bytes.js';
import { generateKeys, openFrom, pointOf, POINT_LENGTH, sealTo } from '../../../src/protocol/hpke.js';
import { seededBytes } from '../../support/random.js';

/** The library that we would use if it were not as large as the rest of the engine's protocol. */
const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
});

const bytesOf = seededBytes(1);
const LENGTHS = [0, 1, 15, 16, 17, 1000, 70_000];

async function people() {
  const [receiver, sender] = await Promise.all([generateKeys(), generateKeys()]);
  const [to, from] = await Promise.all([pointOf(receiver.publicKey), pointOf(sender.publicKey)]);
  return { receiver, sender, to, from };
}

async function theirSeal(to: Bytes, info: Bytes, plaintext: Bytes, from?: CryptoKeyPair): Promise<Bytes> {
  const context = await suite.createSenderContext({
    recipientPublicKey: await suite.kem.deserializePublicKey(to.buffer),
    info: info.buffer,
    ...(from ? { senderKey: from } : {}),
  });
  return concat([new Uint8Array(context.enc), new Uint8Array(await context.seal(plaintext.buffer))]);
}

async function theirOpen(me: CryptoKeyPair, info: Bytes, box: Bytes, from?: Bytes): Promise<Bytes> {
  const context = await suite.createRecipientContext({
    recipientKey: me,
    enc: box.slice(0, POINT_LENGTH).buffer,
    info: info.buffer,
    ...(from ? { senderPublicKey: await suite.kem.deserializePublicKey(from.buffer) } : {}),
  });
  return new Uint8Array(await context.open(box.slice(POINT_LENGTH).buffer));
}

describe('hybrid public key encryption', () => {
  it.each(LENGTHS)(
    'opens what another implementation sealed, and the other way round: %d bytes',
    async (length) => {
      const { receiver, sender, to, from } = await people();
      const [plaintext, info] = [bytesOf(length), bytesOf(length % 100)];
      const base = await theirSeal(to, info, plaintext);
      const auth = await theirSeal(to, info, plaintext, sender);
      expect(await openFrom(receiver, info, base)).toEqual(plaintext);
      expect(await openFrom(receiver, info, auth, from)).toEqual(plaintext);
      expect(await theirOpen(receiver, info, await sealTo(to, info, plaintext))).toEqual(plaintext);
      expect(await theirOpen(receiver, info, await sealTo(to, info, plaintext, sender), from)).toEqual(
        plaintext,
      );
    },
  );

  it('keeps the modes apart', async () => {
    const { receiver, sender, to, from } = await people();
    const [plaintext, info] = [bytesOf(40), bytesOf(10)];
    await expect(openFrom(receiver, info, await sealTo(to, info, plaintext), from)).rejects.toThrow();
    await expect(openFrom(receiver, info, await sealTo(to, info, plaintext, sender))).rejects.toThrow();
  });

  it('refuses what is no point on the curve', async () => {
    const { receiver, to } = await people();
    const wrong = to.slice();
    wrong[40] = (wrong[40] ?? 0) ^ 1;
    const compressed = concat([new Uint8Array([2 + ((to[64] ?? 0) & 1)]), to.slice(1, 33)]);
    for (const point of [
      wrong,
      new Uint8Array(POINT_LENGTH),
      to.slice(0, 64),
      compressed,
      new Uint8Array(),
    ]) {
      await expect(sealTo(point, new Uint8Array(), new Uint8Array(3))).rejects.toThrow();
      const box = concat([point, new Uint8Array(40)]);
      await expect(openFrom(receiver, new Uint8Array(), box)).rejects.toThrow();
    }
  });
});
