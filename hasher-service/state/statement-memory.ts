import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { RecentMap } from '../../src/core/recent-map.js';
import type { Refusal, Statement, Token } from '../signing/statements.js';

/** What is known about one URL. */
export interface Known {
  readonly statement: Statement;
  /** The last digest, for a conditional request after it expired. */
  readonly digest?: Token;
  /** Before this (ms) no renewal is tried. */
  renewAfter: number;
  /** From when until when (ms) it needs no judgement, as long as the authority's edition is this. */
  calm?: { readonly from: number; readonly until: number; readonly edition: number };
}

/** What was found good is not judged again for so long (ms): it would cost more than the rest of an answer. */
const JUDGE_AGAIN = 1000;

/** A token is renewed in its last fifth, but no earlier than this before its end (seconds). */
const RENEW_BEFORE = 30;
/** Tokens in memory: about 2 KiB each. */
const MAX_TOKENS = 20_000;
/**
 * Refusals in memory, about as large. They have a place of their own: a flood of invented URLs, all
 * refused, must not push out what the site's visitors really ask for.
 */
const MAX_REFUSALS = 5000;

/** The newest statement about each URL, as far as there is room: what was used longest ago is forgotten. */
export class StatementMemory {
  readonly #tokens = new RecentMap<string, Known>(MAX_TOKENS);
  readonly #refusals = new RecentMap<string, Known>(MAX_REFUSALS);
  /** Most services have one site: its keys are the plain URLs, which cost no new text for each look-up. */
  #mainSite: Site | undefined;

  get(site: Site, url: string): Known | undefined {
    const key = this.#keyOf(site, url);
    return this.#tokens.get(key) ?? this.#refusals.get(key);
  }

  /** All refusals of a site. */
  refusals(site: Site): Refusal[] {
    const refusals: Refusal[] = [];
    for (const { statement } of this.#refusals.values())
      if (statement.kind === 'refusal' && statement.claims.aud === site) refusals.push(statement);
    return refusals;
  }

  /** Remembers a statement; whether it did: one with the same or a higher `ver` is not replaced. */
  take(statement: Statement): boolean {
    const { aud, sub, ver } = statement.claims;
    const key = this.#keyOf(aud, sub);
    const before = this.get(aud, sub);
    if (before && before.statement.claims.ver >= ver) return false;
    const digest = statement.kind === 'digest' ? statement : before?.digest;
    const known: Known = { statement, renewAfter: 0, ...(digest ? { digest } : {}) };
    const [own, other] =
      statement.kind === 'digest' ? [this.#tokens, this.#refusals] : [this.#refusals, this.#tokens];
    other.delete(key);
    own.set(key, known);
    return true;
  }

  /** No renewal is tried before `until` (ms), where there is something to renew. */
  postpone(site: Site, url: CanonicalUrl, until: number): void {
    const known = this.get(site, url);
    if (known) known.renewAfter = until;
  }

  /** Forgets a URL: the next question about it is answered by what is kept, or by a new look. */
  forget(site: Site, url: CanonicalUrl): void {
    const key = this.#keyOf(site, url);
    this.#tokens.delete(key);
    this.#refusals.delete(key);
  }

  /** No URL holds a space. */
  #keyOf(site: Site, url: string): string {
    this.#mainSite ??= site;
    return site === this.#mainSite ? url : `${site} ${url}`;
  }
}

/** Whether a token is to be renewed at `now` (ms). */
export function isDue(known: Known, now: number): boolean {
  return known.statement.kind === 'digest' && now >= dueAt(known);
}

/** Whether it was found good and not due a moment ago, and nothing has changed since. */
export function isCalm({ calm }: Known, now: number, edition: number): boolean {
  return calm !== undefined && now >= calm.from && now < calm.until && calm.edition === edition;
}

/** It was found good and not due `now`. */
export function calm(known: Known, now: number, edition: number): void {
  known.calm = { from: now, until: Math.min(now + JUDGE_AGAIN, dueAt(known)), edition };
}

/** When (ms) a token is to be renewed, or a refusal ends. */
function dueAt({ statement, renewAfter }: Known): number {
  const { iat, exp } = statement.claims;
  if (statement.kind === 'refusal') return exp * 1000;
  const lead = Math.min(RENEW_BEFORE, (exp - iat) / 5);
  return Math.max(renewAfter, (exp - lead) * 1000);
}
