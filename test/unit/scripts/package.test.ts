import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/run.mjs';

const { files } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { files: string[] };

/** What the text links to beside it: no address, and no place in itself. */
function linksOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const targets = [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => path.normalize(path.join(path.dirname(file), target)));
}

const isPacked = (file: string): boolean =>
  existsSync(path.join(ROOT, file)) && files.some((entry) => file === entry || file.startsWith(`${entry}/`));

describe('what is published', () => {
  it('has all that its texts link to', async () => {
    const docs = await readdir(path.join(ROOT, 'docs'), { recursive: true });
    const pages = docs.filter((name) => name.endsWith('.md')).map((name) => path.join('docs', name));
    const texts = ['README.md', 'CHANGELOG.md', ...pages];
    const links = texts.flatMap((file) => linksOf(file).map((target) => ({ file, target })));
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter(({ target }) => !isPacked(target))).toEqual([]);
  });
});
