import type { RootPrefix } from '../../src/core/brands.js';
import type { Dice } from '../core/dice.js';

/** A prefix is 16 bytes: four words, each of eight hexadecimal digits. */
const WORDS = 4;
const DIGITS = 8;
/** Share of the places that may be taken before there are twice as many. */
const FULLEST = 0.7;
const FIRST_PLACES = 256;

/**
 * Gives roots small numbers, for as long as anybody uses them, so that all else that is known of a root
 * stands in columns by its number. A hash table with open addressing in typed arrays: some 30 bytes a root,
 * where a map of texts takes more than a hundred. Strangers choose roots, so the hash has a secret: nobody
 * can choose roots that share a place.
 */
export class RootTable {
  /** By number: the words of the root. */
  #keys: Uint32Array = new Uint32Array(FIRST_PLACES * WORDS);
  /** By place: the number of the root plus one, or 0. */
  #places = new Uint32Array(FIRST_PLACES);
  readonly #free: number[] = [];
  /** By number: how many use it. */
  #uses = new Uint16Array(FIRST_PLACES);
  readonly #secret: readonly number[];
  readonly #asked = new Uint32Array(WORDS);
  #end = 0;

  constructor(dice: Dice) {
    // Odd, so that multiplication loses nothing.
    this.#secret = Array.from({ length: WORDS + 1 }, () => Math.floor(dice() * 2 ** 32) | 1);
  }

  get size(): number {
    return this.#end - this.#free.length;
  }

  get bytes(): number {
    return this.#keys.byteLength + this.#places.byteLength + this.#uses.byteLength;
  }

  find(name: RootPrefix): number | undefined {
    this.#read(name);
    const number = this.#places[this.#placeOfAsked()] ?? 0;
    return number === 0 ? undefined : number - 1;
  }

  /** The number of a root that is used once more from now on. */
  take(name: RootPrefix): number {
    this.#read(name);
    const place = this.#placeOfAsked();
    const known = this.#places[place] ?? 0;
    if (known !== 0) return this.#retain(known - 1);
    const number = this.#free.pop() ?? this.#end++;
    if (number >= this.#uses.length) this.#widen();
    this.#keys.set(this.#asked, number * WORDS);
    this.#places[place] = number + 1;
    if (this.size > this.#places.length * FULLEST) this.#rehash();
    return this.#retain(number);
  }

  nameOf(number: number): RootPrefix {
    const words = this.#keys.subarray(number * WORDS, (number + 1) * WORDS);
    return Array.from(words, (word) => word.toString(16).padStart(DIGITS, '0')).join('') as RootPrefix;
  }

  /** One who took it uses it no more; the last one frees its number for another root. */
  drop(number: number): void {
    const uses = this.#uses[number] ?? 0;
    if (uses === 0) return;
    this.#uses[number] = uses - 1;
    if (uses === 1) this.#release(number);
  }

  #retain(number: number): number {
    this.#uses[number] = (this.#uses[number] ?? 0) + 1;
    return number;
  }

  #release(number: number): void {
    this.#asked.set(this.#keys.subarray(number * WORDS, (number + 1) * WORDS));
    const place = this.#placeOfAsked();
    this.#close(place);
    this.#free.push(number);
  }

  #read(name: RootPrefix): void {
    for (let word = 0; word < WORDS; word++) {
      let value = 0;
      for (let i = word * DIGITS; i < (word + 1) * DIGITS; i++) {
        const code = name.charCodeAt(i);
        // '0' to '9' are 0x30 to 0x39, 'a' to 'f' 0x61 to 0x66.
        value = (value << 4) | ((code & 0xf) + (code >> 6) * 9);
      }
      this.#asked[word] = value;
    }
  }

  /** Where the asked root is, or else the free place where it belongs. */
  #placeOfAsked(): number {
    const mask = this.#places.length - 1;
    const [a, b, c, d] = this.#asked;
    let place = this.#hash(a ?? 0, b ?? 0, c ?? 0, d ?? 0) & mask;
    for (;;) {
      const number = this.#places[place] ?? 0;
      if (number === 0) return place;
      const at = (number - 1) * WORDS;
      const keys = this.#keys;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return place;
      place = (place + 1) & mask;
    }
  }

  #hash(a: number, b: number, c: number, d: number): number {
    const [s0 = 1, s1 = 1, s2 = 1, s3 = 1, s4 = 1] = this.#secret;
    let hash = Math.imul(a ^ s0, s1);
    hash = Math.imul((hash ^ (hash >>> 15)) + b, s2);
    hash = Math.imul((hash ^ (hash >>> 13)) + c, s3);
    hash = Math.imul((hash ^ (hash >>> 16)) + d, s4);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  /** Empties a place, and moves up what would not be found any more behind it. */
  #close(emptied: number): void {
    const mask = this.#places.length - 1;
    let hole = emptied;
    for (let place = (hole + 1) & mask; this.#places[place] !== 0; place = (place + 1) & mask) {
      const home = this.#homeOf((this.#places[place] ?? 0) - 1);
      // Whether `home` lies cyclically in (hole, place]: then it is found where it is.
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      this.#places[hole] = this.#places[place] ?? 0;
      hole = place;
    }
    this.#places[hole] = 0;
  }

  #homeOf(number: number): number {
    const [a, b, c, d] = this.#keys.subarray(number * WORDS, (number + 1) * WORDS);
    return this.#hash(a ?? 0, b ?? 0, c ?? 0, d ?? 0) & (this.#places.length - 1);
  }

  #widen(): void {
    const room = Math.ceil(this.#uses.length * 1.5);
    const keys = new Uint32Array(room * WORDS);
    keys.set(this.#keys);
    this.#keys = keys;
    const uses = new Uint16Array(room);
    uses.set(this.#uses);
    this.#uses = uses;
  }

  #rehash(): void {
    const numbers = this.#places.filter((number) => number !== 0);
    this.#places = new Uint32Array(this.#places.length * 2);
    const mask = this.#places.length - 1;
    for (const number of numbers) {
      let place = this.#homeOf(number - 1);
      while (this.#places[place] !== 0) place = (place + 1) & mask;
      this.#places[place] = number;
    }
  }
}
