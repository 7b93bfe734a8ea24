import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../bench/report.js';
import { isOfSameMachine, pageOf, sectionOf } from '../../../scripts/bench-report.mjs';

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
    expect(sectionOf('some', REPORT, []).split('\n').slice(-2)).toEqual([
      '| plain | 12.35 | 10–15.5 | ms |  |  |',
      '| ours | 24 |  | ms | 1.94 | a note |',
    ]);
  });

  it('says which command it is from, and how its run went', () => {
    const section = sectionOf('some', REPORT, ['on a Monday', '3 s']);
    expect(section).toContain('What was done.\n\n`npm run bench -- some` on a Monday, 3 s.\n\n|');
  });

  it('has as many cells in each line', () => {
    const lines = sectionOf('some', REPORT, [])
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(new Set(lines.map((line) => line.split('|').length))).toEqual(new Set([8]));
  });
});

describe('the page', () => {
  const [some, other] = ['some', 'other'].map((name) =>
    sectionOf(name, { ...REPORT, title: name }, ['today']),
  );
  const page = pageOf([some, other], ['2 cores', 'Node 20']);

  it('holds the facts of the machine and all sections by name, and ends with one line break', () => {
    expect(page).toMatch(/^# Benchmarks\n/);
    expect(page).toContain('- 2 cores\n- Node 20\n\n## other');
    expect(page.endsWith(`\n\n${some}\n`)).toBe(true);
  });

  it('replaces a section that is measured again, and keeps the others', () => {
    const again = sectionOf('other', { ...REPORT, title: 'renamed' }, ['tomorrow']);
    expect(pageOf([again], ['2 cores', 'Node 20'], page)).toBe(pageOf([some, again], ['2 cores', 'Node 20']));
  });

  it('knows whether it is of the same machine', () => {
    expect(isOfSameMachine(page, ['2 cores', 'Node 20'])).toBe(true);
    expect(isOfSameMachine(page, ['4 cores', 'Node 20'])).toBe(false);
    expect(isOfSameMachine('', ['2 cores'])).toBe(false);
  });
});
