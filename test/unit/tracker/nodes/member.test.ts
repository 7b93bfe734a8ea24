import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../../../src/core/brands.js';
import { readMember, writeMember } from '../../../../tracker-service/nodes/redis/member.js';
import { holds } from '../../../support/property.js';

const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const place = fc.record({ address: number, network: number, system: number, country: number });
const pid = fc.stringMatching(/^[A-Za-z0-9_-]{8,64}$/) as fc.Arbitrary<PeerId>;

describe('members of holder sets', () => {
  it('are read as they were written', async () => {
    await holds(
      fc.property(pid, place, (who, where) => {
        expect(readMember(writeMember(who, where))).toEqual({ pid: who, place: where });
      }),
    );
  });

  it('of real pids keep a set in one compact list of Redis', () => {
    const most = 2 ** 32 - 1;
    const where = { address: most, network: most, system: most, country: 2 ** 16 };
    expect(writeMember('a'.repeat(20) as PeerId, where).length).toBeLessThanOrEqual(64);
  });

  it.each([
    '',
    'x',
    'aaaaaaaa',
    'aaaaaaaa.1.2.3',
    'aaaaaaaa.1.2.3.4.5',
    'short.1.2.3.4',
    'aaaa aaa.1.2.3.4',
    'aaaaaaaa.1.2.3.',
    'aaaaaaaa.-1.2.3.4',
    'aaaaaaaa.1.2.3.4X',
    'aaaaaaaa.1.2.3.zzzzzzz',
    `${'a'.repeat(65)}.1.2.3.4`,
    'a.'.repeat(100_000),
  ])('are none', (text) => {
    expect(readMember(text)).toBeUndefined();
  });
});
