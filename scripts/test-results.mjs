import { stripVTControlCharacters } from 'node:util';

/**
 * Reads what the test runners say (their JSON reports) into one shape. A file that could not be run
 * counts as one failed test: it must never make the sum look better.
 *
 * @typedef {object} Results
 * @property {number} passed
 * @property {string[]} failed names, each with the first line of what went wrong where that is known
 * @property {string[]} skipped names
 * @property {string[]} flaky names of tests that passed only when tried again
 */

/** @returns {Results} */
export function noResults() {
  return { passed: 0, failed: [], skipped: [], flaky: [] };
}

const VITEST_SKIPPED = new Set(['skipped', 'pending', 'todo', 'disabled']);

const because = (name, message = '') => {
  const [line] = stripVTControlCharacters(message).trim().split('\n');
  return line ? `${name}: ${line}` : name;
};

/** @returns {Results} of a vitest JSON report */
export function readVitest(report) {
  const results = noResults();
  for (const file of report.testResults) {
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      results.failed.push(because(file.name, file.message));
    }
    for (const { status, fullName, failureMessages } of file.assertionResults) {
      if (status === 'passed') results.passed++;
      else if (VITEST_SKIPPED.has(status)) results.skipped.push(fullName);
      else results.failed.push(because(fullName, failureMessages?.[0]));
    }
  }
  return results;
}

function* specsOf(suite) {
  yield* suite.specs ?? [];
  for (const inner of suite.suites ?? []) yield* specsOf(inner);
}

function addOutcome(results, status, name) {
  if (status === 'skipped') results.skipped.push(name);
  else if (status === 'unexpected') results.failed.push(name);
  else results.passed++;
  if (status === 'flaky') results.flaky.push(name);
}

/** @returns {Results} of a Playwright JSON report */
export function readPlaywright(report) {
  const results = noResults();
  for (const { file, title, tests } of report.suites.flatMap((suite) => [...specsOf(suite)])) {
    for (const { status } of tests) addOutcome(results, status, `${file}: ${title}`);
  }
  // Errors outside of tests: a file that does not load, a global timeout.
  results.failed.push(...report.errors.map(({ message }) => because('test runner', message)));
  return results;
}

/**
 * @param {Results} a
 * @param {Results} b
 * @returns {Results}
 */
export function sum(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: [...a.failed, ...b.failed],
    skipped: [...a.skipped, ...b.skipped],
    flaky: [...a.flaky, ...b.flaky],
  };
}

/**
 * A runner that ended badly without naming a failed test has crashed: that is one failure.
 *
 * @param {Results} results
 * @param {number} exitCode
 * @returns {Results}
 */
export function withExit(results, exitCode) {
  if (exitCode === 0 || results.failed.length > 0) return results;
  return { ...results, failed: [`test runner: ended with code ${exitCode}`] };
}
