import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [network: Address, bits: number];

/** What the limits see of an address. Neither is ever sent to anybody or logged. */
export interface AddressGroup {
  /** One IPv4 address, or one IPv6 /64: what one household or office has. */
  readonly address: string;
  /** The public network around it (IPv4 /24, IPv6 /48); absent for private and local addresses. */
  readonly network: string | undefined;
}

/** Proxies in front of each other that are walked through at most. */
const MAX_HOPS = 16;

/** Who a socket belongs to, seen through trusted proxies. */
export class Addresses {
  readonly #trusted: readonly Range[];

  /** `trustedProxies` are addresses or CIDR ranges, checked by the configuration. */
  constructor(trustedProxies: readonly string[]) {
    this.#trusted = trustedProxies.map(rangeOf);
  }

  /**
   * `X-Forwarded-For` is read from the right and only as far as each hop is a trusted proxy: what
   * stands further left was written by the client.
   */
  groupOf(remote: string, forwarded: string | undefined): AddressGroup {
    const hops = (forwarded ?? '').split(',').slice(-MAX_HOPS);
    let address = parse(remote);
    while (address && this.#isTrusted(address) && hops.length > 0) {
      const next = parse((hops.pop() ?? '').trim());
      if (!next) break;
      address = next;
    }
    return address ? groupOf(address) : { address: 'unknown', network: undefined };
  }

  #isTrusted(address: Address): boolean {
    return this.#trusted.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  }
}

function groupOf(address: Address): AddressGroup {
  const isPublic = address.range() === 'unicast';
  const [own, around] = address.kind() === 'ipv4' ? [32, 24] : [64, 48];
  return { address: cut(address, own), network: isPublic ? cut(address, around) : undefined };
}

/** The network of `bits` bits that an address is in. */
function cut(address: Address, bits: number): string {
  const bytes = address.toByteArray().map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * i));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}

/** IPv4-mapped IPv6 addresses are the IPv4 addresses they map. */
function parse(text: string): Address | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function rangeOf(text: string): Range {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
