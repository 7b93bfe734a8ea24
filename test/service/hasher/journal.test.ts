import { appendFile, readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Journal } from '../../../hasher-service/state/journal.js';
import { temporaryDirectory } from './harness.js';

describe('a journal', () => {
  async function fresh() {
    const folder = await temporaryDirectory();
    const path = join(folder, 'journal');
    const open = async () => {
      const values: unknown[] = [];
      const journal = await Journal.open(path, (value) => values.push(value));
      onTestFinished(() => journal.close().catch(() => undefined));
      return { journal, values };
    };
    return { folder, path, open };
  }

  it('gives back what was appended, in order', async () => {
    const { open } = await fresh();
    const values = [1, 'é\n', [null, true], { a: 'b' }, 'x'.repeat(20_000)];
    const { journal, values: before } = await open();
    await Promise.all(values.map((value, i) => journal.append(value, i % 2 === 0)));
    await journal.close();
    expect(before).toEqual([]);
    expect((await open()).values).toEqual(values);
  });

  it('loses no more than what was torn off, wherever it was', async () => {
    const { path, open } = await fresh();
    const { journal } = await open();
    for (const value of ['first', 'second']) await journal.append(value);
    await journal.close();
    const whole = await readFile(path);
    const second = whole.indexOf('\n', 1);
    for (let length = 0; length <= whole.byteLength; length++) {
      await writeFile(path, whole.subarray(0, length));
      const torn = await open();
      const expected = length < second ? [] : length < whole.byteLength ? ['first'] : ['first', 'second'];
      expect(torn.values).toEqual(expected);
      await torn.journal.append('third');
      await torn.journal.close();
      expect((await open()).values).toEqual([...expected, 'third']);
    }
  });

  it('loses no more than what was spoilt in the middle', async () => {
    const { path, open } = await fresh();
    const { journal } = await open();
    for (const value of ['first', 'second', 'third']) await journal.append(value);
    await journal.close();
    const bytes = await readFile(path);
    bytes.write('sec\0', bytes.indexOf('second'));
    await writeFile(path, bytes);
    expect((await open()).values).toEqual(['first', 'third']);
  });

  it.each([
    ['zeros', Buffer.alloc(3_000_000)],
    ['lines', Buffer.from('00000000 1\nnot ours\n\n\n123\n')],
    ['a checksum of what is not JSON', Buffer.from('\n8c736521 foo')],
    ['one endless line', Buffer.alloc(3_000_000, 'x')],
  ])('finds nothing in %s, and goes on behind them', async (_name, content) => {
    const { path, open } = await fresh();
    await writeFile(path, content);
    const { journal, values } = await open();
    expect(values).toEqual([]);
    await journal.append('ours');
    await journal.close();
    expect((await open()).values).toEqual(['ours']);
  });

  it('is replaced by what it is rewritten to, and what was appended meanwhile', async () => {
    const { folder, open } = await fresh();
    const { journal } = await open();
    for (let i = 0; i < 10; i++) await journal.append(i);
    await journal.rewrite(async (append) => {
      await append('a');
      await journal.append('meanwhile');
      await append('b');
      expect((await open()).values).toContain('meanwhile');
    });
    await journal.append('after');
    await journal.close();
    expect((await open()).values).toEqual(['a', 'meanwhile', 'b', 'after']);
    expect(await readdir(folder)).toEqual(['journal']);
  });

  it('stays as it was when its rewriting fails', async () => {
    const { folder, open } = await fresh();
    const { journal } = await open();
    await journal.append('before');
    const rewriting = journal.rewrite(async (append) => {
      await append('lost');
      await journal.append('meanwhile');
      throw new Error('enough');
    });
    await expect(rewriting).rejects.toThrow('enough');
    await journal.append('after');
    await journal.close();
    expect((await open()).values).toEqual(['before', 'meanwhile', 'after']);
    expect(await readdir(folder)).toEqual(['journal']);
  });

  it('survives the end of a process in the middle of an append', async () => {
    const { path, open } = await fresh();
    const { journal } = await open();
    await journal.append('first');
    await journal.close();
    await appendFile(path, '\n1234');
    const next = await open();
    await next.journal.append('second');
    await next.journal.close();
    await truncate(path, (await readFile(path)).byteLength - 1);
    expect((await open()).values).toEqual(['first']);
  });
});
