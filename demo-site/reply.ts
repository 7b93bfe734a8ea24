import { checkConditions, rangeCounts } from './conditions.js';
import type { RequestLine } from './log.js';
import { cacheControlFor, sentCompressed } from './media-types.js';
import { requestedSpan } from './range.js';
import type { Representation } from './representation.js';

/** An answer that is decided but not sent. Header names are lower case. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A status with a line of text for whoever reads it. */
export function textReply(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const body = Buffer.from(`${text}\n`);
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(body.byteLength),
      'cache-control': 'no-store',
      ...headers,
    },
    body: [body],
  };
}

/** What an honest origin answers when `representation` is what lies at the path (RFC 9110). */
export function honestReply(request: RequestLine, representation: Representation | undefined): Reply {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return textReply(405, 'Only GET and HEAD are answered here.', { allow: 'GET, HEAD' });
  }
  if (!representation) return textReply(404, 'There is nothing here.');
  const outcome = checkConditions(request.headers, representation);
  if (outcome === 'failed') return textReply(412, 'The precondition failed.');
  const known = describe(representation);
  if (outcome === 'not-modified') return { status: 304, headers: known, body: [] };
  return content(request, representation, known);
}

function content(request: RequestLine, representation: Representation, known: Reply['headers']): Reply {
  const { coding, length, type } = representation;
  const span = spanOf(request, representation);
  if (span === 'unsatisfiable') {
    return textReply(416, 'The range lies past the end.', { 'content-range': `bytes */${length}` });
  }
  const { start, end } = span ?? { start: 0, end: length };
  const headers = {
    ...known,
    ...(coding === undefined ? {} : { 'content-encoding': coding }),
    'content-type': type,
    'content-length': String(end - start),
  };
  const body = representation.read({ start, end });
  if (!span) return { status: 200, headers, body };
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${length}` },
    body,
  };
}

/** Range means something for GET only (RFC 9110 section 14.2). */
function spanOf(
  { method, headers }: RequestLine,
  representation: Representation,
): ReturnType<typeof requestedSpan> {
  if (method !== 'GET' || headers.range === undefined) return undefined;
  if (!rangeCounts(headers['if-range'], representation)) return undefined;
  return requestedSpan(headers.range, representation.length);
}

function describe({ cacheControl, etag, lastModified, type }: Representation): Record<string, string> {
  return {
    'accept-ranges': 'bytes',
    'cache-control': cacheControl ?? cacheControlFor(type),
    etag,
    'last-modified': lastModified.toUTCString(),
    ...(sentCompressed(type) ? { vary: 'accept-encoding' } : {}),
    'x-content-type-options': 'nosniff',
  };
}
