/**
 * A map that holds at most `limit` entries and surely those half as many that were used last. Reading
 * costs no more than in a plain map, where a list of all entries in the order of their use would have to
 * be rewritten: the used ones are in the young half, and what was not used while that filled up is
 * forgotten.
 */
export class RecentMap<K, V> {
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  *values(): Iterable<V> {
    yield* this.#young.values();
    yield* this.#old.values();
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    this.#old.delete(key);
    this.#young.set(key, value);
    if (this.#young.size * 2 < this.limit) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
