import { createHmac } from 'node:crypto';
import type { Bytes } from '../../src/core/bytes.js';
import type { Place } from '../choosing/place.js';
import type { AddressGroup } from './addresses.js';

/** Turns addresses into places, which hold none. */
export class Places {
  /** Nodes that share a secret agree on places. */
  constructor(private readonly secret: Bytes) {}

  placeOf({ address, network }: AddressGroup): Place {
    return {
      address: this.#numberFor(address),
      network: network === undefined ? 0 : this.#numberFor(network),
      system: 0,
      country: 0,
    };
  }

  /** Never 0, which means "unknown". */
  #numberFor(text: string): number {
    return createHmac('sha256', this.secret).update(text).digest().readUInt32BE() || 1;
  }
}
