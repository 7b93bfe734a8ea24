/** No node: nodes are numbered from 1 on. */
const NONE = 0;
const FIRST_ROOM = 1024;

/**
 * Who waits for news of which root: for each root a doubly linked list of nodes, all in typed arrays. Ten
 * thousand may watch one root, and each comes and goes in constant time.
 */
export class Watches {
  /** By root: its first node. */
  #heads = new Uint32Array(FIRST_ROOM);
  /** By node. */
  #next = new Uint32Array(FIRST_ROOM);
  #previous = new Uint32Array(FIRST_ROOM);
  #roots = new Uint32Array(FIRST_ROOM);
  #watchers = new Uint32Array(FIRST_ROOM);
  #positions = new Uint16Array(FIRST_ROOM);
  /** The first free node; each names the next one. */
  #free = NONE;
  #end = 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  isWatched(root: number): boolean {
    return (this.#heads[root] ?? NONE) !== NONE;
  }

  /** Puts `watcher` in front; resolves news to the `position` the root has for it. Returns a node. */
  add(root: number, watcher: number, position: number): number {
    const node = this.#take();
    if (root >= this.#heads.length) this.#heads = grown(this.#heads, root);
    const head = this.#heads[root] ?? NONE;
    this.#next[node] = head;
    this.#previous[node] = NONE;
    this.#roots[node] = root;
    this.#watchers[node] = watcher;
    this.#positions[node] = position;
    if (head !== NONE) this.#previous[head] = node;
    this.#heads[root] = node;
    this.#count++;
    return node;
  }

  /** Returns the root it was about. */
  remove(node: number): number {
    const [next, previous, root] = [this.#next[node] ?? 0, this.#previous[node] ?? 0, this.#roots[node] ?? 0];
    if (previous === NONE) this.#heads[root] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#next[node] = this.#free;
    this.#free = node;
    this.#count--;
    return root;
  }

  /** Tells `visit` of up to `most` watchers of a root; how many there were. */
  visit(root: number, most: number, visit: (watcher: number, position: number) => void): number {
    let visited = 0;
    for (
      let node = this.#heads[root] ?? NONE;
      node !== NONE && visited < most;
      node = this.#next[node] ?? NONE
    ) {
      visit(this.#watchers[node] ?? 0, this.#positions[node] ?? 0);
      visited++;
    }
    return visited;
  }

  #take(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#next[free] ?? NONE;
      return free;
    }
    const node = this.#end++;
    if (node >= this.#next.length) this.#widen(node);
    return node;
  }

  #widen(node: number): void {
    this.#next = grown(this.#next, node);
    this.#previous = grown(this.#previous, node);
    this.#roots = grown(this.#roots, node);
    this.#watchers = grown(this.#watchers, node);
    const positions = new Uint16Array(this.#next.length);
    positions.set(this.#positions);
    this.#positions = positions;
  }
}

function grown(column: Uint32Array, index: number): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(Math.ceil((index + 1) * 1.5));
  wider.set(column);
  return wider;
}
