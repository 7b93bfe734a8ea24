/** No node: nodes are numbered from 1 on. */
export const NO_WATCH = 0;
const FIRST_ROOM = 1024;

/**
 * Who waits for news of which root: for each root a doubly linked list of nodes, all in typed arrays. Ten
 * thousand may watch one root, and each comes and goes in constant time. A watcher's own nodes are linked as
 * well, so that it need remember only one of them.
 */
export class Watches {
  /** By root: its first node. */
  #heads = new Uint32Array(FIRST_ROOM);
  /** By node. */
  #next = new Uint32Array(FIRST_ROOM);
  #previous = new Uint32Array(FIRST_ROOM);
  #roots = new Uint32Array(FIRST_ROOM);
  #watchers = new Uint32Array(FIRST_ROOM);
  #siblings = new Uint32Array(FIRST_ROOM);
  #positions = new Uint16Array(FIRST_ROOM);
  /** The first free node; each names the next one. */
  #free = NO_WATCH;
  #end = 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  isWatched(root: number): boolean {
    return (this.#heads[root] ?? NO_WATCH) !== NO_WATCH;
  }

  /**
   * Puts `watcher` in front; resolves news to the `position` the root has for it. Returns a node, whose
   * `siblingOf` is another one of the same watcher.
   */
  add(root: number, watcher: number, position: number, sibling = NO_WATCH): number {
    const node = this.#take();
    if (root >= this.#heads.length) this.#heads = grown(this.#heads, root);
    const head = this.#heads[root] ?? NO_WATCH;
    this.#next[node] = head;
    this.#previous[node] = NO_WATCH;
    this.#roots[node] = root;
    this.#watchers[node] = watcher;
    this.#siblings[node] = sibling;
    this.#positions[node] = position;
    if (head !== NO_WATCH) this.#previous[head] = node;
    this.#heads[root] = node;
    this.#count++;
    return node;
  }

  rootOf(node: number): number {
    return this.#roots[node] ?? 0;
  }

  positionOf(node: number): number {
    return this.#positions[node] ?? 0;
  }

  siblingOf(node: number): number {
    return this.#siblings[node] ?? NO_WATCH;
  }

  /** Returns the root it was about. */
  remove(node: number): number {
    const next = this.#next[node] ?? NO_WATCH;
    const previous = this.#previous[node] ?? NO_WATCH;
    const root = this.rootOf(node);
    if (previous === NO_WATCH) this.#heads[root] = next;
    else this.#next[previous] = next;
    if (next !== NO_WATCH) this.#previous[next] = previous;
    this.#next[node] = this.#free;
    this.#free = node;
    this.#count--;
    return root;
  }

  /** Tells `visit` of up to `most` watchers of a root; how many there were. */
  visit(root: number, most: number, visit: (watcher: number, position: number) => void): number {
    let visited = 0;
    for (
      let node = this.#heads[root] ?? NO_WATCH;
      node !== NO_WATCH && visited < most;
      node = this.#next[node] ?? NO_WATCH
    ) {
      visit(this.#watchers[node] ?? 0, this.positionOf(node));
      visited++;
    }
    return visited;
  }

  #take(): number {
    const free = this.#free;
    if (free !== NO_WATCH) {
      this.#free = this.#next[free] ?? NO_WATCH;
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
    this.#siblings = grown(this.#siblings, node);
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
