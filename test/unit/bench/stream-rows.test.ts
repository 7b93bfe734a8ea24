import { describe, expect, it } from 'vitest';
import {
  ceilingOf,
  egressRows,
  headStartOf,
  reasonsOf,
  shareOf,
  shareRow,
  stallRows,
} from '../../../bench/support/stream-rows.js';
import type { Showing } from '../../../bench/support/theatre.js';
import type { View } from '../../../bench/support/watch.js';
import type { FallbackReason, TransferReport } from '../../../src/index.js';

const SEGMENTS = 15;
const SECONDS = 60;

function transfer(index: number, fallback?: FallbackReason): TransferReport {
  const [peer, http] = fallback ? [0, 1000] : [1000, 0];
  return {
    url: `http://localhost/${index}.m4s`,
    destination: '',
    bytes: { peer, store: 0, cache: 0, http, wasted: 0 },
    ...{ started: 0, firstByte: 1, duration: 2, verdicts: {} },
    ...(fallback ? { fallback } : {}),
  };
}

/** Fifteen segments, of which the first came over HTTP for these reasons. */
function view(reasons: readonly FallbackReason[], more: Partial<View> = {}): View {
  const transfers = Array.from({ length: SEGMENTS }, (_, i) => transfer(i, reasons[i]));
  const segments = transfers.map((_, i) => ({ path: `/${i}.m4s`, seconds: SECONDS / SEGMENTS, level: 0 }));
  const http = 1000 * reasons.length;
  const bytes = { peer: 1000 * SEGMENTS - http, store: 0, cache: 0, http, wasted: 0 };
  const seen = { start: 100, stalls: 0, stalled: 0, latencies: [], ended: true };
  return { ...seen, segments, bytes, transfers, ...more };
}

const ALONE = view(Array.from({ length: SEGMENTS }, () => 'no-peers' as const));
const SHOWING: Showing = {
  way: 'peerfold',
  views: [ALONE, view(['head-start', 'head-start', 'deadline'])],
  egress: 18_000,
};

describe('rows of streams', () => {
  it('count what peers gave of all bytes, the first viewer included', () => {
    expect(shareOf(SHOWING)).toBe(12 / 30);
    expect(shareRow('x', [SHOWING], 65).value).toBe(40);
  });

  it('count as head start what came for that reason, in seconds', () => {
    expect(SHOWING.views.map(headStartOf)).toEqual([0, 8]);
  });

  it('know what peers could have given', () => {
    expect(ceilingOf(SHOWING, SECONDS)).toBeCloseTo((1 / 2) * (1 - 8 / 60), 10);
  });

  it('say why the later viewers needed HTTP, most bytes first', () => {
    expect(reasonsOf([SHOWING])).toMatch(/head-start 0\.0 MB, deadline 0\.0 MB$/);
    expect(reasonsOf([{ ...SHOWING, views: [ALONE, view([])] }])).toBe('');
  });

  it('say of stalls how many there were for each viewer, and who gave up', () => {
    const views = [ALONE, view([], { stalls: 3, stalled: 5, ended: false })];
    const [row] = stallRows([{ ...SHOWING, views }], ['peerfold'], 'five');
    expect(row).toMatchObject({ value: 1.5, note: '2.5 s a viewer; 1 of 2 gave up before the end' });
  });

  it('compare what the origin sent, round by round, and give no spread of one round', () => {
    const plain: Showing = { ...SHOWING, way: 'plain', egress: 36_000_000 };
    const ours = { ...SHOWING, egress: 18_000_000 };
    const [yardstick, row] = egressRows([plain, ours], ['plain', 'peerfold'], 'two');
    expect(yardstick).toEqual({ name: 'origin sent, two: HTTP alone', value: 36, unit: 'MB' });
    expect(row).toEqual({ name: 'origin sent, two: Peerfold', value: 18, unit: 'MB', ratio: 0.5 });
    const rounds = [plain, ours, { ...plain, egress: 40_000_000 }, { ...ours, egress: 30_000_000 }];
    expect(egressRows(rounds, ['plain', 'peerfold'], 'two')[1]).toMatchObject({
      ratio: (0.5 + 0.75) / 2,
      spread: [21, 27],
    });
  });
});
