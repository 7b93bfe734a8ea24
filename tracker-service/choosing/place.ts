/**
 * Where a peer is, as far as closeness goes: 32-bit numbers, equal for peers that share an address, a
 * network, an autonomous system or a country; 0 where that is not known. They tell nobody what they name:
 * addresses and networks are keyed hashes.
 */
export interface Place {
  readonly address: number;
  readonly network: number;
  readonly system: number;
  readonly country: number;
}

export const NOWHERE: Place = { address: 0, network: 0, system: 0, country: 0 };

/** How much likelier a close peer is to be fast: the closest thing two places share counts. */
const SAME_ADDRESS = 1.3;
const SAME_NETWORK = 1.2;
const SAME_SYSTEM = 1.12;
const SAME_COUNTRY = 1.05;
/** The most that closeness can be. */
export const CLOSEST = SAME_ADDRESS;

/** `closeness` of two places, of which it is known what they share. */
export function closenessOf(address: boolean, network: boolean, system: boolean, country: boolean): number {
  if (address) return SAME_ADDRESS;
  if (network) return SAME_NETWORK;
  if (system) return SAME_SYSTEM;
  return country ? SAME_COUNTRY : 1;
}

/** From 1 (nothing in common that is known) upwards. */
export function closeness(a: Place, b: Place): number {
  return closenessOf(
    a.address !== 0 && a.address === b.address,
    a.network !== 0 && a.network === b.network,
    a.system !== 0 && a.system === b.system,
    a.country !== 0 && a.country === b.country,
  );
}
