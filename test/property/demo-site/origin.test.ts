import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConditions, rangeCounts } from '../../../demo-site/conditions.js';
import { globTest } from '../../../demo-site/glob.js';
import { Pace } from '../../../demo-site/pace.js';
import { requestedSpan } from '../../../demo-site/range.js';
import { FakeClock } from '../../support/fake-clock.js';

const SEED = 20_261_120;
const run = { seed: SEED, numRuns: 2000 };

const length = fc.nat(60);
const position = fc.nat(80);

/** The positions that a range names, found by trying each one: RFC 9110 section 14.1.1 read aloud. */
function positions(length: number, wanted: (at: number) => boolean): number[] {
  return Array.from({ length }, (_, at) => at).filter(wanted);
}

function expected(at: number[]): unknown {
  const [first] = at;
  return first === undefined ? 'unsatisfiable' : { start: first, end: first + at.length };
}

describe('requestedSpan', () => {
  it('of a closed range is what lies between its ends', () => {
    fc.assert(
      fc.property(length, position, position, (size, first, last) => {
        const span = requestedSpan(`bytes=${first}-${last}`, size);
        if (last < first) expect(span).toBeUndefined();
        else expect(span).toEqual(expected(positions(size, (at) => at >= first && at <= last)));
      }),
      run,
    );
  });

  it('of an open range is the rest, of a suffix the end', () => {
    fc.assert(
      fc.property(length, position, (size, number) => {
        const rest = positions(size, (at) => at >= number);
        const end = positions(size, (at) => at >= size - number);
        expect(requestedSpan(`bytes=${number}-`, size)).toEqual(expected(rest));
        expect(requestedSpan(`bytes=-${number}`, size)).toEqual(expected(end));
      }),
      run,
    );
  });

  it('of any text never leaves the representation and never throws', () => {
    const header = fc.oneof(fc.string(), fc.stringMatching(/^bytes=[0-9,\- ]{0,30}$/));
    fc.assert(
      fc.property(header, length, (text, size) => {
        const span = requestedSpan(text, size);
        if (span === undefined || span === 'unsatisfiable') return;
        expect(span.start).toBeGreaterThanOrEqual(0);
        expect(span.end).toBeGreaterThan(span.start);
        expect(span.end).toBeLessThanOrEqual(size);
      }),
      run,
    );
  });
});

describe('conditions', () => {
  it('of any text have an outcome', () => {
    const current = { etag: '"abc"', lastModified: new Date(0) };
    const field = fc.option(fc.oneof(fc.string(), fc.constantFrom('*', '"abc"', 'W/"abc"', '"', '","')), {
      nil: undefined,
    });
    fc.assert(
      fc.property(field, field, field, field, (match, noneMatch, since, ifRange) => {
        const headers = {
          ...(match === undefined ? {} : { 'if-match': match }),
          ...(noneMatch === undefined ? {} : { 'if-none-match': noneMatch }),
          ...(since === undefined ? {} : { 'if-modified-since': since }),
        };
        expect(['proceed', 'not-modified', 'failed']).toContain(checkConditions(headers, current));
        expect(typeof rangeCounts(ifRange, current)).toBe('boolean');
      }),
      run,
    );
  });
});

describe('globTest', () => {
  it('matches every path that is the pattern with its stars filled in', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), fc.string(), (parts, filling) => {
        const literal = parts.map((part) => part.replaceAll('*', ''));
        expect(globTest(literal.join('*'))(literal.join(filling))).toBe(true);
      }),
      run,
    );
  });

  it('without a star matches only itself', () => {
    const plain = fc.string().map((text) => text.replaceAll('*', ''));
    fc.assert(
      fc.property(plain, plain, (pattern, path) => {
        expect(globTest(pattern)(path)).toBe(pattern === path);
      }),
      run,
    );
  });
});

describe('Pace', () => {
  it('never lets more through than its rate, however it is asked', async () => {
    const sends = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), idle: fc.nat(300) }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(sends, fc.integer({ min: 100, max: 100_000 }), async (list, rate) => {
        const clock = new FakeClock();
        const pace = new Pace(clock, rate);
        let sent = 0;
        for (const { bytes, idle } of list) {
          await clock.advance(idle);
          sent += bytes;
          const arrives = clock.ticks() + pace.reserve(bytes);
          // 4 ms: what late timers may catch up on.
          expect(sent).toBeLessThanOrEqual(((arrives + 4) * rate) / 1000 + 1e-6);
        }
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});
