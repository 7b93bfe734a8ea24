/** Positions in one word of a candidate's bits. */
const WORD = 32;
/** The bit of a word's first position: the most significant one, as in the protocol's bitfields. */
const FIRST_BIT = 1 << (WORD - 1);
const WORD_BYTES = 4;
/** The peer of a row that is nobody's of this node. */
const NOBODY = 0xffff_ffff;

/**
 * Peers that hold some of the wanted roots, collected root by root: a sparse set over peer numbers, whose
 * arrays are used again for every want.
 */
export class Candidates {
  #roots = 0;
  #words = 1;
  #count = 0;
  #peers = new Uint32Array(1024);
  #gains = new Uint16Array(1024);
  #bits = new Uint32Array(1024);
  /** By peer: its place in the arrays above, or anything at all when it has none. */
  #slots = new Uint32Array(0);
  /** One candidate's bits, as they are sent. */
  #bitfield = Buffer.alloc(WORD_BYTES);

  get count(): number {
    return this.#count;
  }

  /** How many words there are for the bits of one candidate. */
  get words(): number {
    return this.#words;
  }

  /** Starts anew: for `roots` wanted ones, and peers with numbers below `peers`. */
  begin(roots: number, peers: number): void {
    this.#count = 0;
    this.#roots = roots;
    this.#words = Math.max(1, Math.ceil(roots / WORD));
    if (this.#slots.length < peers) this.#slots = new Uint32Array(Math.ceil(peers * 1.5));
    const bytes = this.#words * WORD_BYTES;
    if (this.#bitfield.length < bytes) this.#bitfield = Buffer.alloc(bytes);
  }

  /** The peers from `start` on and before `end` in `holders` hold the root at `position`. */
  add(position: number, holders: Uint32Array, start = 0, end = holders.length): void {
    this.#reserve(this.#count + end - start);
    const peers = this.#peers;
    const slots = this.#slots;
    const gains = this.#gains;
    const bits = this.#bits;
    const words = this.#words;
    const word = position >>> 5;
    const bit = FIRST_BIT >>> (position & (WORD - 1));
    let count = this.#count;
    for (let i = start; i < end; i++) {
      const peer = holders[i] ?? 0;
      let slot = slots[peer] ?? 0;
      if (slot >= count || peers[slot] !== peer) {
        slot = count++;
        slots[peer] = slot;
        peers[slot] = peer;
        gains[slot] = 0;
      }
      gains[slot] = (gains[slot] ?? 0) + 1;
      const at = slot * words + word;
      bits[at] = (bits[at] ?? 0) | bit;
    }
    this.#count = count;
  }

  /** One more, which is no peer of this node. Returns its slot. */
  addOther(positions: readonly number[]): number {
    this.#reserve(this.#count + 1);
    const slot = this.#count++;
    this.#peers[slot] = NOBODY;
    this.#gains[slot] = new Set(positions).size;
    for (const position of positions) {
      const at = slot * this.#words + (position >>> 5);
      this.#bits[at] = (this.#bits[at] ?? 0) | (FIRST_BIT >>> (position & (WORD - 1)));
    }
    return slot;
  }

  peerAt(slot: number): number {
    return this.#peers[slot] ?? NOBODY;
  }

  /** How many of the wanted roots it holds. */
  gainAt(slot: number): number {
    return this.#gains[slot] ?? 0;
  }

  /** Its bits for the 32 positions from `32 * word` on, the first one most significant. */
  bitsAt(slot: number, word: number): number {
    return this.#bits[slot * this.#words + word] ?? 0;
  }

  /** The positions of the wanted roots it holds, ascending. */
  positionsAt(slot: number): number[] {
    const positions: number[] = [];
    for (let word = 0; word < this.#words; word++) {
      let rest = this.bitsAt(slot, word);
      while (rest !== 0) {
        const bit = Math.clz32(rest);
        positions.push(word * WORD + bit);
        rest &= ~(FIRST_BIT >>> bit);
      }
    }
    return positions;
  }

  /** The same as the protocol's bitfield over the want's roots, in base64url. */
  bitfieldAt(slot: number): string {
    for (let word = 0; word < this.#words; word++)
      this.#bitfield.writeInt32BE(this.bitsAt(slot, word) | 0, word * WORD_BYTES);
    return this.#bitfield.toString('base64url', 0, Math.ceil(this.#roots / 8));
  }

  /** Makes room for `count` candidates, with no bits set for those that come. */
  #reserve(count: number): void {
    const taken = this.#count * this.#words;
    const cells = count * this.#words;
    if (this.#bits.length < cells) {
      const bits = new Uint32Array(2 * cells);
      bits.set(this.#bits.subarray(0, taken));
      this.#bits = bits;
    } else this.#bits.fill(0, taken, cells);
    if (this.#peers.length >= count) return;
    const peers = new Uint32Array(2 * count);
    peers.set(this.#peers);
    this.#peers = peers;
    const gains = new Uint16Array(2 * count);
    gains.set(this.#gains);
    this.#gains = gains;
  }
}
