import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './io.js';

/** What web servers and site generators commonly serve, in no order: several of them are a question. */
const USUAL = ['public', 'static', 'dist', 'build', '_site', 'out', 'htdocs', 'www', 'docs', '.'];

/** Where frameworks take files from that are served as they are; what they build is theirs to write. */
const FRAMEWORKS: readonly (readonly [dependency: string, folder: string])[] = [
  ['@sveltejs/kit', 'static'],
  ['gatsby', 'static'],
  ['next', 'public'],
  ['nuxt', 'public'],
  ['astro', 'public'],
  ['react-scripts', 'public'],
  ['vite', 'public'],
];

/** The folder that a site is served from, relative to where it was looked for, and how that is known. */
export interface FoundFolder {
  readonly folder: string;
  readonly why: string;
  /** A framework copies what lies in it to what is published. */
  readonly copied: boolean;
}

/**
 * Finds the folder that is served, below `cwd`. Throws a `UsageError` that lists what was seen where that is
 * not clear.
 */
export async function findFolder(cwd: string): Promise<FoundFolder> {
  const framework = await frameworkOf(cwd);
  if (framework) {
    const [dependency, folder] = framework;
    const why = `${dependency} in package.json serves what lies in it`;
    if (await isDirectory(join(cwd, folder))) return { folder, why, copied: true };
    throw new UsageError(
      `init: ${why.replace('it', folder)}, which does not exist: make it, or name a folder`,
    );
  }
  const seen = await Promise.all(
    USUAL.map(async (folder) => ({ folder, is: await looks(join(cwd, folder)) })),
  );
  const pages = seen.filter(({ is }) => is === 'site');
  const [only, another] = pages;
  if (only && !another) return { folder: only.folder, why: 'it holds an index.html', copied: false };
  throw new UsageError(`init: ${only ? ambiguous(pages) : nothing(seen)}`);
}

/** Throws a `UsageError` when `folder` is none. */
export async function checkFolder(folder: string): Promise<void> {
  if (!(await isDirectory(folder))) throw new UsageError(`init: ${folder} is no folder`);
}

function ambiguous(pages: readonly { readonly folder: string }[]): string {
  const names = pages.map(({ folder }) => folder);
  return [
    `${names.join(', ')} all hold an index.html; say which of them is served, such as:`,
    ...names.map((name) => `  npx peerfold init ${name}`),
  ].join('\n');
}

function nothing(seen: readonly { readonly folder: string; readonly is: string }[]): string {
  const empty = seen.filter(({ is, folder }) => is === 'folder' && folder !== '.');
  const named = empty.map(({ folder }) => folder).join(', ');
  const there =
    named === '' ? 'none of the usual folders is here' : `there is ${named}, without an index.html`;
  return `which folder is served? ${there}; say it, such as: npx peerfold init ${empty[0]?.folder ?? 'FOLDER'}`;
}

async function frameworkOf(cwd: string): Promise<(typeof FRAMEWORKS)[number] | undefined> {
  const text = await readFile(join(cwd, 'package.json'), 'utf8').catch(() => '{}');
  const named = namesIn(text);
  return FRAMEWORKS.find(([dependency]) => named.has(dependency));
}

/** What a package.json depends on; nothing of one that nobody can read. */
function namesIn(text: string): ReadonlySet<string> {
  try {
    const { dependencies, devDependencies } = JSON.parse(text) as Record<string, object | undefined>;
    return new Set(Object.keys({ ...dependencies, ...devDependencies }));
  } catch {
    return new Set();
  }
}

async function looks(folder: string): Promise<'site' | 'folder' | 'nothing'> {
  const index = await stat(join(folder, 'index.html')).catch(() => undefined);
  if (index?.isFile()) return 'site';
  return (await isDirectory(folder)) ? 'folder' : 'nothing';
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
