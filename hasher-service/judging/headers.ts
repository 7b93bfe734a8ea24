/** Response headers as received: lower-case names, one entry per field line. */
export type Headers = Readonly<Record<string, readonly string[]>>;

/** All lines of a header joined as RFC 9110 section 5.3 allows; `undefined` when it is absent. */
export function headerOf(headers: Headers, name: string): string | undefined {
  return headers[name]?.join(', ');
}

/** Items of a comma-separated list header, trimmed and in lower case. */
export function listHeader(headers: Headers, name: string): string[] {
  return (headerOf(headers, name) ?? '')
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '');
}

/** A header of digits only; `undefined` when it is absent or anything else. */
export function digitsHeader(headers: Headers, name: string): number | undefined {
  const text = headerOf(headers, name);
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** Whether a header was sent at all, whatever it says. */
export function hasHeader(headers: Headers, name: string): boolean {
  return headers[name] !== undefined;
}

/** An HTTP date in milliseconds, or `undefined`. */
export function dateHeader(headers: Headers, name: string): number | undefined {
  const time = Date.parse(headerOf(headers, name) ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** The entity tag, if it is a strong one: only that promises the same bytes (RFC 9110 section 8.8.1). */
export function strongETag(headers: Headers): string | undefined {
  const tag = headerOf(headers, 'etag');
  return tag !== undefined && /^"[\x21\x23-\x7e]*"$/.test(tag) ? tag : undefined;
}

/** Media type without parameters, in lower case. */
export function mediaType(headers: Headers): string {
  return (headerOf(headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
