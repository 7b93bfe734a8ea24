import type { Counted } from '../../src/protocol/figures.js';
import { members, numbers } from './kept.js';

/** Words counted one by one: those of this version and many of the next. */
const MAX_WORDS = 40;
/** The rest: what strangers make up. */
const OTHER = 'other';

/** Sums by word. */
export class Words {
  readonly #sums = new Map<string, number>();

  add(word: string, count: number): void {
    const name = this.#sums.has(word) || this.#sums.size < MAX_WORDS ? word : OTHER;
    this.#sums.set(name, (this.#sums.get(name) ?? 0) + count);
  }

  merge(other: Words): void {
    for (const [word, count] of other.#sums) this.add(word, count);
  }

  /** Most first. */
  get sorted(): Counted[] {
    return [...this.#sums].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#sums);
  }

  /** What `toJSON` made. Throws on anything else. */
  static read(value: unknown): Words {
    const words = new Words();
    for (const [word, count] of members(value, MAX_WORDS + 1)) words.add(word, numbers([count], 1)[0] ?? 0);
    return words;
  }
}
