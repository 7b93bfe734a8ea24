/** Gives each name a small number and takes numbers back, so that tables by number stay dense. */
export class Interner<Name extends string> {
  readonly #ids = new Map<Name, number>();
  readonly #names: (Name | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#ids.size;
  }

  find(name: Name): number | undefined {
    return this.#ids.get(name);
  }

  nameOf(id: number): Name | undefined {
    return this.#names[id];
  }

  intern(name: Name): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#free.pop() ?? this.#names.length;
    this.#ids.set(name, id);
    this.#names[id] = name;
    return id;
  }

  /** Frees a name's number for the next name. */
  release(name: Name): void {
    const id = this.#ids.get(name);
    if (id === undefined) return;
    this.#ids.delete(name);
    this.#names[id] = undefined;
    this.#free.push(id);
  }
}
