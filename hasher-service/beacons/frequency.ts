import { items, numbers } from './kept.js';

/**
 * How often something happens per hour, from many pages of which each tells how often it happened in how many hours. As
 * with samples, all is sums.
 */
export class Frequency {
  #pages = 0;
  #events = 0;
  #hours = 0;
  #eventsSquared = 0;
  #hoursSquared = 0;
  #products = 0;

  get pages(): number {
    return this.#pages;
  }

  /** Takes one page. */
  add(events: number, hours: number): void {
    this.#pages++;
    this.#events += events;
    this.#hours += hours;
    this.#eventsSquared += events * events;
    this.#hoursSquared += hours * hours;
    this.#products += events * hours;
  }

  merge(other: Frequency): void {
    this.#pages += other.#pages;
    this.#events += other.#events;
    this.#hours += other.#hours;
    this.#eventsSquared += other.#eventsSquared;
    this.#hoursSquared += other.#hoursSquared;
    this.#products += other.#products;
  }

  /** Events per hour; `undefined` without any time. */
  get rate(): number | undefined {
    return this.#hours > 0 ? this.#events / this.#hours : undefined;
  }

  /**
   * Variance of the rate: that of a ratio of sums over pages (Taylor linearisation), which sees that events come in
   * clumps. Never below that of independent events, three more than there were: none at all in a short time proves
   * little (the rule of three).
   */
  get variance(): number {
    const rate = this.rate ?? 0;
    const apart = this.#eventsSquared - 2 * rate * this.#products + rate * rate * this.#hoursSquared;
    const small = this.#pages / Math.max(1, this.#pages - 1);
    return Math.max(apart * small, this.#events + 3) / this.#hours ** 2;
  }

  toJSON(): number[] {
    return [
      ...[this.#pages, this.#events, this.#hours],
      ...[this.#eventsSquared, this.#hoursSquared, this.#products],
    ];
  }

  /** What `toJSON` made. Throws on anything else. */
  static read(value: unknown): Frequency {
    const [pages = 0, events = 0, hours = 0, ...squares] = numbers(items(value, 6), 6);
    const read = new Frequency();
    [read.#pages, read.#events, read.#hours] = [pages, events, hours];
    [read.#eventsSquared = 0, read.#hoursSquared = 0, read.#products = 0] = squares;
    return read;
  }
}
