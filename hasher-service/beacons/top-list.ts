import { MAX_URL_LENGTH } from '../../src/core/limits.js';
import { isText } from '../../src/protocol/check.js';
import type { TopResource } from '../../src/protocol/figures.js';
import { items, numbers } from './kept.js';

/** URLs counted at a time: ten of them are shown. */
export const MAX_TOP = 100;

interface Entry {
  peer: number;
  http: number;
  /** Bytes that it may have had before it was counted: those of what it replaced. */
  before: number;
}

/**
 * The resources with most bytes, however many there are ("Space-Saving"; Metwally, Agrawal and El Abbadi): a new one takes
 * the place of the smallest, and its size for a start. Whatever has more than a hundredth of all bytes is in it.
 */
export class TopList {
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  add(url: string, peer: number, http: number, before = 0): void {
    const known = this.#entries.get(url);
    if (known) {
      known.peer += peer;
      known.http += http;
      known.before += before;
      return;
    }
    this.#entries.set(url, {
      peer,
      http,
      before: before + (this.#entries.size < MAX_TOP ? 0 : this.#evict()),
    });
  }

  /** What both have counted; of what only one of them counts, the other may have thrown away its smallest. */
  merge(other: TopList): void {
    const all = new Map<string, Entry>();
    for (const { list, rest } of [
      { list: this.#entries, rest: other.#floor },
      { list: other.#entries, rest: this.#floor },
    ])
      for (const [url, { peer, http, before }] of list) {
        const known = all.get(url);
        if (known) {
          known.peer += peer;
          known.http += http;
          known.before += before - rest;
        } else all.set(url, { peer, http, before: before + rest });
      }
    this.#entries.clear();
    const largest = [...all].sort(([, a], [, b]) => weightOf(b) - weightOf(a)).slice(0, MAX_TOP);
    for (const [url, entry] of largest) this.#entries.set(url, entry);
  }

  /** Most first, by what was really counted. */
  top(count: number): TopResource[] {
    return [...this.#entries]
      .sort(([, a], [, b]) => b.peer + b.http - a.peer - a.http)
      .slice(0, count)
      .map(([url, { peer, http }]) => ({ url, peer, http }));
  }

  toJSON(): unknown[] {
    return [...this.#entries].map(([url, { peer, http, before }]) => [url, [peer, http, before]]);
  }

  /** What `toJSON` made. Throws on anything else. */
  static read(value: unknown): TopList {
    if (!Array.isArray(value) || value.length > MAX_TOP) throw new TypeError('not a short list');
    const read = new TopList();
    for (const item of value as unknown[]) {
      const [url, sums] = items(item, 2);
      if (!isText(url, MAX_URL_LENGTH)) throw new TypeError('not a URL');
      const [peer = 0, http = 0, before = 0] = numbers(items(sums, 3), 3);
      read.#entries.set(url, { peer, http, before });
    }
    return read;
  }

  /** The most that something may have had that is not in the list. */
  get #floor(): number {
    if (this.#entries.size < MAX_TOP) return 0;
    return Math.min(...[...this.#entries.values()].map(weightOf));
  }

  /** Takes out the smallest, and returns its weight. */
  #evict(): number {
    let smallest: [url: string, weight: number] = ['', Number.POSITIVE_INFINITY];
    for (const [url, entry] of this.#entries) {
      const weight = weightOf(entry);
      if (weight < smallest[1]) smallest = [url, weight];
    }
    this.#entries.delete(smallest[0]);
    return smallest[1];
  }
}

function weightOf({ peer, http, before }: Entry): number {
  return peer + http + before;
}
