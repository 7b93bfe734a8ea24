import { closenessOf, type Place } from '../choosing/place.js';

/** What stands in one row of the table of places. */
const COLUMNS = 4;
const FIRST_ROOM = 256;

/**
 * Gives peers small numbers, and keeps by number what choosing among thousands of them looks at: where
 * each is and how good it is. In typed arrays, so that a thousand candidates are a thousand reads of a few
 * neighbouring bytes, and not of objects scattered over the heap.
 */
export class PeerNumbers<Peer> {
  readonly #peers: (Peer | undefined)[] = [];
  readonly #free: number[] = [];
  /** Rows of address, network, system, country. */
  #places = new Uint32Array(FIRST_ROOM * COLUMNS);
  #weights = new Float32Array(FIRST_ROOM);

  /** How many have a number. */
  get size(): number {
    return this.#peers.length - this.#free.length;
  }

  /** All numbers are below this. */
  get end(): number {
    return this.#peers.length;
  }

  peerOf(number: number): Peer | undefined {
    return this.#peers[number];
  }

  /** A number for a newcomer; freed ones are given again. */
  add(peer: Peer, place: Place): number {
    const number = this.#free.pop() ?? this.#peers.length;
    this.#peers[number] = peer;
    if (number >= this.#weights.length) this.#widen();
    this.#places.set([place.address, place.network, place.system, place.country], number * COLUMNS);
    this.#weights[number] = 0;
    return number;
  }

  remove(number: number): void {
    this.#peers[number] = undefined;
    this.#weights[number] = 0;
    this.#free.push(number);
  }

  /** How good a peer is for anybody: 0 when it cannot be shown now. */
  weigh(number: number, weight: number): void {
    this.#weights[number] = weight;
  }

  weightOf(number: number): number {
    return this.#weights[number] ?? 0;
  }

  networkOf(number: number): number {
    return this.#places[number * COLUMNS + 1] ?? 0;
  }

  /** How good a peer is for somebody at `place`: 0 when it cannot be shown now. */
  worthTo(place: Place, number: number): number {
    const weight = this.weightOf(number);
    return weight === 0 ? 0 : weight * this.closenessTo(place, number);
  }

  /** `closeness` of a place to that of a peer, without making an object for it. */
  closenessTo({ address, network, system, country }: Place, number: number): number {
    const row = number * COLUMNS;
    const places = this.#places;
    return closenessOf(
      address !== 0 && address === places[row],
      network !== 0 && network === places[row + 1],
      system !== 0 && system === places[row + 2],
      country !== 0 && country === places[row + 3],
    );
  }

  #widen(): void {
    const room = Math.ceil(this.#weights.length * 1.5);
    const places = new Uint32Array(room * COLUMNS);
    places.set(this.#places);
    this.#places = places;
    const weights = new Float32Array(room);
    weights.set(this.#weights);
    this.#weights = weights;
  }
}
