import type { PieceIndex } from './brands.js';
import type { Span } from './pieces.js';

/**
 * Byte ranges of HTTP (RFC 9110 section 14), one at a time: requests for several ranges are not ours.
 * On the wire the last position is included; inside Peerfold a `Span` excludes its end.
 */
export type RangeSpec =
  | { readonly kind: 'from'; readonly first: number; readonly last?: number }
  | { readonly kind: 'suffix'; readonly length: number };

/** The first byte that is asked for; `undefined` where that is not known, or all is asked for. */
export function firstByte(range: RangeSpec | undefined): number | undefined {
  return range?.kind === 'from' ? range.first : undefined;
}

/** What a `Content-Range` header says; `length` is absent when the server does not know it (`*`). */
export interface ContentRange {
  readonly span: Span;
  readonly length?: number;
}

/** 15 digits stay below 2^53; no representation of ours has more bytes than that. */
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;
const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i;

/**
 * Parses a `Range` header of one byte range. `undefined` for several ranges, other units and invalid
 * specifications (RFC 9110 section 14.1.1), all of which the origin has to answer itself.
 */
export function parseRange(header: string): RangeSpec | undefined {
  const match = RANGE.exec(header.trim());
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '') return last === '' ? undefined : { kind: 'suffix', length: Number(last) };
  if (last === '') return { kind: 'from', first: Number(first) };
  if (Number(last) < Number(first)) return undefined;
  return { kind: 'from', first: Number(first), last: Number(last) };
}

/**
 * The bytes that `spec` selects of a representation of `length` bytes: an end past the last byte is
 * clamped, a suffix longer than the representation selects all of it. `undefined`: unsatisfiable, 416.
 */
export function resolveRange(spec: RangeSpec, length: number): Span | undefined {
  if (spec.kind === 'suffix') {
    if (spec.length === 0 || length === 0) return undefined;
    return { start: Math.max(0, length - spec.length), end: length };
  }
  if (spec.first >= length) return undefined;
  return { start: spec.first, end: spec.last === undefined ? length : Math.min(spec.last + 1, length) };
}

/** The `Range` header that asks for `span`, which must not be empty. */
export function formatRange({ start, end }: Span): string {
  return `bytes=${start}-${end - 1}`;
}

/** The `Content-Range` header of a 206 that holds `span`. */
export function formatContentRange({ start, end }: Span, length: number): string {
  return `bytes ${start}-${end - 1}/${length}`;
}

/** Parses the `Content-Range` of a 206; `undefined` when it is missing, malformed or contradicts itself. */
export function parseContentRange(header: string | null): ContentRange | undefined {
  const match = CONTENT_RANGE.exec(header?.trim() ?? '');
  if (!match) return undefined;
  const span = { start: Number(match[1]), end: Number(match[2]) + 1 };
  if (span.end <= span.start) return undefined;
  if (match[3] === '*') return { span };
  const length = Number(match[3]);
  return span.end <= length ? { span, length } : undefined;
}

/** The part of `span` that lies within `within`; empty when they do not overlap. */
export function overlap(span: Span, within: Span): Span {
  const start = Math.max(span.start, within.start);
  return { start, end: Math.max(start, Math.min(span.end, within.end)) };
}

/** Joins neighbouring pieces of an ascending list, so that one request fetches them together. */
export function adjacentRuns(pieces: readonly PieceIndex[]): PieceIndex[][] {
  const runs: PieceIndex[][] = [];
  for (const index of pieces) {
    const run = runs.at(-1);
    if (run && run.at(-1) === index - 1) run.push(index);
    else runs.push([index]);
  }
  return runs;
}
