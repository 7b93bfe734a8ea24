/** Bytes from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * What a Range header asks of `length` bytes: a span, `unsatisfiable`, or `undefined` for the whole.
 *
 * One range is honoured. Several at once, other units and malformed text are ignored, as RFC 9110
 * section 14.2 allows: the whole representation is then the answer. Written without a look at
 * Peerfold's own ranges on purpose, since the tests compare those with this origin.
 */
export function requestedSpan(header: string, length: number): Span | 'unsatisfiable' | undefined {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header);
  const [, first = '', last = ''] = match ?? [];
  if (!match || (first === '' && last === '')) return undefined;
  if (first === '') return suffix(Number(last), length);
  const start = Number(first);
  // A reversed range is invalid, not unsatisfiable (RFC 9110 section 14.1.1).
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= length) return 'unsatisfiable';
  return { start, end: last === '' ? length : Math.min(Number(last) + 1, length) };
}

function suffix(wanted: number, length: number): Span | 'unsatisfiable' {
  if (wanted === 0 || length === 0) return 'unsatisfiable';
  return { start: Math.max(0, length - wanted), end: length };
}
