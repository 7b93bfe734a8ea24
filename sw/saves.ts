import { BoundedMap } from '../src/core/bounded-map.js';
import type { CanonicalUrl } from '../src/core/brands.js';
import type { Clock } from '../src/core/clock.js';

/** A page navigates as soon as it is told that it may (ms). */
const PATIENCE = 5000;
const MAX_EXPECTED = 100;

/** A file that a page has said it will navigate to. */
export interface Save {
  readonly name: string;
  /** The page; the navigation itself belongs to a frame that will never be. */
  readonly clientId: string;
}

/** Files that visitors are about to save, by the URL that a page will navigate to. */
export class Saves {
  readonly #expected = new BoundedMap<CanonicalUrl, Save & { readonly until: number }>(MAX_EXPECTED);

  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expect(url: CanonicalUrl, save: Save): void {
    this.#expected.set(url, { ...save, until: this.#clock.ticks() + PATIENCE });
  }

  /** How to save it, if a page has just said that it is to be saved. */
  take(url: CanonicalUrl): Save | undefined {
    const expected = this.#expected.get(url);
    this.#expected.delete(url);
    return expected && expected.until > this.#clock.ticks() ? expected : undefined;
  }
}

/** Half a character, which has no encoding. */
const LONE_SURROGATE = /[\ud800-\udfff]/gu;

/** `Content-Disposition` (RFC 6266) for a file with a name of any characters; without one its URL names it. */
export function dispositionOf(name: string): string {
  if (name === '') return 'attachment';
  const encoded = encodeURIComponent(name.replace(LONE_SURROGATE, '\ufffd')).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename*=UTF-8''${encoded}`;
}
