import ipaddr from 'ipaddr.js';

/** Prefix lengths and offsets of IPv6 forms that carry an IPv4 address, to judge what they lead to. */
const NAT64_OFFSET = 12;
const SIX_TO_FOUR_OFFSET = 2;
/** Well-known NAT64 prefix 64:ff9b::/96 (RFC 6052). 64:ff9b:1::/48 (RFC 8215) is local and stays refused. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** All global unicast space assigned so far (RFC 4291 section 2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Azure's platform address is routed only inside it, though its range is public. */
const METADATA = new Set(['168.63.129.16']);

/**
 * Whether a socket to `text` leaves for the public Internet. Every notation that the platform might
 * accept is understood (decimal, octal, hexadecimal, shortened, mapped); what is not understood is
 * not global.
 */
export function isGlobalAddress(text: string): boolean {
  const spelled = text.includes(':') ? hexadecimal(text) : text;
  if (spelled === undefined || !ipaddr.isValid(spelled)) return false;
  const address = ipaddr.parse(spelled);
  return address instanceof ipaddr.IPv4 ? isGlobalV4(address) : isGlobalV6(address);
}

/** An IPv6 address without dotted parts, which ipaddr.js takes for mapped ones wherever they stand. */
function hexadecimal(text: string): string | undefined {
  const url = `http://[${text}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined;
}

function isGlobalV4(address: ipaddr.IPv4): boolean {
  return address.range() === 'unicast' && !METADATA.has(address.toString());
}

function isGlobalV6(address: ipaddr.IPv6): boolean {
  if (address.isIPv4MappedAddress()) return isGlobalV4(address.toIPv4Address());
  if (address.match(NAT64)) return isGlobalV4(embedded(address, NAT64_OFFSET));
  if (address.range() === '6to4') return isGlobalV4(embedded(address, SIX_TO_FOUR_OFFSET));
  return address.range() === 'unicast' && address.match(GLOBAL_UNICAST);
}

function embedded(address: ipaddr.IPv6, offset: number): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(offset, offset + 4));
}
