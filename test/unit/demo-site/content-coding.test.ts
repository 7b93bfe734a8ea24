import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { ContentCoding } from '../../../demo-site/content-coding.js';
import { memoryRepresentation, type Representation } from '../../../demo-site/representation.js';
import { FAKE_EPOCH } from '../../support/fake-clock.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const JSON_TYPE = 'application/json';

let coding: ContentCoding;
let reads: number;

beforeEach(() => {
  coding = new ContentCoding();
  reads = 0;
});

/** `length` bytes of text that differ by `name`, and count how often they are read. */
function textOf(name: string, length = 4 * KIB, changed = FAKE_EPOCH): Representation {
  const content = Buffer.from(name.padEnd(length, 'and so on '));
  const text = memoryRepresentation(JSON_TYPE, content, new Date(changed));
  return {
    ...text,
    read(span) {
      reads++;
      return text.read(span);
    },
  };
}

async function bytesOf({ length, read }: Pick<Representation, 'length' | 'read'>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of read({ start: 0, end: length })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function isCoded(text: Representation): Promise<boolean> {
  return (await coding.choose(text, 'gzip')).coding !== undefined;
}

describe('a text', () => {
  it('is compressed once, also when many ask at the same time', async () => {
    const [first, second] = await Promise.all([
      coding.choose(textOf('a'), 'gzip'),
      coding.choose(textOf('a'), 'gzip'),
    ]);
    const third = await coding.choose(textOf('a'), 'gzip');
    expect(reads).toBe(1);
    expect([second.etag, third.etag]).toEqual([first.etag, first.etag]);
    expect(gunzipSync(await bytesOf(third)).toString()).toBe('a'.padEnd(4 * KIB, 'and so on '));
  });

  it('is compressed anew in another state', async () => {
    const first = await coding.choose(textOf('a'), 'gzip');
    const second = await coding.choose(textOf('b'), 'gzip');
    await coding.choose(textOf('a', 4 * KIB, FAKE_EPOCH + 1), 'gzip');
    expect(reads).toBe(3);
    expect(second.etag).not.toBe(first.etag);
  });

  it('is tried again when it could not be read', async () => {
    const broken: Representation = {
      ...textOf('a'),
      read() {
        throw new Error('the disk is gone');
      },
    };
    await expect(coding.choose(broken, 'gzip')).rejects.toThrow('the disk is gone');
    expect(await isCoded(textOf('a'))).toBe(true);
  });

  it('is coded from 1 KiB to 2 MiB', async () => {
    expect(await isCoded(textOf('a', KIB - 1))).toBe(false);
    expect(await isCoded(textOf('a', KIB))).toBe(true);
    expect(await isCoded(textOf('a', 2 * MIB))).toBe(true);
    expect(await isCoded(textOf('a', 2 * MIB + 1))).toBe(false);
  });
});

it('32 texts are kept, not more', async () => {
  for (let i = 0; i < 32; i++) await coding.choose(textOf(`${i}`), 'gzip');
  await coding.choose(textOf('0'), 'gzip');
  expect(reads).toBe(32);
  await coding.choose(textOf('one too many'), 'gzip');
  await coding.choose(textOf('0'), 'gzip');
  expect(reads).toBe(34);
});
