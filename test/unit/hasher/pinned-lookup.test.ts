import type { LookupAddress, LookupOptions } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { OriginFault } from '../../../hasher-service/origin/fault.js';
import { pinnedLookup } from '../../../hasher-service/origin/pinned-lookup.js';

const PUBLIC: LookupAddress = { address: '8.8.8.8', family: 4 };
const PRIVATE: LookupAddress = { address: '10.0.0.1', family: 4 };

interface Found {
  readonly error: unknown;
  readonly address: unknown;
}

function look(
  addresses: readonly LookupAddress[] | Error,
  mayBePrivate: boolean,
  options: LookupOptions = {},
) {
  const resolve = () => (addresses instanceof Error ? Promise.reject(addresses) : Promise.resolve(addresses));
  return new Promise<Found>((done) => {
    pinnedLookup(resolve, mayBePrivate)('media.example', options, (error, address) => {
      done({ error, address });
    });
  });
}

describe('pinnedLookup', () => {
  it('hands over exactly the addresses that were checked', async () => {
    expect(await look([PUBLIC], false)).toEqual({ error: null, address: '8.8.8.8' });
    expect(await look([PUBLIC], false, { all: true })).toEqual({ error: null, address: [PUBLIC] });
  });

  it('refuses a name when one of its addresses is private', async () => {
    const { error } = await look([PUBLIC, PRIVATE], false, { all: true });
    expect(error).toBeInstanceOf(OriginFault);
    expect(error).toMatchObject({ code: 'private-address' });
  });

  it('lets a configured upstream be private', async () => {
    expect(await look([PRIVATE], true)).toEqual({ error: null, address: '10.0.0.1' });
  });

  it('passes on what the resolver says', async () => {
    const failure = new Error('ENOTFOUND');
    expect((await look(failure, false)).error).toBe(failure);
    expect((await look([], false)).error).toMatchObject({ code: 'unreachable' });
  });
});
