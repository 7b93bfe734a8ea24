import { dateHeader, headerOf, strongETag, type Headers } from '../judging/headers.js';

/** What two answers must have in common to be parts of the same bytes (RFC 9110 section 8.8.1). */
export interface Validator {
  readonly header: 'etag' | 'last-modified';
  readonly value: string;
}

type Conditions = Readonly<Record<string, string>>;

/** A Last-Modified this much older than the answer is a strong validator (RFC 9110 section 8.8.2.2), ms. */
const SETTLED_AGE = 60_000;

/** The strong validator among the headers of an answer received at `receivedAt` (ms), if there is one. */
export function strongValidator(headers: Headers, receivedAt: number): Validator | undefined {
  const tag = strongETag(headers);
  if (tag !== undefined) return { header: 'etag', value: tag };
  const modified = dateHeader(headers, 'last-modified');
  const value = headerOf(headers, 'last-modified');
  if (modified === undefined || value === undefined || modified > receivedAt - SETTLED_AGE) return undefined;
  return { header: 'last-modified', value };
}

/** Preconditions: send it only if it is still the same. */
export function ifSame({ header, value }: Validator): Conditions {
  return header === 'etag' ? { 'if-match': value } : { 'if-unmodified-since': value };
}

/** Preconditions: send it only if it has changed. */
export function ifChanged({ header, value }: Validator): Conditions {
  return header === 'etag' ? { 'if-none-match': value } : { 'if-modified-since': value };
}

export function hasValidator(headers: Headers, { header, value }: Validator): boolean {
  return headerOf(headers, header) === value;
}
