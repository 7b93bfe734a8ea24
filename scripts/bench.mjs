import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { format, resolveConfig } from 'prettier';
import { isOfSameMachine, pageOf, sectionOf } from './bench-report.mjs';
import { CHROMIUM_ARGS, findBrowser } from './find-browser.mjs';
import { ROOT, run } from './run.mjs';

/**
 * `npm run bench`: builds, runs every `bench/*.bench.ts`, and writes docs/benchmarks.md.
 * `npm run bench -- sizes` runs only files whose name holds `sizes`, and replaces their sections.
 * `npm run bench -- --quick` repeats less, to see whether the benchmarks work, and writes nothing.
 */
const PAGE = path.join(ROOT, 'docs/benchmarks.md');
/** Inside the project, so that the benchmarks find its packages. */
const COMPILED = path.join(ROOT, 'dist/bench');
const ENDING = /\.bench\.[jt]s$/;
/** A quick run repeats this many times less. */
const QUICK = 10;

async function compiled(filters) {
  const names = (await readdir(path.join(ROOT, 'bench'))).filter((name) => ENDING.test(name));
  const chosen = names.filter((name) => filters.every((filter) => name.includes(filter))).sort();
  const programs = await readdir(path.join(ROOT, 'bench/programs'));
  await rm(COMPILED, { recursive: true, force: true });
  await mkdir(COMPILED, { recursive: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: [...chosen, ...programs.map((name) => `programs/${name}`)].map((name) => `bench/${name}`),
    outdir: COMPILED,
    outbase: 'bench',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  return chosen.map((name) => path.join(COMPILED, name.replace(/\.ts$/, '.js')));
}

function machine(browserVersion) {
  const [cpu] = os.cpus();
  // Builds of one kernel release come and go, and make no other machine of this one.
  const [release] = /^\d+\.\d+/.exec(os.release()) ?? [os.release()];
  return [
    `${os.cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${release}`,
    `Node ${process.version}`,
    `Chromium ${browserVersion}`,
  ];
}

/** Runnable processes per minute, on average: above the number of cores, timings are of a crowded machine. */
function load() {
  return os.loadavg()[0]?.toFixed(1) ?? '?';
}

/** A section of the page, and the pictures it shows. */
async function resultOf(file, context) {
  const [before, started] = [load(), performance.now()];
  const { default: benchmark } = await import(pathToFileURL(file).href);
  const report = await benchmark(context);
  const seconds = Math.round((performance.now() - started) / 1000);
  const facts = [`on ${new Date().toISOString().slice(0, 10)}`, `${seconds} s`];
  const name = path.basename(file).replace(ENDING, '');
  const section = sectionOf(name, report, [...facts, `host load ${before} before, ${load()} after`]);
  return { section, pictures: report.pictures ?? {} };
}

/** Runs all of them, whatever fails: what the others measured is worth seeing. */
async function measure(files, context) {
  const results = [];
  for (const file of files) {
    try {
      const result = await resultOf(file, context);
      console.log(`\n${result.section}`);
      results.push(result);
    } catch (error) {
      console.error(`\n${path.basename(file)} failed:`, error);
      process.exitCode = 1;
    }
  }
  return results;
}

async function versionOf(browser) {
  const started = await chromium.launch(browser);
  const version = started.version();
  await started.close();
  return version;
}

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if ((await run(process.execPath, ['scripts/build.mjs'])) !== 0) process.exit(1);
const browser = { executablePath: await findBrowser(), args: CHROMIUM_ARGS };
const facts = machine(await versionOf(browser));
const repeats = (full) => (values.quick ? Math.max(2, Math.round(full / QUICK)) : full);
const results = await measure(await compiled(positionals), { root: ROOT, browser, repeats });
const before = await readFile(PAGE, 'utf8').catch(() => '');
const isWhole = positionals.length === 0;
if (values.quick || process.exitCode !== undefined) process.exit();
if (isWhole || isOfSameMachine(before, facts)) {
  const style = { ...(await resolveConfig(PAGE)), parser: 'markdown' };
  const sections = results.map(({ section }) => section);
  await writeFile(PAGE, await format(pageOf(sections, facts, isWhole ? '' : before), style));
  const pictures = results.flatMap((result) => Object.entries(result.pictures));
  for (const [name, svg] of pictures) await writeFile(path.join(path.dirname(PAGE), name), svg);
} else console.log('\nNot written: the page is of another machine; `npm run bench` measures all of it anew.');
