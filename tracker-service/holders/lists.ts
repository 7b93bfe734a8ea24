/** Cells of one page: 256 KiB, so that growing costs no copy and little slack. */
const PAGE_CELLS = 2 ** 16;
const PAGE_BITS = 16;
/** Room of a block by its class. */
const ROOMS = roomsUpTo(PAGE_CELLS / 4);
/** No list: the page number of the first page shifts to 0, so places start at 1. */
const NOWHERE = 0;

/**
 * Lists of 32-bit numbers, themselves numbered from 0 on, packed into pages of one typed array each: an
 * entry costs 4 bytes and some slack, where an array object for each list would cost 200 bytes besides.
 * The order of a list is no promise.
 */
export class Lists {
  readonly #pages: Uint32Array[] = [];
  /** By list: where its block starts (page and cell), how many entries there are, and its block's class. */
  #places = new Uint32Array(64);
  #sizes = new Uint16Array(64);
  #classes = new Uint8Array(64);
  /** By class: the first free block; each names the next one in its first cell. */
  readonly #free = new Uint32Array(ROOMS.length).fill(NOWHERE);
  /** The first cell that was never used. Cell 0 of the first page stays unused. */
  #end = 1;

  /** Entries that one list can have. */
  static readonly MAX_SIZE = ROOMS.at(-1) ?? 0;

  /** Bytes held, slack included. */
  get bytes(): number {
    const columns = [this.#places, this.#sizes, this.#classes];
    return columns.reduce((sum, column) => sum + column.byteLength, this.#pages.length * PAGE_CELLS * 4);
  }

  sizeOf(list: number): number {
    return this.#sizes[list] ?? 0;
  }

  /** The entries, as a view that the next change invalidates. */
  view(list: number): Uint32Array {
    const place = this.#places[list] ?? NOWHERE;
    const start = place & (PAGE_CELLS - 1);
    return (this.#pages[place >>> PAGE_BITS] ?? EMPTY).subarray(start, start + this.sizeOf(list));
  }

  /** Calls `take` with the page where the entries of a list are, from `start` on and before `end`. */
  read(list: number, take: (page: Uint32Array, start: number, end: number) => void): void {
    const place = this.#places[list] ?? NOWHERE;
    const start = place & (PAGE_CELLS - 1);
    take(this.#pages[place >>> PAGE_BITS] ?? EMPTY, start, start + this.sizeOf(list));
  }

  /** Adds an entry at the end; the caller knows that there is room (`MAX_SIZE`). */
  push(list: number, value: number): void {
    if (list >= this.#places.length) this.#widen(list);
    const size = this.#sizes[list] ?? 0;
    if (size === this.#roomOf(list))
      this.#move(list, this.#places[list] === NOWHERE ? 0 : this.#classOf(list) + 1);
    const place = this.#places[list] ?? NOWHERE;
    const page = this.#pages[place >>> PAGE_BITS];
    if (page) page[(place & (PAGE_CELLS - 1)) + size] = value;
    this.#sizes[list] = size + 1;
  }

  /** Takes the entry at `at` out; the last one takes its place. */
  removeAt(list: number, at: number): void {
    const size = this.sizeOf(list) - 1;
    const entries = this.view(list);
    entries[at] = entries[size] ?? 0;
    this.#sizes[list] = size;
    const kind = this.#classOf(list);
    if (size === 0) this.clear(list);
    else if (kind > 1 && size <= (ROOMS[kind - 2] ?? 0)) this.#move(list, kind - 1);
  }

  /** Replaces all entries by the first `count` of `values`. */
  assign(list: number, values: Uint32Array, count: number): void {
    this.clear(list);
    for (let i = 0; i < count; i++) this.push(list, values[i] ?? 0);
  }

  clear(list: number): void {
    const place = this.#places[list] ?? NOWHERE;
    if (place === NOWHERE) return;
    this.#release(place, this.#classOf(list));
    this.#places[list] = NOWHERE;
    this.#sizes[list] = 0;
    this.#classes[list] = 0;
  }

  #classOf(list: number): number {
    return this.#classes[list] ?? 0;
  }

  #roomOf(list: number): number {
    return this.#places[list] === NOWHERE ? 0 : (ROOMS[this.#classOf(list)] ?? 0);
  }

  /** Gives a list a block of another class, with the entries it has. */
  #move(list: number, kind: number): void {
    const entries = this.view(list);
    const from = this.#places[list] ?? NOWHERE;
    const place = this.#take(kind);
    this.#pages[place >>> PAGE_BITS]?.set(entries, place & (PAGE_CELLS - 1));
    if (from !== NOWHERE) this.#release(from, this.#classOf(list));
    this.#places[list] = place;
    this.#classes[list] = kind;
  }

  #take(kind: number): number {
    const free = this.#free[kind] ?? NOWHERE;
    if (free !== NOWHERE) {
      this.#free[kind] = this.#pages[free >>> PAGE_BITS]?.[free & (PAGE_CELLS - 1)] ?? NOWHERE;
      return free;
    }
    const room = ROOMS[kind] ?? 0;
    const left = PAGE_CELLS - (this.#end & (PAGE_CELLS - 1));
    if (left < room) this.#cutUp(left);
    const place = this.#end;
    while (this.#pages.length <= place >>> PAGE_BITS) this.#pages.push(new Uint32Array(PAGE_CELLS));
    this.#end += room;
    return place;
  }

  /** The rest of a page that is too short for a block becomes smaller ones. */
  #cutUp(left: number): void {
    let rest = left === PAGE_CELLS ? 0 : left;
    for (let kind = ROOMS.length - 1; kind >= 0; kind--) {
      const room = ROOMS[kind] ?? 0;
      for (; rest >= room; rest -= room) {
        this.#release(this.#end, kind);
        this.#end += room;
      }
    }
    this.#end += rest;
  }

  #release(place: number, kind: number): void {
    const page = this.#pages[place >>> PAGE_BITS];
    if (!page) return;
    page[place & (PAGE_CELLS - 1)] = this.#free[kind] ?? NOWHERE;
    this.#free[kind] = place;
  }

  #widen(list: number): void {
    const length = Math.max(list + 1, Math.ceil(this.#places.length * 1.5));
    this.#places = copied(new Uint32Array(length), this.#places);
    this.#sizes = copied(new Uint16Array(length), this.#sizes);
    this.#classes = copied(new Uint8Array(length), this.#classes);
  }
}

const EMPTY = new Uint32Array(0);

function copied<Column extends Uint32Array | Uint16Array | Uint8Array>(to: Column, from: Column): Column {
  to.set(from);
  return to;
}

/** 2, 4, 6, 8, 12, 16, 24 … up to 64, then each a quarter larger. */
function roomsUpTo(max: number): number[] {
  const rooms = [2, 4, 6, 8, 12, 16, 24, 32, 48, 64];
  for (let room = 80; room < max; room = Math.ceil(room * 1.25)) rooms.push(room);
  return [...rooms, max];
}
