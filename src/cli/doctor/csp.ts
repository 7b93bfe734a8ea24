/** Reads Content-Security-Policy (CSP level 3), as far as it says what may be loaded from where. */
export type Policy = ReadonlyMap<string, readonly string[]>;

/** Every policy of a header value (they are joined by commas) or of a `meta` element. */
export function parsePolicies(text: string): Policy[] {
  return text
    .split(',')
    .map(parsePolicy)
    .filter((policy) => policy.size > 0);
}

function parsePolicy(text: string): Policy {
  const policy = new Map<string, readonly string[]>();
  for (const directive of text.split(';')) {
    const [name = '', ...sources] = directive.trim().split(/\s+/);
    const key = name.toLowerCase();
    // Section 2.2.1: of two directives of a name the first one counts.
    if (key !== '' && !policy.has(key)) policy.set(key, sources);
  }
  return policy;
}

/** What is asked for; the fallbacks of each are those of section 6.8.3. */
export type Need = 'script-src' | 'worker-src' | 'connect-src' | 'img-src' | 'media-src';
const FALLBACKS: Readonly<Record<Need, readonly string[]>> = {
  'script-src': ['script-src-elem', 'script-src', 'default-src'],
  'worker-src': ['worker-src', 'child-src', 'script-src', 'default-src'],
  'connect-src': ['connect-src', 'default-src'],
  'img-src': ['img-src', 'default-src'],
  'media-src': ['media-src', 'default-src'],
};

/** Nonces and hashes allow by other things than addresses: only the browser can tell. */
const OTHERWISE = /^'(nonce-|sha\d+-|strict-dynamic)/i;

/** The directive of `policy` that decides about `need`, if any does. */
export function governing(policy: Policy, need: Need): string | undefined {
  return FALLBACKS[need].find((candidate) => policy.has(candidate));
}

/**
 * The directive for `need` as it should be for `missing` to be allowed. It is one of its own where a more general one
 * decides now: to widen that one would allow them for everything else, too. What that one allows stays allowed.
 */
export function amended(policy: Policy, need: Need, missing: readonly string[]): string {
  const now = governing(policy, need);
  const name = now === 'script-src-elem' ? now : need;
  const sources = (now === undefined ? undefined : policy.get(now)) ?? [];
  if (need === 'script-src' && sources.some((source) => OTHERWISE.test(source)))
    return `${name}: give the tag the nonce of this policy, or add its digest to it`;
  const kept = sources.filter((source) => isKept(source, need));
  const own = need === 'connect-src' ? ["'self'"] : [];
  return [name, ...new Set([...own, ...kept, ...missing])].join(' ');
}

/** `'none'` stands alone, and of the keywords all but `'self'` are about scripts and styles. */
function isKept(source: string, need: Need): boolean {
  const keyword = source.toLowerCase();
  if (!keyword.startsWith("'") || keyword === "'self'") return true;
  return need === 'script-src' && keyword !== "'none'";
}

/**
 * The directive that forbids a page at `self` to load `url` for `need`; `undefined` when none does, or when
 * that cannot be told from addresses.
 */
export function forbiddenBy(policy: Policy, need: Need, url: string, self: string): string | undefined {
  const name = governing(policy, need);
  if (name === undefined) return undefined;
  const sources = policy.get(name) ?? [];
  if (sources.some((source) => OTHERWISE.test(source))) return undefined;
  const address = new URL(url);
  return sources.some((source) => allows(source, address, new URL(self))) ? undefined : name;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):$/i;
const HOST = /^(?:([a-z][a-z0-9+.-]*):\/\/)?((?:\*\.)?[\w.-]+|\*|\[[\da-f:]+\])(?::(\d+|\*))?(\/.*)?$/i;

function allows(source: string, url: URL, self: URL): boolean {
  if (source.toLowerCase() === "'self'") return isSame(url, self);
  if (source === '*') return /^(https?|wss?):$/.test(url.protocol);
  const [, scheme] = SCHEME.exec(source) ?? [];
  if (scheme !== undefined) return covers(`${scheme.toLowerCase()}:`, url.protocol);
  const [, its, host, port, path] = HOST.exec(source) ?? [];
  if (host === undefined) return false;
  return (
    (its === undefined ? isSecureEnough(url, self) : covers(`${its.toLowerCase()}:`, url.protocol)) &&
    matchesHost(host.toLowerCase(), url.hostname) &&
    matchesPort(port, url) &&
    matchesPath(path, url.pathname)
  );
}

/** The origin itself, also by WebSocket and by a more secure scheme. */
function isSame(url: URL, self: URL): boolean {
  return url.hostname === self.hostname && portOf(url) === portOf(self) && isSecureEnough(url, self);
}

function isSecureEnough(url: URL, self: URL): boolean {
  return self.protocol === 'http:' || url.protocol === 'https:' || url.protocol === 'wss:';
}

/** Whether a source's scheme stands for `protocol` too: a secure one always for the other. */
function covers(scheme: string, protocol: string): boolean {
  if (scheme === protocol) return true;
  return (scheme === 'http:' && protocol === 'https:') || (scheme === 'ws:' && protocol === 'wss:');
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}

function matchesPort(port: string | undefined, url: URL): boolean {
  if (port === '*') return true;
  return port === undefined ? url.port === '' : port === portOf(url);
}

function matchesPath(path: string | undefined, pathname: string): boolean {
  if (path === undefined || path === '/') return true;
  return path.endsWith('/') ? pathname.startsWith(path) : pathname === path;
}

function portOf({ port, protocol }: URL): string {
  if (port !== '') return port;
  return protocol === 'https:' || protocol === 'wss:' ? '443' : '80';
}
