import { describe, expect, it } from 'vitest';
import { noResults, readPlaywright, readVitest, sum, withExit } from '../../../scripts/test-results.mjs';

const file = (status: string, ...statuses: string[]): object => ({
  status,
  name: 'a.test.ts',
  message: '',
  assertionResults: statuses.map((each, i) => ({
    status: each,
    fullName: `test ${i}`,
    failureMessages: each === 'failed' ? ['\u001B[31mexpected 1\u001B[39m\nto be 2'] : [],
  })),
});

describe('readVitest', () => {
  it('counts tests over all files', () => {
    const report = { testResults: [file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')] };
    expect(readVitest(report)).toEqual({
      passed: 3,
      failed: ['test 1: expected 1'],
      skipped: [],
      flaky: [],
    });
  });

  it('counts a file that does not load as one failure', () => {
    expect(readVitest({ testResults: [file('failed')] }).failed).toEqual(['a.test.ts']);
    expect(readVitest({ testResults: [file('failed', 'passed')] })).toMatchObject({
      passed: 1,
      failed: ['a.test.ts'],
    });
  });

  it('names what was skipped', () => {
    const report = { testResults: [file('passed', 'passed', 'skipped', 'todo', 'pending')] };
    expect(readVitest(report)).toMatchObject({
      passed: 1,
      failed: [],
      skipped: ['test 1', 'test 2', 'test 3'],
    });
  });

  it('counts a status it does not know as a failure', () => {
    expect(readVitest({ testResults: [file('passed', 'exploded')] }).failed).toEqual(['test 0']);
  });
});

describe('readPlaywright', () => {
  const spec = (title: string, status: string): object => ({ file: 'a.test.ts', title, tests: [{ status }] });

  it('walks nested suites', () => {
    const suites = [
      { specs: [spec('one', 'expected')], suites: [{ specs: [spec('two', 'unexpected')], suites: [] }] },
    ];
    expect(readPlaywright({ suites, errors: [] })).toEqual({
      passed: 1,
      failed: ['a.test.ts: two'],
      skipped: [],
      flaky: [],
    });
  });

  it('names what was skipped and what needed a retry', () => {
    const suites = [{ specs: [spec('one', 'flaky'), spec('two', 'skipped')] }];
    expect(readPlaywright({ suites, errors: [] })).toEqual({
      passed: 1,
      failed: [],
      skipped: ['a.test.ts: two'],
      flaky: ['a.test.ts: one'],
    });
  });

  it('counts errors outside of tests', () => {
    const errors = [{ message: 'no such file' }];
    expect(readPlaywright({ suites: [], errors }).failed).toEqual(['test runner: no such file']);
  });
});

describe('sums', () => {
  it('add up', () => {
    const a = { passed: 1, failed: ['x'], skipped: ['s'], flaky: [] };
    const b = { passed: 10, failed: ['y'], skipped: ['t'], flaky: ['f'] };
    expect(sum(a, b)).toEqual({ passed: 11, failed: ['x', 'y'], skipped: ['s', 't'], flaky: ['f'] });
    expect(sum(a, noResults())).toEqual(a);
  });

  it('turn a crash of the runner into a failure, once', () => {
    const fine = { ...noResults(), passed: 5 };
    expect(withExit(fine, 0)).toEqual(fine);
    expect(withExit(fine, 139)).toEqual({ ...fine, failed: ['test runner: ended with code 139'] });
    expect(withExit({ ...fine, failed: ['x'] }, 1).failed).toEqual(['x']);
  });
});
