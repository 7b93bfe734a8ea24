/**
 * Whether a response is certainly still fresh (RFC 9111 section 4.2): a stated lifetime, minus the
 * longest it can have been on its way or stored. Without `Date` or a stated lifetime it is not.
 */
export function isFresh(headers: Headers, now: number): boolean {
  const directives = directivesOf(headers);
  if (directives.has('no-cache') || directives.has('no-store')) return false;
  const date = Date.parse(headers.get('date') ?? '');
  const lifetime = lifetimeOf(headers, directives, date);
  if (Number.isNaN(date) || lifetime === undefined) return false;
  const age = Math.max(0, now - date) + secondsOf(headers.get('age') ?? '0') * 1000;
  return age < lifetime;
}

/** Whether others may ever be given this: nothing that marks it as one visitor's own. */
export function looksPublic(headers: Headers): boolean {
  const directives = directivesOf(headers);
  if (directives.has('private') || directives.has('no-store') || directives.has('no-cache')) return false;
  const vary = (headers.get('vary') ?? '').toLowerCase().split(',');
  return vary.every((name) => ['', 'accept-encoding', 'origin'].includes(name.trim()));
}

function directivesOf(headers: Headers): Map<string, string> {
  const parts = (headers.get('cache-control') ?? '').toLowerCase().split(',');
  return new Map(
    parts.map((part) => {
      const [name = '', value = ''] = part.split('=');
      return [name.trim(), value.trim().replaceAll('"', '')];
    }),
  );
}

/** In milliseconds. `s-maxage` is for shared caches; the browser's is not one. */
function lifetimeOf(headers: Headers, directives: Map<string, string>, date: number): number | undefined {
  const maxAge = directives.get('max-age');
  if (maxAge !== undefined) return secondsOf(maxAge) * 1000;
  const expires = Date.parse(headers.get('expires') ?? '');
  return Number.isNaN(expires) ? undefined : expires - date;
}

function secondsOf(text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : 0;
}
