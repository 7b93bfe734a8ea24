/** A map that forgets what was set longest ago once it holds more than `limit` entries. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #limit: number;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    const oldest = this.keys().next();
    if (this.size > this.#limit && !oldest.done) this.delete(oldest.value);
    return this;
  }
}

/** The same, but reading an entry counts as setting it: the one that was used longest ago is forgotten. */
export class LeastRecentlyUsedMap<K, V> extends BoundedMap<K, V> {
  override get(key: K): V | undefined {
    const value = super.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }
}
