import { describe, expect, it } from 'vitest';
import { plotted } from '../../../bench/support/plot.js';

const PLOT = {
  title: 'Egress',
  x: { name: 'viewers', values: [1, 2, 10] },
  y: { name: 'MB' },
  lines: [
    { name: 'plain', colour: '#777777', values: [20, 40, 200] },
    { name: 'ours', colour: '#17606a', values: [20, 20, 20] },
  ],
};

/** Points of the drawn lines, line by line. */
function pointsOf(svg: string): number[][][] {
  return [...svg.matchAll(/points="([^"]+)"/g)].map(([, points = '']) =>
    points.split(' ').map((point) => point.split(',').map(Number)),
  );
}

describe('a plot', () => {
  it('has a line for each, with a point for each place', () => {
    const lines = pointsOf(plotted(PLOT));
    expect(lines.map((points) => points.length)).toEqual([3, 3]);
  });

  it('keeps both axes linear, and everything inside', () => {
    const [plain = [], ours = []] = pointsOf(plotted(PLOT));
    const [one, two, ten] = plain.map(([x = 0]) => x);
    expect((Number(ten) - Number(two)) / (Number(two) - Number(one))).toBeCloseTo(8, 1);
    const heights = [...plain, ...ours].map(([, y = 0]) => y);
    expect(Math.min(...heights)).toBeGreaterThan(0);
    expect(new Set(ours.map(([, y]) => y)).size).toBe(1);
  });

  it('names its lines and axes', () => {
    for (const name of ['Egress', 'viewers', 'MB', 'plain', 'ours', '200'])
      expect(plotted(PLOT)).toContain(`>${name}</text>`);
  });
});
