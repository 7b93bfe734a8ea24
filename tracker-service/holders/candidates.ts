/** Positions in one word of a candidate's bits. */
const WORD = 32;

/**
 * Peers that hold some of the wanted roots, collected root by root: a sparse set over peer numbers, whose
 * arrays are used again for every want.
 */
export class Candidates {
  #words = 1;
  #count = 0;
  #peers = new Uint32Array(1024);
  #gains = new Uint16Array(1024);
  #bits = new Uint32Array(1024);
  /** By peer: its place in the arrays above, or anything at all when it has none. */
  #slots = new Uint32Array(0);

  get count(): number {
    return this.#count;
  }

  /** Starts anew: for `roots` wanted ones, and peers with numbers below `peers`. */
  begin(roots: number, peers: number): void {
    this.#count = 0;
    this.#words = Math.max(1, Math.ceil(roots / WORD));
    if (this.#slots.length < peers) this.#slots = new Uint32Array(Math.ceil(peers * 1.5));
  }

  /** All of `holders` hold the root at `position`. */
  add(position: number, holders: Uint32Array): void {
    const word = position >>> 5;
    const bit = 1 << (position & (WORD - 1));
    this.#reserve(this.#count + holders.length);
    const [peers, slots, gains, bits, words] = [
      this.#peers,
      this.#slots,
      this.#gains,
      this.#bits,
      this.#words,
    ];
    for (let i = 0; i < holders.length; i++) {
      const peer = holders[i] ?? 0;
      let slot = slots[peer] ?? 0;
      if (slot >= this.#count || peers[slot] !== peer) {
        slot = this.#count++;
        slots[peer] = slot;
        peers[slot] = peer;
        gains[slot] = 0;
        for (let at = slot * words; at < (slot + 1) * words; at++) bits[at] = 0;
      }
      gains[slot] = (gains[slot] ?? 0) + 1;
      const at = slot * words + word;
      bits[at] = (bits[at] ?? 0) | bit;
    }
  }

  peerAt(slot: number): number {
    return this.#peers[slot] ?? 0;
  }

  /** How many of the wanted roots it holds. */
  gainAt(slot: number): number {
    return this.#gains[slot] ?? 0;
  }

  /** The positions of the wanted roots it holds, ascending. */
  positionsAt(slot: number): number[] {
    const positions: number[] = [];
    for (let word = 0; word < this.#words; word++) {
      let rest = this.#bits[slot * this.#words + word] ?? 0;
      while (rest !== 0) {
        positions.push(word * WORD + (WORD - 1 - Math.clz32(rest & -rest)));
        rest &= rest - 1;
      }
    }
    return positions;
  }

  #reserve(count: number): void {
    const cells = count * this.#words;
    if (this.#bits.length < cells) {
      const bits = new Uint32Array(2 * cells);
      bits.set(this.#bits);
      this.#bits = bits;
    }
    if (this.#peers.length >= count) return;
    const peers = new Uint32Array(2 * count);
    peers.set(this.#peers);
    this.#peers = peers;
    const gains = new Uint16Array(2 * count);
    gains.set(this.#gains);
    this.#gains = gains;
  }
}
