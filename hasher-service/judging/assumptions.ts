import type { CanonicalUrl } from '../../src/core/brands.js';
import { isUrlPattern, matchesPattern } from '../../src/protocol/patterns.js';

/** How long files are fresh whose origin does not say: the operator vouches for it. */
export interface Assumption {
  readonly urls: string;
  readonly seconds: number;
}

/** Longer than any token lives; a larger number is a slip of the pen. */
const MAX_SECONDS = 365 * 24 * 3600;

/** Reads `PATTERN=SECONDS`; a text says what is wrong with it. */
export function parseAssumption(text: string): Assumption | string {
  const at = text.lastIndexOf('=');
  const [urls, digits] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  const seconds = /^\d{1,9}$/.test(digits) ? Number(digits) : 0;
  if (isUrlPattern(urls) && seconds > 0 && seconds <= MAX_SECONDS) return { urls, seconds };
  return `"${text}" is not a pattern and a number of seconds, such as /media/*=3600`;
}

/** The first assumption that matches counts. */
export class Assumptions {
  readonly #all: readonly Assumption[];

  constructor(texts: readonly string[]) {
    this.#all = texts.map((text) => {
      const assumption = parseAssumption(text);
      if (typeof assumption === 'string') throw new TypeError(assumption);
      return assumption;
    });
  }

  secondsFor(url: CanonicalUrl): number | undefined {
    if (this.#all.length === 0) return undefined;
    const parsed = new URL(url);
    return this.#all.find(({ urls }) => matchesPattern(urls, parsed))?.seconds;
  }
}
