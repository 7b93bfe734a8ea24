import { numbers } from './kept.js';

/** Bins are so much wider than the one before: a time read from them is at most half of that off. */
const GROWTH = 1.05;
/** The last bin: 10 minutes, which is the most that a beacon says. */
const LAST_BIN = binOf(600_000);
/** The design effect is that of the bin's end nearest to a quantile, at most so much of the way to the ends of the scale. */
const NEAR = 0.8;
/** Numbers of one bin as they are written down: which, and what it holds. */
const WRITTEN = 4;

/** What lies in one bin. Of a page, `k` is how many of its `n` times lie in this bin or below. */
interface Bin {
  /** Times in it. */
  count: number;
  /** By how much the sum of all pages' k² is larger than in the bin before. */
  squares: number;
  /** The same of k·n. */
  products: number;
}

/**
 * Times (ms) of many pages in bins on a logarithmic scale. Besides how many there are, it keeps sums that tell how
 * alike the times of one page are: 50 pictures of one visitor say less than one of each of 50. All are sums, so
 * samples add up in any order.
 */
export class Sample {
  readonly #bins = new Map<number, Bin>();
  #pages = 0;
  #count = 0;
  #squares = 0;

  /** Pages that had such times. */
  get pages(): number {
    return this.#pages;
  }

  /** Times in all. */
  get count(): number {
    return this.#count;
  }

  /** Takes the times of one page. */
  add(times: readonly number[]): void {
    const n = times.length;
    if (n === 0) return;
    this.#pages++;
    this.#count += n;
    this.#squares += n * n;
    const bins = times.map(binOf).sort((a, b) => a - b);
    bins.forEach((bin, k) => {
      // From k to k + 1 of them: the square grows by 2k + 1.
      this.#put(bin, { count: 1, squares: 2 * k + 1, products: n });
    });
  }

  merge(other: Sample): void {
    this.#pages += other.#pages;
    this.#count += other.#count;
    this.#squares += other.#squares;
    for (const [at, bin] of other.#bins) this.#put(at, bin);
  }

  /** The time below which `share` (0 to 1) of them lie; `undefined` when there are none. */
  quantile(share: number): number | undefined {
    let below = 0;
    let last: number | undefined;
    for (const [at, { count }] of this.#sorted()) {
      const wanted = share * this.#count - below;
      if (wanted <= count) return startOf(at) + (endOf(at) - startOf(at)) * Math.max(0, wanted / count);
      below += count;
      last = endOf(at);
    }
    return last;
  }

  /**
   * How many times larger the variance of the share of the times below the quantile `wanted` is than if each were of
   * another page: the design effect of sampling pages (Kish). At least 1.
   */
  designEffect(wanted: number): number {
    const n = this.#count;
    let [k, squares, products] = [0, 0, 0];
    // Where hardly any time lies on one side of it, nothing can be told: then all of a page are taken for one.
    let best = { distance: NEAR * Math.min(wanted, 1 - wanted), effect: this.#squares / n };
    for (const [, bin] of this.#sorted()) {
      k += bin.count;
      squares += bin.squares;
      products += bin.products;
      const share = k / n;
      const distance = Math.abs(share - wanted);
      if (distance >= best.distance) continue;
      const apart = squares - 2 * share * products + share * share * this.#squares;
      best = { distance, effect: apart / (n * share * (1 - share)) };
    }
    const small = this.#pages / Math.max(1, this.#pages - 1);
    return Math.max(1, best.effect * small);
  }

  toJSON(): number[] {
    const written = [this.#pages, this.#count, this.#squares];
    for (const [at, { count, squares, products }] of this.#bins) written.push(at, count, squares, products);
    return written;
  }

  /** What `toJSON` made. Throws on anything else. */
  static read(value: unknown): Sample {
    const [pages = 0, count = 0, squares = 0, ...bins] = numbers(value, 3 + WRITTEN * (LAST_BIN + 1));
    const sample = new Sample();
    [sample.#pages, sample.#count, sample.#squares] = [pages, count, squares];
    for (let i = 0; i < bins.length; i += WRITTEN) {
      const [at = 0, inIt = 0, itsSquares = 0, products = 0] = bins.slice(i, i + WRITTEN);
      if (!Number.isInteger(at) || at > LAST_BIN) throw new TypeError('no such bin');
      sample.#put(at, { count: inIt, squares: itsSquares, products });
    }
    return sample;
  }

  #put(at: number, { count, squares, products }: Bin): void {
    const bin = this.#bins.get(at);
    if (bin) {
      bin.count += count;
      bin.squares += squares;
      bin.products += products;
    } else this.#bins.set(at, { count, squares, products });
  }

  #sorted(): [number, Bin][] {
    return [...this.#bins].sort(([a], [b]) => a - b);
  }
}

/** Below 1 ms is the first. */
function binOf(ms: number): number {
  return ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(GROWTH));
}

function startOf(bin: number): number {
  return bin === 0 ? 0 : GROWTH ** (bin - 1);
}

/** What counts 0 is there at once. */
function endOf(bin: number): number {
  return bin === 0 ? 0 : GROWTH ** bin;
}
