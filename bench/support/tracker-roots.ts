import type { RootPrefix } from '../../src/core/brands.js';

export interface LayoutOptions {
  readonly visitors: number;
  /** Roots of one visitor. */
  readonly roots: number;
  /** Of one root. */
  readonly holders: number;
}

/** A root's prefix, told apart by a number and spread like a hash. */
export function prefixOfNumber(number: number): RootPrefix {
  const spread = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  return `${spread.toString(16).padStart(8, '0')}${number.toString(16).padStart(24, '0')}` as RootPrefix;
}

/**
 * Who holds what. The first half of the visitors hold roots that share no other holder; the second half hold
 * pages: the same visitors hold all roots of one. A root has `holders` in either case.
 */
export class Layout {
  readonly #half: number;
  /** Roots of the first half; those of pages have the numbers from there on. */
  readonly #scattered: number;
  readonly #pages: number;

  constructor(private readonly options: LayoutOptions) {
    const { visitors, roots, holders } = options;
    this.#half = Math.floor(visitors / 2);
    this.#scattered = Math.ceil((this.#half * roots) / holders);
    this.#pages = Math.ceil((visitors - this.#half) / holders);
  }

  heldBy(visitor: number): RootPrefix[] {
    if (visitor >= this.#half) return this.#page((visitor - this.#half) % this.#pages);
    // Each root is dealt out as often as it has holders, each time in another order.
    const roots = Array.from({ length: this.options.roots }, (_, i) => {
      const deal = visitor * this.options.roots + i;
      const turn = Math.floor(deal / this.#scattered);
      return prefixOfNumber(shuffled(deal % this.#scattered, this.#scattered, turn));
    });
    // Where one order ends and the next begins, a root may come twice.
    return [...new Set(roots)];
  }

  /** Roots that the same visitors hold. */
  together(): RootPrefix[] {
    return this.#page(Math.floor(Math.random() * this.#pages));
  }

  /** Roots whose holders are all different ones, but for chance. */
  scattered(): RootPrefix[] {
    const numbers = new Set<number>();
    while (numbers.size < Math.min(this.options.roots, this.#scattered))
      numbers.add(Math.floor(Math.random() * this.#scattered));
    return [...numbers].map(prefixOfNumber);
  }

  #page(number: number): RootPrefix[] {
    const { roots } = this.options;
    return Array.from({ length: roots }, (_, i) => prefixOfNumber(this.#scattered + number * roots + i));
  }
}

/** A permutation of the numbers below `size`, another one for each turn. */
function shuffled(number: number, size: number, turn: number): number {
  let factor = Math.floor(size * 0.618) + 37 * turn;
  while (commonDivisor(factor, size) !== 1) factor++;
  return (number * factor + turn * 7919) % size;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
