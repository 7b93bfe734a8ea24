import type { RootPrefix } from '../../src/core/brands.js';
import { MAX_WANT_ROOTS } from '../../src/core/limits.js';
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
  /** What is asked for, one or many at once: words and hashes. */
  readonly #asked = new Uint32Array(MAX_WANT_ROOTS * WORDS);
  readonly #hashes = new Uint32Array(MAX_WANT_ROOTS);
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
    this.#ask(name, 0);
    const number = this.#places[this.#placeOf(0)] ?? 0;
    return number === 0 ? undefined : number - 1;
  }

  /**
   * Writes the numbers of up to `MAX_WANT_ROOTS` roots to `into`, each plus one; 0 for a root without one.
   * Step by step for all of them, so that memory is waited for once and not for each.
   */
  findAll(names: readonly RootPrefix[], into: Uint32Array): void {
    let count = 0;
    for (const name of names) this.#ask(name, count++);
    const places = this.#places;
    const hashes = this.#hashes;
    const mask = places.length - 1;
    for (let i = 0; i < count; i++) into[i] = places[(hashes[i] ?? 0) & mask] ?? 0;
    for (let i = 0; i < count; i++) {
      const number = into[i] ?? 0;
      if (number !== 0 && !this.#isAsked(number - 1, i)) into[i] = places[this.#placeOf(i)] ?? 0;
    }
  }

  /** The number of a root that is used once more from now on. */
  take(name: RootPrefix): number {
    this.#ask(name, 0);
    const place = this.#placeOf(0);
    const known = this.#places[place] ?? 0;
    if (known !== 0) return this.#retain(known - 1);
    const number = this.#free.pop() ?? this.#end++;
    if (number >= this.#uses.length) this.#widen();
    this.#keys.set(this.#asked.subarray(0, WORDS), number * WORDS);
    this.#places[place] = number + 1;
    if (this.size > this.#places.length * FULLEST) this.#rehash();
    return this.#retain(number);
  }

  /** As `findAll`; each root has a number then, and is used once more for each time that it is named. */
  takeAll(names: readonly RootPrefix[], into: Uint32Array): void {
    this.findAll(names, into);
    let i = 0;
    for (const name of names) {
      const number = into[i] ?? 0;
      if (number === 0) into[i] = this.take(name) + 1;
      else this.#retain(number - 1);
      i++;
    }
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
    this.#hashes[0] = this.#hashOf(this.#asked, 0);
    this.#close(this.#placeOf(0));
    this.#free.push(number);
  }

  /** Reads the name of what is asked for as the `i`th. */
  #ask(name: RootPrefix, i: number): void {
    const asked = this.#asked;
    for (let word = 0; word < WORDS; word++) {
      let value = 0;
      for (let at = word * DIGITS; at < (word + 1) * DIGITS; at++) {
        const code = name.charCodeAt(at);
        // '0' to '9' are 0x30 to 0x39, 'a' to 'f' 0x61 to 0x66.
        value = (value << 4) | ((code & 0xf) + (code >> 6) * 9);
      }
      asked[i * WORDS + word] = value;
    }
    this.#hashes[i] = this.#hashOf(asked, i);
  }

  /** Whether the root with this number is the one asked for as the `i`th. */
  #isAsked(number: number, i: number): boolean {
    const keys = this.#keys;
    const asked = this.#asked;
    const at = number * WORDS;
    const of = i * WORDS;
    return (
      keys[at] === asked[of] &&
      keys[at + 1] === asked[of + 1] &&
      keys[at + 2] === asked[of + 2] &&
      keys[at + 3] === asked[of + 3]
    );
  }

  /** Where the root is that was asked for as the `i`th, or else the free place where it belongs. */
  #placeOf(i: number): number {
    const mask = this.#places.length - 1;
    let place = (this.#hashes[i] ?? 0) & mask;
    for (;;) {
      const number = this.#places[place] ?? 0;
      if (number === 0 || this.#isAsked(number - 1, i)) return place;
      place = (place + 1) & mask;
    }
  }

  /** Of the `i`th root in `words`. */
  #hashOf(words: Uint32Array, i: number): number {
    const secret = this.#secret;
    const at = i * WORDS;
    let hash = Math.imul((words[at] ?? 0) ^ (secret[0] ?? 1), secret[1] ?? 1);
    hash = Math.imul((hash ^ (hash >>> 15)) + (words[at + 1] ?? 0), secret[2] ?? 1);
    hash = Math.imul((hash ^ (hash >>> 13)) + (words[at + 2] ?? 0), secret[3] ?? 1);
    hash = Math.imul((hash ^ (hash >>> 16)) + (words[at + 3] ?? 0), secret[4] ?? 1);
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
    return this.#hashOf(this.#keys, number) & (this.#places.length - 1);
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
