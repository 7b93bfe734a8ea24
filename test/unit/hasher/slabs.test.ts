import { describe, expect, it } from 'vitest';
import { SLAB_LENGTH } from '../../../hasher-service/hashing/slab-jobs.js';
import { SlabBuffers, slabsOf } from '../../../hasher-service/hashing/slabs.js';
import { concat, type Bytes } from '../../../src/core/bytes.js';
import { MIN_PIECE_LENGTH } from '../../../src/core/pieces.js';
import { seededBytes } from '../../support/random.js';

const CONTENT = seededBytes(5)(2 * SLAB_LENGTH + 12_345);

/** Chunks of the content, each in the same buffer as the one before. */
async function* chunks(content: Bytes, length: number): AsyncGenerator<Bytes> {
  const buffer = new Uint8Array(length);
  for (let at = 0; at < content.byteLength; at += length) {
    const chunk = content.subarray(at, at + length);
    buffer.set(chunk);
    yield Promise.resolve(buffer.subarray(0, chunk.byteLength));
  }
}

async function slabs(content: Bytes, length: number, buffers = new SlabBuffers(0)): Promise<Bytes[]> {
  const all: Bytes[] = [];
  for await (const slab of slabsOf(chunks(content, length), buffers)) all.push(slab);
  return all;
}

describe('slabsOf', () => {
  it.each([1000, 65_536, SLAB_LENGTH, SLAB_LENGTH + 1, 3 * SLAB_LENGTH])(
    'fills slabs from chunks of %i bytes',
    async (length) => {
      const all = await slabs(CONTENT, length);
      expect(all.map(({ byteLength }) => byteLength)).toEqual([SLAB_LENGTH, SLAB_LENGTH, 12_345]);
      // `toEqual` takes seconds for a megabyte.
      expect(Buffer.compare(concat(all), CONTENT)).toBe(0);
    },
  );

  it('has no last slab when the one before was full, and none for nothing', async () => {
    expect(await slabs(CONTENT.subarray(0, SLAB_LENGTH), 1000)).toHaveLength(1);
    expect(await slabs(new Uint8Array(0), 1000)).toHaveLength(0);
  });

  it('takes the next chunk only when the slab has been taken', async () => {
    let asked = 0;
    async function* counted(): AsyncGenerator<Bytes> {
      for await (const chunk of chunks(CONTENT, SLAB_LENGTH / 2)) {
        asked++;
        yield chunk;
      }
    }
    const slabs = slabsOf(counted(), new SlabBuffers(0));
    await slabs.next();
    expect(asked).toBe(2);
    await slabs.next();
    expect(asked).toBe(4);
  });

  it('starts every slab where a piece may start', () => {
    expect(SLAB_LENGTH % MIN_PIECE_LENGTH).toBe(0);
  });
});

describe('SlabBuffers', () => {
  it('are used again, whole, up to a number', () => {
    const buffers = new SlabBuffers(1);
    const [first, second] = [buffers.take(), buffers.take()];
    buffers.give([first.subarray(0, 10), second]);
    const again = buffers.take();
    expect(again.buffer).toBe(first.buffer);
    expect(again.byteLength).toBe(SLAB_LENGTH);
    expect(buffers.take().buffer).not.toBe(second.buffer);
  });
});
