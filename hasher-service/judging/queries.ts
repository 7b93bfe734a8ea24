import type { CanonicalUrl } from '../../src/core/brands.js';
import { isUrlPattern, matchesGlob, matchesPattern } from '../../src/protocol/patterns.js';
import { isCanonicalUrl } from '../../src/protocol/url.js';

/** Which query parameters, on which URLs, an operator has spoken about. */
export interface QueryRule {
  /** A URL pattern; see `matchesPattern`. */
  readonly urls: string;
  /** Names of parameters, `*` standing for any characters; `undefined`: all of them. */
  readonly names?: readonly string[];
}

const SHAPE = 'a pattern, optionally with names of parameters: /img/* or /img/*?v&w';

/** Reads `PATTERN` or `PATTERN?name&name`; a text says what is wrong with it. */
export function parseQueryRule(text: string): QueryRule | string {
  const [urls = '', names, ...rest] = text.split('?');
  const list = names?.split('&');
  if (!isUrlPattern(urls) || rest.length > 0 || list?.includes('')) return `"${text}" is not ${SHAPE}`;
  return list ? { urls, names: list } : { urls };
}

/** What the query of one URL means. */
export interface Reading {
  /** The URL without what may be dropped: what is fetched. `undefined`: there are unknown parameters. */
  readonly base?: CanonicalUrl;
  /** Parameters that the operator named one by one, so that they may look like secrets. */
  readonly named: ReadonlySet<string>;
}

/**
 * Reads query strings as the operator said. A parameter that nobody spoke about may change the bytes or
 * may not, and anybody can invent more of them: such URLs are not looked at.
 */
export class QueryRules {
  readonly #keep: readonly QueryRule[];
  readonly #drop: readonly QueryRule[];

  constructor(rules: { readonly keep: readonly string[]; readonly drop: readonly string[] }) {
    this.#keep = rules.keep.map(readRule);
    this.#drop = rules.drop.map(readRule);
  }

  /**
   * What must be revoked so that no spelling of `of` stays good: where parts of its query may be left out,
   * a URL has many, and without a query it covers all of them. Patterns and roots are what they are.
   */
  coverOf(of: string): string {
    if (!isCanonicalUrl(of) || !of.includes('?')) return of;
    const url = new URL(of);
    const hasSpellings = this.#drop.some(({ urls }) => matchesPattern(urls, url));
    return hasSpellings ? url.origin + url.pathname : of;
  }

  read(text: CanonicalUrl): Reading {
    const at = text.indexOf('?');
    if (at < 0) return { base: text, named: new Set() };
    const url = new URL(text);
    const keep = this.#keep.filter(({ urls }) => matchesPattern(urls, url));
    const drop = this.#drop.filter(({ urls }) => matchesPattern(urls, url));
    const kept: string[] = [];
    const named = new Set<string>();
    for (const part of text.slice(at + 1).split('&')) {
      // Some servers read a semicolon as another ampersand.
      if (part.includes(';')) return { named };
      const name = nameOf(part);
      if (drop.some((rule) => covers(rule, name))) continue;
      if (!keep.some((rule) => covers(rule, name))) return { named };
      if (keep.some((rule) => rule.names?.includes(name))) named.add(name.toLowerCase());
      kept.push(part);
    }
    const base = text.slice(0, at) + (kept.length > 0 ? `?${kept.join('&')}` : '');
    return { base: base as CanonicalUrl, named };
  }
}

function readRule(text: string): QueryRule {
  const rule = parseQueryRule(text);
  if (typeof rule === 'string') throw new TypeError(rule);
  return rule;
}

function covers({ names }: QueryRule, name: string): boolean {
  return names?.some((wanted) => matchesGlob(wanted, name)) ?? true;
}

/** The decoded name of one `name=value`. The ampersand keeps a question mark from being taken off. */
function nameOf(part: string): string {
  return [...new URLSearchParams(`&${part}`).keys()][0] ?? '';
}
