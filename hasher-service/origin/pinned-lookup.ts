import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import type { Environment } from '../environment.js';
import { isGlobalAddress } from './address.js';
import { OriginFault } from './fault.js';

/**
 * A look-up for `net.connect`: the addresses it returns are the ones connected to, so a name cannot
 * answer differently between check and connection. One private address among public ones refuses
 * the name as a whole.
 */
export function pinnedLookup(resolve: Environment['resolve'], mayBePrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname)
      .then((addresses) => {
        const [first] = addresses;
        if (!first) throw new OriginFault('unreachable', new Error(`${hostname} has no address`));
        if (!mayBePrivate && !addresses.every(({ address }) => isGlobalAddress(address)))
          throw new OriginFault('private-address');
        if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      })
      .catch((error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), '');
      });
  };
}

/** `net.connect` looks up no IP literal, so those are checked by themselves. Takes a URL's host name. */
export function isPrivateLiteral(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) !== 0 && !isGlobalAddress(bare);
}
