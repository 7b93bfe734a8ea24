import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../src/core/brands.js';
import { holds } from '../support/property.js';
import {
  adjacentRuns,
  formatContentRange,
  formatRange,
  parseContentRange,
  parseRange,
  resolveRange,
} from '../../src/core/ranges.js';

const position = fc.nat({ max: 2 ** 45 });
const length = fc.integer({ min: 1, max: 2 ** 45 });

describe('ranges', () => {
  it('a resolved range lies within the representation and is never empty', () => {
    const spec = fc.oneof(
      fc.record({ kind: fc.constant('from' as const), first: position }),
      fc.tuple(position, position).map(([a, b]) => ({
        kind: 'from' as const,
        first: Math.min(a, b),
        last: Math.max(a, b),
      })),
      fc.record({ kind: fc.constant('suffix' as const), length: position }),
    );
    const property = fc.property(spec, length, (one, of) => {
      const span = resolveRange(one, of);
      if (!span) return one.kind === 'suffix' ? one.length === 0 : one.first >= of;
      return span.start >= 0 && span.start < span.end && span.end <= of;
    });
    void holds(property);
  });

  it('what is written can be read again', () => {
    const property = fc.property(position, length, length, (start, size, rest) => {
      const span = { start, end: start + size };
      const spec = parseRange(formatRange(span));
      expect(spec && resolveRange(spec, span.end + rest)).toEqual(span);
      expect(parseContentRange(formatContentRange(span, span.end + rest))).toEqual({
        span,
        length: span.end + rest,
      });
    });
    void holds(property);
  });

  it('no text makes the parsers throw or yield nonsense', () => {
    const nasty = fc.oneof(fc.string(), fc.stringMatching(/^bytes[= ][-0-9,/* ]{0,40}$/));
    const property = fc.property(nasty, (text) => {
      const spec = parseRange(text);
      const stated = parseContentRange(text);
      if (spec?.kind === 'from') expect(Number.isSafeInteger(spec.first)).toBe(true);
      if (stated) expect(stated.span.end).toBeGreaterThan(stated.span.start);
    });
    void holds(property);
  });

  it('runs hold each piece once, in order, without neighbours in different runs', () => {
    const property = fc.property(fc.uniqueArray(fc.nat({ max: 200 })), (list) => {
      const pieces = [...list].sort((a, b) => a - b) as PieceIndex[];
      const runs = adjacentRuns(pieces);
      expect(runs.flat()).toEqual(pieces);
      for (const [i, run] of runs.entries()) {
        expect((run.at(-1) ?? 0) - (run[0] ?? 0)).toBe(run.length - 1);
        const next = runs[i + 1]?.[0];
        if (next !== undefined) expect(next - (run.at(-1) ?? 0)).toBeGreaterThan(1);
      }
    });
    void holds(property);
  });
});
