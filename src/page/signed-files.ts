import { BoundedMap } from '../core/bounded-map.js';
import type { CanonicalUrl } from '../core/brands.js';
import type { DigestAnswer } from '../protocol/hasher.js';

/** `undefined`: nothing was signed about the URL. Rejects when that cannot be told now. */
export type ReadStatement = (url: CanonicalUrl, cache: RequestCache) => Promise<string | undefined>;

/** Over HTTP/1.1 browsers open six connections to a host; the page's own pictures need some of them. */
const AT_ONCE = 3;
/** What could not be read among others that could is tried again after this (ms). */
const RETRY = 2000;
/** URLs remembered as asked for: a few pages of an endless gallery. */
const MAX_ASKED = 2000;

/**
 * Statements that were signed beforehand and lie as files on a server, one request for each, in the
 * place of a hash service that answers for many at once.
 */
export class SignedFiles {
  /** A second question means that the first answer did not do: then the HTTP cache's copy is too old. */
  readonly #asked = new BoundedMap<CanonicalUrl, true>(MAX_ASKED);

  constructor(private readonly read: ReadStatement) {}

  /** One answer for each URL, in order. Rejects only when none could be had. */
  async digests(urls: readonly CanonicalUrl[]): Promise<readonly (DigestAnswer | undefined)[]> {
    const answers = urls.map((): DigestAnswer | undefined => ({ pending: RETRY }));
    const waiting = [...urls.entries()];
    const state: { failure?: { readonly error: unknown }; answered: number } = { answered: 0 };
    const readInTurn = async (): Promise<void> => {
      for (let next = waiting.shift(); next && !state.failure; next = waiting.shift()) {
        const [position, url] = next;
        try {
          answers[position] = await this.#statement(url);
          state.answered++;
        } catch (error) {
          state.failure ??= { error };
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, readInTurn));
    if (state.failure && state.answered === 0) throw state.failure.error;
    return answers;
  }

  async #statement(url: CanonicalUrl): Promise<string | undefined> {
    const statement = await this.read(url, this.#asked.has(url) ? 'no-cache' : 'default');
    this.#asked.set(url, true);
    return statement;
  }
}
