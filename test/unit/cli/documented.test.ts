import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.js';
import { FakeIo } from '../../support/fake-io.js';

const DOCS = resolve(import.meta.dirname, '../../../docs');

describe('the pages', () => {
  it.each(['hasher', 'tracker'])('name every option of the %s', async (name) => {
    const pages = (await readdir(DOCS)).filter((page) => page.endsWith('.md'));
    const text = (await Promise.all(pages.map((page) => readFile(resolve(DOCS, page), 'utf8')))).join('\n');
    const io = new FakeIo();
    await run([name, '--help'], io);
    const flags = [...io.output.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, flag = '']) => flag);
    expect(flags.length).toBeGreaterThan(10);
    // A secret is shown as its variable, so that nobody gives it as a flag.
    const variable = (flag: string): string => `PEERFOLD_${name}_${flag.replaceAll('-', '_')}`.toUpperCase();
    const isNamed = (flag: string): boolean =>
      new RegExp(`--${flag}(?![a-z-])`).test(text) || text.includes(variable(flag));
    expect(flags.filter((flag) => !isNamed(flag))).toEqual([]);
  });
});
