import type { IncomingHttpHeaders } from 'node:http';

/** What conditional requests are compared with. `etag` is strong and quoted. */
export interface Validators {
  readonly etag: string;
  readonly lastModified: Date;
}

export type Outcome = 'proceed' | 'not-modified' | 'failed';

/** The preconditions of a GET or HEAD, in the order of RFC 9110 section 13.2.2. */
export function checkConditions(headers: IncomingHttpHeaders, current: Validators): Outcome {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!listsTag(ifMatch, current.etag, strongly)) return 'failed';
  } else if (isModifiedSince(headers['if-unmodified-since'], current, false)) {
    return 'failed';
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    return listsTag(ifNoneMatch, current.etag, weakly) ? 'not-modified' : 'proceed';
  }
  return isModifiedSince(headers['if-modified-since'], current, true) ? 'proceed' : 'not-modified';
}

/** Whether a Range header counts: always without If-Range, else only under the very same validator. */
export function rangeCounts(ifRange: string | string[] | undefined, current: Validators): boolean {
  if (ifRange === undefined) return true;
  if (typeof ifRange !== 'string') return false;
  if (ifRange.includes('"')) return strongly(ifRange.trim(), current.etag);
  return ifRange.trim() === current.lastModified.toUTCString();
}

type Comparison = (offered: string, etag: string) => boolean;

const strongly: Comparison = (offered, etag) => offered === etag;
const weakly: Comparison = (offered, etag) => offered.replace(/^W\//, '') === etag;

function listsTag(list: string, etag: string, same: Comparison): boolean {
  if (list.trim() === '*') return true;
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => same(tag, etag));
}

/** Dates have whole seconds, files do not. `otherwise` is the answer for no date or a malformed one. */
function isModifiedSince(date: string | undefined, current: Validators, otherwise: boolean): boolean {
  const since = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(since)) return otherwise;
  return Math.floor(current.lastModified.getTime() / 1000) * 1000 > since;
}
