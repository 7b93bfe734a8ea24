import { describe, expect, it } from 'vitest';
import { baselineRow, comparedRow } from '../../../bench/support/rows.js';

describe('rows', () => {
  it('give median and middle half', () => {
    expect(baselineRow('plain', [1, 2, 3, 4, 5])).toEqual({
      name: 'plain',
      value: 3,
      unit: 'ms',
      spread: [2, 4],
    });
  });

  it('compare pair by pair: a moment that slowed both down says nothing about either', () => {
    const row = comparedRow('ours', [2, 20, 4], [1, 10, 2]);
    expect(row.ratio).toBe(2);
    expect(row.note).toBe('middle half of 3 pairs 2.00–2.00');
  });

  it('keep unit and note', () => {
    const row = comparedRow('ours', [5], [10], { unit: 'MB/s', note: 'all from the peer' });
    expect(row).toMatchObject({ unit: 'MB/s', ratio: 0.5 });
    expect(row.note).toMatch(/; all from the peer$/);
  });
});
