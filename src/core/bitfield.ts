import type { Bytes } from './bytes.js';
import type { PieceIndex } from './brands.js';

/** A fixed number of bits, most significant first as in BitTorrent (BEP 3); spare bits are zero. */
export class Bitfield {
  readonly #bytes: Bytes;
  #count = 0;

  constructor(readonly length: number) {
    this.#bytes = new Uint8Array(byteLengthFor(length));
  }

  /** Reads a bitfield of exactly `length` bits; `undefined` for a wrong size or a set spare bit. */
  static parse(bytes: Uint8Array, length: number): Bitfield | undefined {
    if (bytes.byteLength !== byteLengthFor(length)) return undefined;
    const spare = bytes.byteLength * 8 - length;
    if (spare > 0 && ((bytes.at(-1) ?? 0) & ((1 << spare) - 1)) !== 0) return undefined;
    const field = new Bitfield(length);
    field.#bytes.set(bytes);
    for (let i = 0; i < length; i++) if (field.has(i)) field.#count++;
    return field;
  }

  /** How many bits are set. */
  get count(): number {
    return this.#count;
  }

  get complete(): boolean {
    return this.#count === this.length;
  }

  has(index: PieceIndex | number): boolean {
    if (!this.#holds(index)) return false;
    return ((this.#bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  /** Sets a bit; returns false when it was set already. */
  set(index: PieceIndex | number): boolean {
    if (!this.#holds(index)) throw new RangeError(`bit ${index} of ${this.length}`);
    if (this.has(index)) return false;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
    this.#count++;
    return true;
  }

  /** Clears a bit; returns false when it was clear already. */
  clear(index: PieceIndex | number): boolean {
    if (!this.has(index)) return false;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) & ~(0x80 >> (index & 7));
    this.#count--;
    return true;
  }

  /** A copy of the bytes, for the wire. */
  toBytes(): Bytes {
    return this.#bytes.slice();
  }

  #holds(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.length;
  }
}

export function byteLengthFor(bits: number): number {
  return Math.ceil(bits / 8);
}
