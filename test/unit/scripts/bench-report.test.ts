import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../bench/report.js';
import { pageOf, sectionOf } from '../../../scripts/bench-report.mjs';

const REPORT: BenchReport = {
  title: 'Something',
  about: 'What was done.',
  rows: [
    { name: 'plain', value: 12.34567, unit: 'ms', spread: [10, 15.5] },
    { name: 'ours', value: 24, unit: 'ms', ratio: 1.9439, note: 'a note' },
  ],
};

describe('a section', () => {
  it('is a table with one line for each row', () => {
    expect(sectionOf(REPORT).split('\n').slice(-2)).toEqual([
      '| plain | 12.35 | 10–15.5 | ms |  |  |',
      '| ours | 24 |  | ms | 1.94 | a note |',
    ]);
  });

  it('says how its run went, when it is told', () => {
    expect(sectionOf(REPORT, ['Took 3 s.'])).toContain('\n\nTook 3 s.\n\n|');
    expect(sectionOf(REPORT)).toContain('What was done.\n\n|');
  });

  it('has as many cells in each line', () => {
    const lines = sectionOf(REPORT)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(new Set(lines.map((line) => line.split('|').length))).toEqual(new Set([8]));
  });
});

describe('the page', () => {
  it('holds the facts of the machine and all sections, and ends with one line break', () => {
    const page = pageOf([sectionOf(REPORT), '## Other'], ['2 cores', 'today']);
    expect(page).toMatch(/^# Benchmarks\n/);
    expect(page).toContain('- 2 cores\n- today\n\n## Something');
    expect(page).toMatch(/\n\n## Other\n$/);
  });
});
