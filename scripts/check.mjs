import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { checkContents, checkDependencies, checkModule, checkSizes } from './check-bundles.mjs';
import { BROWSER_BUNDLES } from './bundles.mjs';
import { run, runTool } from './run.mjs';

/**
 * `npm run check`: every step runs, whatever failed before it; a failed one fails the whole at the end.
 * `node scripts/check.mjs lint layers` runs only those.
 */
const tool = async (name, ...args) => (await runTool(name, args)) === 0;
const build = async () => (await run(process.execPath, ['scripts/build.mjs'])) === 0;

/** What dependency-cruiser follows; its rules are the blueprint's table of folders. */
const LAYERED = ['src', 'sw', 'hasher-service', 'tracker-service', 'demo-site', 'bench', 'test'];

/** Exported to be copied to a site or served, never imported: they have no types. */
const SCRIPT_FILES = BROWSER_BUNDLES.map(({ name }) => name).filter((name) => name.startsWith('peerfold'));

/**
 * `built` steps look at the bundles; the build runs before the first of them. The one that is `long` takes about as long
 * as all others together, and goes on beside them.
 */
const STEPS = [
  { name: 'types', run: () => tool('tsc', '-b') },
  { name: 'lint', long: true, run: () => tool('eslint', '--max-warnings', '0', '.') },
  { name: 'format', run: () => tool('prettier', '--check', '--log-level', 'warn', '.') },
  { name: 'layers', run: () => tool('depcruise', '--config', '.dependency-cruiser.mjs', ...LAYERED) },
  { name: 'dead-code', run: () => tool('knip') },
  { name: 'contents', built: true, run: checkContents },
  { name: 'sizes', built: true, run: checkSizes },
  { name: 'dependencies', built: true, run: checkDependencies },
  { name: 'module', built: true, run: checkModule },
  { name: 'adopter', built: true, run: () => tool('tsc', '-p', 'test/types') },
  { name: 'package', built: true, run: checkPackage },
];

/** What `npm publish` would send, packed once for both who look at it. */
async function checkPackage() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'peerfold-package-'));
  try {
    if ((await run('npm', ['pack', '--silent', '--pack-destination', folder])) !== 0) return false;
    const [name] = await readdir(folder);
    const tarball = path.join(folder, name);
    const isWhole = await tool('publint', 'run', '--strict', tarball);
    const typed = ['--profile', 'esm-only', '--exclude-entrypoints', ...SCRIPT_FILES];
    return (await tool('attw', tarball, ...typed)) && isWhole;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function chosen(names) {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length === 0)
    return names.length === 0 ? STEPS : STEPS.filter(({ name }) => names.includes(name));
  console.error(`unknown step ${unknown.join(', ')}; there are: ${STEPS.map(({ name }) => name).join(', ')}`);
  return process.exit(2);
}

async function attempt(step) {
  console.log(`\n── ${step.name}`);
  try {
    return await step.run();
  } catch (error) {
    console.error(error);
    return false;
  }
}

const steps = chosen(process.argv.slice(2));
const results = [];
if (steps.some(({ built }) => built))
  results.push({ name: 'build', ok: await attempt({ name: 'build', run: build }) });

async function inTurn(those) {
  const done = [];
  for (const step of those) done.push({ name: step.name, ok: await attempt(step) });
  return done;
}
const halves = [steps.filter(({ long }) => long), steps.filter(({ long }) => !long)];
results.push(...(await Promise.all(halves.map(inTurn))).flat());

console.log();
for (const { name, ok } of results) console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
process.exit(results.every(({ ok }) => ok) ? 0 : 1);
