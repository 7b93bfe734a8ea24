import { LeastRecentlyUsedMap } from '../../src/core/bounded-map.js';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { Asker } from './budget.js';
import type { Catalogue } from './catalogue.js';
import type { QueryRules } from '../judging/queries.js';
import type { Authority } from '../policy/authority.js';
import type { Signer, Statement } from '../signing/statements.js';

export interface LookupOptions {
  readonly catalogue: Catalogue;
  readonly authority: Authority;
  readonly queries: QueryRules;
  readonly signer: Signer;
}

/** A statement about a URL, made from that about its base. */
interface Variant {
  readonly base: CanonicalUrl;
  readonly of: Statement;
  readonly statement: Statement;
}

/** Variants are cheap to make again, and anybody can invent them. */
const MAX_VARIANTS = 10_000;

/**
 * Statements by the URL that visitors ask for. Where parts of its query may be dropped, the catalogue
 * only knows the URL without them: the origin is asked once, and the answer is signed for each spelling.
 */
export class Lookup {
  readonly #variants = new LeastRecentlyUsedMap<string, Variant>(MAX_VARIANTS);

  constructor(private readonly options: LookupOptions) {}

  /** The URL that is fetched, filed and reported for `url`. */
  baseOf(url: CanonicalUrl): CanonicalUrl {
    return this.options.queries.read(url).base ?? url;
  }

  /** The current statement about `url`, if there is one in memory; never waits, and parses no URL. */
  current(site: Site, url: string, now?: number): Statement | undefined {
    const { catalogue } = this.options;
    const statement = catalogue.current(site, url, now);
    if (statement || !url.includes('?')) return statement;
    const variant = this.#variant(site, url);
    return variant && catalogue.current(site, variant.base) === variant.of ? variant.statement : undefined;
  }

  /** Sees to it that there will be a statement; see `Catalogue.ensure`. */
  async ensure(site: Site, url: CanonicalUrl, asker: Asker): Promise<number> {
    const { catalogue, signer } = this.options;
    const base = this.baseOf(url);
    const wait = await catalogue.ensure(site, base, asker);
    const of = catalogue.current(site, base);
    if (base === url || !of || this.#variant(site, url)?.of === of) return wait;
    // Anybody can invent spellings, and each costs a signature.
    const waitForVariant = asker.pay();
    if (waitForVariant > 0) return waitForVariant;
    const statement = await signer.renamed(of, url);
    if (statement) this.#variants.set(keyOf(site, url), { base, of, statement });
    return 0;
  }

  /** It has another signature than its base, and perhaps of another key. */
  #variant(site: Site, url: string): Variant | undefined {
    const variant = this.#variants.get(keyOf(site, url));
    return variant && !this.options.authority.isVoid(variant.statement) ? variant : undefined;
  }
}

function keyOf(site: Site, url: string): string {
  return `${site} ${url}`;
}
