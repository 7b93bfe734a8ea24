import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHashing, type HashingOptions } from '../../../hasher-service/hashing/create-hashing.js';
import type { Digested, Hashing } from '../../../hasher-service/hashing/port.js';
import { SLAB_LENGTH, SPAN_LENGTH } from '../../../hasher-service/hashing/slab-jobs.js';
import { OriginFault } from '../../../hasher-service/origin/fault.js';
import { toHex, type Bytes } from '../../../src/core/bytes.js';
import { pieceLengthFor } from '../../../src/core/pieces.js';
import type { ByteLength } from '../../../src/core/brands.js';
import { pieceLayer, piecesRoot } from '../../support/bep52.js';
import { BUILT_HASHING } from '../../support/built-hashing.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/random.js';
import { sha256 } from '../../support/sha256.js';
import { temporaryFile } from '../../support/temporary-file.js';

const MIB = 1024 * 1024;
const TYPE = 'application/octet-stream';

function newHashing(options: Partial<HashingOptions> = {}): Hashing {
  const hashing = createHashing({ clock: new FakeClock(), sha256, threads: 2, ...BUILT_HASHING, ...options });
  onTestFinished(() => hashing.close());
  return hashing;
}

/** Bytes that differ everywhere. */
function bytesOf(length: number): Bytes {
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  return new Uint8Array(words.buffer).subarray(0, length);
}

/** Chunks of all lengths up to two slabs; each lies where the one before lay. */
async function* chunksOf(bytes: Bytes): AsyncGenerator<Bytes> {
  const random = seededRandom(bytes.byteLength);
  const buffer = new Uint8Array(2 * SLAB_LENGTH);
  for (let at = 0; at < bytes.byteLength;) {
    const chunk = bytes.subarray(at, at + Math.ceil(random() ** 3 * buffer.byteLength));
    buffer.set(chunk);
    yield Promise.resolve(buffer.subarray(0, chunk.byteLength));
    buffer.fill(0xee, 0, chunk.byteLength);
    at += chunk.byteLength;
  }
}

async function fileOf(bytes: Bytes): Promise<FileHandle> {
  const file = await open(await temporaryFile('file', bytes));
  onTestFinished(() => file.close());
  return file;
}

function expectDigest(digested: Digested | undefined, bytes: Bytes): void {
  const length = bytes.byteLength as ByteLength;
  const piece = pieceLengthFor(length);
  expect(digested?.cut).toEqual({ length, piece });
  expect(digested?.root).toBe(piecesRoot(bytes));
  if (length > piece) expect(digested?.layer.map(toHex)).toEqual(pieceLayer(bytes, piece));
  expect(digested).not.toHaveProperty('duration');
}

const LENGTHS = [
  1,
  16_384,
  65_537,
  SLAB_LENGTH,
  SLAB_LENGTH + 1,
  SPAN_LENGTH - 1,
  4 * MIB,
  4 * MIB + 1,
  64 * MIB + 16_385,
];

describe('hashing', () => {
  it.each(LENGTHS)('a stream of %i bytes', async (length) => {
    const bytes = bytesOf(length);
    expectDigest(await newHashing().hashStream(chunksOf(bytes), TYPE), bytes);
  });

  it.each(LENGTHS)('a file of %i bytes', async (length) => {
    const bytes = bytesOf(length);
    expectDigest(await newHashing().hashFile(await fileOf(bytes), length, TYPE), bytes);
  });

  it('the first bytes of a file', async () => {
    const bytes = bytesOf(3 * MIB);
    const file = await fileOf(bytes);
    expectDigest(await newHashing().hashFile(file, 100_000, TYPE), bytes.subarray(0, 100_000));
  });

  it('many at once', async () => {
    const hashing = newHashing();
    const contents = Array.from({ length: 12 }, (_, i) => bytesOf(1 + i * 350_001));
    const streams = contents.map((bytes) => hashing.hashStream(chunksOf(bytes), TYPE));
    const files = contents.map(async (bytes) =>
      hashing.hashFile(await fileOf(bytes), bytes.byteLength, TYPE),
    );
    for (const [i, bytes] of contents.entries()) {
      expectDigest(await streams[i], bytes);
      expectDigest(await files[i], bytes);
    }
  });

  it('nothing has no digest', async () => {
    const hashing = newHashing();
    expect(await hashing.hashStream(chunksOf(new Uint8Array(0)), TYPE)).toBeUndefined();
    expect(await hashing.hashFile(await fileOf(new Uint8Array(0)), 0, TYPE)).toBeUndefined();
  });
});

describe('what goes wrong', () => {
  it('with a stream is what its reader hears', async () => {
    const fault = new OriginFault('truncated');
    async function* broken(): AsyncGenerator<Bytes> {
      yield* chunksOf(bytesOf(5 * MIB));
      throw fault;
    }
    const hashing = newHashing();
    await expect(hashing.hashStream(broken(), TYPE)).rejects.toBe(fault);
    expectDigest(await hashing.hashStream(chunksOf(bytesOf(5 * MIB)), TYPE), bytesOf(5 * MIB));
  });

  it('with a file that became shorter is a change, and the file stays open', async () => {
    const bytes = bytesOf(10 * MIB);
    const file = await fileOf(bytes);
    const hashing = newHashing();
    await expect(hashing.hashFile(file, 10 * MIB + 1, TYPE)).rejects.toMatchObject({ code: 'changed' });
    await expect(hashing.hashFile(file, 2 ** 40, TYPE)).rejects.toBeInstanceOf(OriginFault);
    expectDigest(await hashing.hashFile(file, 10 * MIB, TYPE), bytes);
  });

  it('with reading a file is said', async () => {
    const file = await open(tmpdir());
    onTestFinished(() => file.close());
    await expect(newHashing().hashFile(file, 100, TYPE)).rejects.toThrow(/hash thread failed: EISDIR/);
  });

  it('with a thread ends the work it had, and the source is told to stop', async () => {
    const hashing = newHashing({ hashWorker: new URL('data:text/javascript,process.exit(3)') });
    let isStopped = false;
    async function* endless(): AsyncGenerator<Bytes> {
      try {
        for (;;) yield Promise.resolve(new Uint8Array(SLAB_LENGTH));
      } finally {
        isStopped = true;
      }
    }
    await expect(hashing.hashStream(endless(), TYPE)).rejects.toMatchObject({ code: 'worker-failed' });
    expect(isStopped).toBe(true);
  });

  it('with the file that threads run names it', async () => {
    const hashing = newHashing({ hashWorker: new URL('./no-such-worker.js', import.meta.url) });
    const hashed = hashing.hashStream(chunksOf(bytesOf(1)), TYPE);
    await expect(hashed).rejects.toThrow(/no-such-worker\.js/);
  });
});

describe('closing', () => {
  it('ends what is under way, and takes nothing more', async () => {
    const hashing = newHashing();
    async function* endless(): AsyncGenerator<Bytes> {
      for (;;) yield Promise.resolve(new Uint8Array(SLAB_LENGTH));
    }
    const stream = hashing.hashStream(endless(), TYPE);
    const ended = expect(stream).rejects.toMatchObject({ code: 'worker-failed' });
    await hashing.hashStream(chunksOf(bytesOf(MIB)), TYPE);
    await hashing.close();
    await ended;
    const late = hashing.hashStream(chunksOf(bytesOf(1)), TYPE);
    await expect(late).rejects.toMatchObject({ code: 'worker-failed' });
    await hashing.close();
  });
});
