import { createHmac } from 'node:crypto';
import type { Bytes } from '../../src/core/bytes.js';
import type { Place } from '../choosing/place.js';
import type { AddressGroup } from './addresses.js';

/** What is known of the network that an address is in: `Place`'s numbers, 0 where it is not known. */
export type Surroundings = Pick<Place, 'system' | 'country'>;

export interface PlacesOptions {
  /** Nodes that share a secret agree on places. */
  readonly secret: Bytes;
  /** Looks an address up in the databases of networks. */
  readonly surroundingsOf: (address: string) => Surroundings;
}

/** Turns addresses into places, which hold none. */
export class Places {
  constructor(private readonly options: PlacesOptions) {}

  placeOf({ address, network }: AddressGroup): Place {
    const [bare = ''] = address.split('/');
    return {
      address: this.#numberFor(address),
      network: network === undefined ? 0 : this.#numberFor(network),
      ...this.options.surroundingsOf(bare),
    };
  }

  /** Never 0, which means "unknown". */
  #numberFor(text: string): number {
    return createHmac('sha256', this.options.secret).update(text).digest().readUInt32BE() || 1;
  }
}
