import { describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../src/core/brands.js';
import {
  adjacentRuns,
  formatContentRange,
  formatRange,
  overlap,
  parseContentRange,
  parseRange,
  resolveRange,
} from '../../../src/core/ranges.js';

describe('parseRange', () => {
  it.each([
    ['bytes=0-0', { kind: 'from', first: 0, last: 0 }],
    ['bytes=0-1', { kind: 'from', first: 0, last: 1 }],
    ['bytes=500-', { kind: 'from', first: 500 }],
    ['bytes=-500', { kind: 'suffix', length: 500 }],
    ['bytes=-0', { kind: 'suffix', length: 0 }],
    ['BYTES=1-2', { kind: 'from', first: 1, last: 2 }],
    [' bytes=007-9 ', { kind: 'from', first: 7, last: 9 }],
    ['bytes=0-999999999999999', { kind: 'from', first: 0, last: 999_999_999_999_999 }],
  ])('%s', (header, spec) => {
    expect(parseRange(header)).toEqual(spec);
  });

  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=2-1',
    'bytes=0-1,3-4',
    'bytes=0-1,',
    'bytes= 0-1',
    'bytes=0 - 1',
    'bytes=a-b',
    'bytes=+1-2',
    'bytes=1.5-2',
    'bytes=--5',
    'bytes=0x1-2',
    'items=0-1',
    'bytes=9999999999999999-',
    'bytes=-9999999999999999',
  ])('%j is not a range we answer', (header) => {
    expect(parseRange(header)).toBeUndefined();
  });
});

describe('resolveRange', () => {
  it.each([
    ['bytes=0-0', 10, 0, 1],
    ['bytes=0-', 10, 0, 10],
    ['bytes=9-', 10, 9, 10],
    ['bytes=5-99', 10, 5, 10],
    ['bytes=-3', 10, 7, 10],
    ['bytes=-99', 10, 0, 10],
  ])('%s of %i bytes', (header, length, start, end) => {
    const spec = parseRange(header);
    expect(spec && resolveRange(spec, length)).toEqual({ start, end });
  });

  it.each([
    ['bytes=10-', 10],
    ['bytes=10-20', 10],
    ['bytes=-0', 10],
    ['bytes=0-0', 0],
    ['bytes=-1', 0],
  ])('%s of %i bytes cannot be satisfied', (header, length) => {
    const spec = parseRange(header);
    expect(spec).toBeDefined();
    expect(spec && resolveRange(spec, length)).toBeUndefined();
  });
});

describe('headers', () => {
  it('are written with the last position included', () => {
    expect(formatRange({ start: 0, end: 2 })).toBe('bytes=0-1');
    expect(formatContentRange({ start: 5, end: 10 }, 20)).toBe('bytes 5-9/20');
  });

  it.each([
    ['bytes 0-9/10', { span: { start: 0, end: 10 }, length: 10 }],
    ['bytes 5-5/10', { span: { start: 5, end: 6 }, length: 10 }],
    ['bytes 0-9/*', { span: { start: 0, end: 10 } }],
  ])('parseContentRange(%j)', (header, expected) => {
    expect(parseContentRange(header)).toEqual(expected);
  });

  it.each([
    null,
    '',
    'bytes */10',
    'bytes 9-0/10',
    'bytes 0-10/10',
    'bytes 0-9',
    'items 0-9/10',
    'bytes 0-9/1x',
  ])('parseContentRange(%j) is refused', (header) => {
    expect(parseContentRange(header)).toBeUndefined();
  });
});

it('overlap', () => {
  expect(overlap({ start: 0, end: 10 }, { start: 5, end: 20 })).toEqual({ start: 5, end: 10 });
  expect(overlap({ start: 0, end: 10 }, { start: 2, end: 3 })).toEqual({ start: 2, end: 3 });
  expect(overlap({ start: 0, end: 10 }, { start: 15, end: 20 })).toEqual({ start: 15, end: 15 });
});

it('adjacentRuns', () => {
  const pieces = [0, 1, 2, 5, 7, 8] as PieceIndex[];
  expect(adjacentRuns(pieces)).toEqual([[0, 1, 2], [5], [7, 8]]);
  expect(adjacentRuns([])).toEqual([]);
});
