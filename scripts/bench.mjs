import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';
import { pageOf, sectionOf } from './bench-report.mjs';
import { CHROMIUM_ARGS, findBrowser } from './find-browser.mjs';
import { ROOT, run } from './run.mjs';

/**
 * `npm run bench`: builds, runs every `bench/*.bench.ts`, and writes docs/benchmarks.md.
 * `npm run bench -- sizes` runs only files whose name holds `sizes`, and writes nothing.
 */
const PAGE = path.join(ROOT, 'docs/benchmarks.md');
/** Inside the project, so that the benchmarks find its packages. */
const COMPILED = path.join(ROOT, 'dist/bench');

async function compiled(filters) {
  const names = (await readdir(path.join(ROOT, 'bench'))).filter((name) => name.endsWith('.bench.ts'));
  const chosen = names.filter((name) => filters.every((filter) => name.includes(filter))).sort();
  await rm(COMPILED, { recursive: true, force: true });
  await mkdir(COMPILED, { recursive: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: chosen.map((name) => path.join('bench', name)),
    outdir: COMPILED,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  return chosen.map((name) => path.join(COMPILED, name.replace(/\.ts$/, '.js')));
}

function machine() {
  const [cpu] = os.cpus();
  return [
    `${os.cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}`,
    `Node ${process.version}`,
    new Date().toISOString().slice(0, 10),
  ];
}

async function measure(files) {
  const context = { root: ROOT, browser: { executablePath: await findBrowser(), args: CHROMIUM_ARGS } };
  const reports = [];
  for (const file of files) {
    const { default: benchmark } = await import(pathToFileURL(file).href);
    const report = await benchmark(context);
    console.log(`\n${sectionOf(report)}`);
    reports.push(report);
  }
  return reports;
}

const filters = process.argv.slice(2);
if ((await run(process.execPath, ['scripts/build.mjs'])) !== 0) process.exit(1);
const reports = await measure(await compiled(filters));
if (filters.length === 0) {
  const style = { ...(await resolveConfig(PAGE)), parser: 'markdown' };
  await writeFile(PAGE, await format(pageOf(reports, machine()), style));
}
