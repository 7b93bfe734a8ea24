import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findBrowser } from './find-browser.mjs';
import { findFirefox } from './find-firefox.mjs';
import { findRedis } from './find-redis.mjs';
import { findWebKit } from './find-webkit.mjs';
import { run, runTool } from './run.mjs';
import { noResults, readPlaywright, readVitest, sum, withExit } from './test-results.mjs';

/**
 * `npm test`: builds, runs vitest and Playwright, and ends with the line `N passed, N failed`.
 * `npm test -- unit service` runs only those suites, `npm test -- browser gallery` only files whose
 * path holds `gallery`.
 */
const VITEST_SUITES = ['unit', 'property', 'service'];
const FIREFOX_SUITE = 'firefox';
const WEBKIT_SUITE = 'webkit';
const SUITES = [...VITEST_SUITES, 'browser', FIREFOX_SUITE, WEBKIT_SUITE];
/** Runs of Playwright; which tests spare time two at a time, its configuration says. */
const PLAYWRIGHT_RUNS = [
  { projects: ['pairs', FIREFOX_SUITE, WEBKIT_SUITE], workers: 2 },
  { projects: ['browser'], workers: 1 },
];

const inCi = process.env.CI === 'true';

function chosen(args) {
  const named = args.filter((arg) => SUITES.includes(arg));
  const filters = args.filter((arg) => !SUITES.includes(arg));
  return { suites: named.length > 0 ? named : SUITES, filters };
}

async function readReport(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    console.error(`no report from the test runner: ${error.message}`);
    return undefined;
  }
}

async function runVitest(suites, filters, folder) {
  const file = path.join(folder, 'vitest.json');
  const projects = suites.flatMap((suite) => ['--project', suite]);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const lenient = filters.length > 0 ? ['--passWithNoTests'] : [];
  const redis = suites.includes('service') ? await findRedis() : undefined;
  const env = redis === undefined ? {} : { PEERFOLD_REDIS: redis };
  const exitCode = await runTool('vitest', ['run', ...projects, ...reporters, ...lenient, ...filters], env);
  const report = await readReport(file);
  return withExit(report ? readVitest(report) : noResults(), exitCode);
}

async function playwrightEnvironment(suites, file) {
  const firefox = suites.includes(FIREFOX_SUITE) ? await findFirefox() : undefined;
  const webkit = suites.includes(WEBKIT_SUITE) ? await findWebKit() : undefined;
  return {
    PEERFOLD_CHROMIUM: await findBrowser(),
    PLAYWRIGHT_JSON_OUTPUT_FILE: file,
    ...(firefox && { PEERFOLD_FIREFOX: firefox }),
    ...(webkit && { PEERFOLD_WEBKIT: webkit.driver, PEERFOLD_SCREEN: webkit.screen }),
  };
}

async function runPlaywright({ projects, workers }, filters, folder) {
  const file = path.join(folder, `${projects.join('-')}.json`);
  const lenient = filters.length > 0 ? ['--pass-with-no-tests'] : [];
  const args = [
    'test',
    '--reporter=list,json',
    `--workers=${workers}`,
    // With a space it would take the filters for projects as well.
    ...projects.map((project) => `--project=${project}`),
    ...lenient,
    ...filters,
  ];
  const exitCode = await runTool('playwright', args, await playwrightEnvironment(projects, file));
  const report = await readReport(file);
  return withExit(report ? readPlaywright(report) : noResults(), exitCode);
}

/** A runner that cannot even start is one failure, and no reason to forget the other's results. */
async function guarded(runner) {
  try {
    return await runner();
  } catch (error) {
    return { ...noResults(), failed: [error.message] };
  }
}

async function runSuites({ suites, filters }, folder) {
  const ofVitest = suites.filter((suite) => VITEST_SUITES.includes(suite));
  const results = [noResults()];
  if (ofVitest.length > 0) results.push(await guarded(() => runVitest(ofVitest, filters, folder)));
  for (const { projects, workers } of PLAYWRIGHT_RUNS) {
    const wanted = projects.filter((project) => suites.includes(project === 'pairs' ? 'browser' : project));
    if (wanted.length > 0)
      results.push(await guarded(() => runPlaywright({ projects: wanted, workers }, filters, folder)));
  }
  return results.reduce(sum);
}

/** Prints what deserves attention, then the one line that programs read. Returns the exit code. */
function conclude(results) {
  for (const name of results.failed) console.log(`FAILED: ${name}`);
  for (const name of results.flaky) console.log(`DEFECT: passed only when tried again: ${name}`);
  for (const name of results.skipped) console.log(`skipped: ${name}`);
  const failed = results.failed.length + (inCi ? results.skipped.length : 0);
  console.log(`${results.passed} passed, ${failed} failed`);
  return failed === 0 && results.passed > 0 ? 0 : 1;
}

async function main() {
  const built = (await run(process.execPath, ['scripts/build.mjs'])) === 0;
  if (!built) return { ...noResults(), failed: ['the build'] };
  const folder = await mkdtemp(path.join(os.tmpdir(), 'peerfold-test-'));
  try {
    return await runSuites(chosen(process.argv.slice(2)), folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = conclude(await main());
