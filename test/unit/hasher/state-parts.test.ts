import { describe, expect, it } from 'vitest';
import { LayerShelf } from '../../../hasher-service/state/layer-shelf.js';
import { isLayerOf } from '../../../hasher-service/state/layer-check.js';
import { News } from '../../../hasher-service/state/news.js';
import { Turns } from '../../../hasher-service/state/turns.js';
import { hashWhole } from '../../../src/core/merkle.js';
import type { ByteLength, Root } from '../../../src/core/brands.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { seededBytes } from '../../support/random.js';
import { sha256 } from '../../support/sha256.js';

const root = (letter: string) => letter.repeat(64) as Root;

describe('LayerShelf', () => {
  it('holds what was used last, up to its bytes', () => {
    const shelf = new LayerShelf(100);
    for (const letter of ['a', 'b', 'c']) shelf.put(root(letter), new Uint8Array(32));
    shelf.get(root('a'));
    shelf.put(root('d'), new Uint8Array(32));
    expect(['a', 'b', 'c', 'd'].map((letter) => shelf.get(root(letter)) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    shelf.put(root('a'), new Uint8Array(64));
    expect(shelf.get(root('c'))).toBeUndefined();
    expect(shelf.get(root('d'))).toBeDefined();
    shelf.put(root('e'), new Uint8Array(101));
    expect(['a', 'd', 'e'].map((letter) => shelf.get(root(letter)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('isLayerOf', () => {
  it.each([1, 2, 3, 5, 8, 13])(
    'knows a layer of %i pieces, also without the length of a piece',
    async (pieces) => {
      for (const piece of [64 * 1024, 256 * 1024] as ByteLength[]) {
        const bytes = new Uint8Array((pieces - 1) * piece + 5).fill(pieces);
        const cut = { length: bytes.byteLength as ByteLength, piece };
        const { root: whole, layer } = await hashWhole(sha256, cut, bytes);
        const wire = new Uint8Array(Buffer.concat(layer));
        expect(await isLayerOf(sha256, whole, wire)).toBe(true);
        expect(await isLayerOf(sha256, whole, wire, cut)).toBe(true);
        expect(await isLayerOf(sha256, whole, wire.slice(0, -1))).toBe(false);
        expect(await isLayerOf(sha256, whole, wire.slice(0, -32))).toBe(false);
        expect(await isLayerOf(sha256, whole, new Uint8Array([...wire, ...wire.slice(0, 32)]))).toBe(false);
        wire[wire.length - 1] = (wire.at(-1) ?? 0) ^ 1;
        expect(await isLayerOf(sha256, whole, wire)).toBe(false);
      }
    },
  );

  it.each([0, 31, 33])('knows that %i bytes are no layer', async (length) => {
    expect(await isLayerOf(sha256, root('a'), seededBytes(1)(length))).toBe(false);
  });
});

describe('Turns', () => {
  it('run what is about one thing in order, after failures too, and the rest beside it', async () => {
    const turns = new Turns();
    const order: string[] = [];
    let finish: (() => void) | undefined;
    const slow = turns.take('a', () => new Promise<void>((resolve) => (finish = resolve)));
    const failing = turns.take('a', () => {
      order.push('a2');
      return Promise.reject(new Error('no'));
    });
    const last = turns.take('a', () => Promise.resolve(order.push('a3')));
    await turns.take('b', () => Promise.resolve(order.push('b')));
    finish?.();
    await slow;
    await expect(failing).rejects.toThrow('no');
    await last;
    expect(order).toEqual(['b', 'a2', 'a3']);
  });
});

describe('News', () => {
  const never = new AbortController().signal;

  async function over(wait: ReturnType<News['about']>, signal = never): Promise<{ said?: boolean }> {
    const result: { said?: boolean } = {};
    void wait.over(1000, signal).then((said) => (result.said = said));
    await settle();
    return result;
  }

  it('is what was said before or after it was waited for', async () => {
    const clock = new FakeClock();
    const news = new News(clock);
    const [early, late, other] = [news.about('a'), news.about('a'), news.about('b')];
    const waiting = await over(late);
    expect(waiting.said).toBeUndefined();
    news.tell('a', true);
    await settle();
    expect(waiting.said).toBe(true);
    expect((await over(early)).said).toBe(true);
    expect((await over(other)).said).toBeUndefined();
  });

  it('is that work ended without a word, that nothing came, or that nobody waits any more', async () => {
    const clock = new FakeClock();
    const news = new News(clock);
    const ended = await over(news.about('a'));
    news.tell('a', false);
    await settle();
    expect(ended.said).toBe(false);
    const silence = await over(news.about('a'));
    await clock.advance(999);
    expect(silence.said).toBeUndefined();
    await clock.advance(1);
    expect(silence.said).toBe(false);
    const end = new AbortController();
    const aborted = await over(news.about('a'), end.signal);
    end.abort();
    await settle();
    expect([aborted.said, clock.pending]).toEqual([false, 0]);
  });

  it('is not told to those who stopped', async () => {
    const news = new News(new FakeClock());
    const wait = news.about('a');
    wait.stop();
    news.tell('a', true);
    expect((await over(wait)).said).toBeUndefined();
  });
});
