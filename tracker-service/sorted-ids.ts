/** Room in a new set: most roots have few holders. */
const FIRST_ROOM = 4;

/**
 * A set of small integers in one typed array, sorted: 4 bytes an entry plus slack of at most half,
 * against some 40 for a `Set`. Look-up is binary; insertion moves at most the set's own bytes.
 */
export class SortedIds implements Iterable<number> {
  #ids = new Uint32Array(FIRST_ROOM);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes held, slack included. */
  get bytes(): number {
    return this.#ids.byteLength;
  }

  has(id: number): boolean {
    const at = this.#search(id);
    return at < this.#size && this.#ids[at] === id;
  }

  /** Adds `id`; false when it was there already. */
  add(id: number): boolean {
    const at = this.#search(id);
    if (at < this.#size && this.#ids[at] === id) return false;
    if (this.#size === this.#ids.length) this.#resize(Math.ceil(this.#size * 1.5));
    this.#ids.copyWithin(at + 1, at, this.#size);
    this.#ids[at] = id;
    this.#size++;
    return true;
  }

  /** Removes `id`; false when it was not there. */
  delete(id: number): boolean {
    const at = this.#search(id);
    if (at >= this.#size || this.#ids[at] !== id) return false;
    this.#ids.copyWithin(at, at + 1, this.#size);
    this.#size--;
    if (this.#size > FIRST_ROOM && this.#size < this.#ids.length / 3) this.#resize(this.#size * 2);
    return true;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let at = 0; at < this.#size; at++) yield this.#ids[at] ?? 0;
  }

  /** The entries in ascending order, as a view that the next change invalidates. */
  view(): Uint32Array {
    return this.#ids.subarray(0, this.#size);
  }

  #search(id: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #resize(room: number): void {
    const grown = new Uint32Array(room);
    grown.set(this.view());
    this.#ids = grown;
  }
}
