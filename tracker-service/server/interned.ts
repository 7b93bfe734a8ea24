/** Texts kept at most, and the longest kept (characters): they come from strangers. */
const MAX_TEXTS = 1_000;
const MAX_LENGTH = 300;

/** Gives equal texts as one: visitors of one site all say the same origin. */
export class Interned {
  readonly #texts = new Map<string, string>();

  /** Texts kept. */
  get size(): number {
    return this.#texts.size;
  }

  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MAX_TEXTS && text.length <= MAX_LENGTH) this.#texts.set(text, text);
    return text;
  }
}
