import { describe, expect, it } from 'vitest';
import { isGlobalAddress } from '../../../hasher-service/origin/address.js';
import { isPrivateLiteral } from '../../../hasher-service/origin/pinned-lookup.js';

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
  'loopback in other notations': [
    '127.1',
    '2130706433',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '017700000001',
  ],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  'link-local': ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
  metadata: ['169.254.169.254', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', '100.100.100.200'],
  'carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
  'unique local': ['fc00::1', 'fdff::1'],
  'site-local': ['fec0::1'],
  unspecified: ['0.0.0.0', '::', '0.1.2.3'],
  'broadcast and multicast': ['255.255.255.255', '224.0.0.1', '239.1.1.1', 'ff02::1'],
  'reserved and documentation': [
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '2001:db8::1',
    '3fff::1',
  ],
  benchmarking: ['198.18.0.1', '198.19.255.255', '2001:2::1'],
  'IPv4-mapped': ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:7f00:1', '::FFFF:169.254.169.254'],
  'IPv4-compatible': ['::127.0.0.1', '::10.0.0.1', '::8.8.8.8'],
  'IPv4-translated': ['::ffff:0:10.0.0.1'],
  NAT64: ['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::10.0.0.1', '64:ff9b:1::8.8.8.8'],
  '6to4': ['2002:7f00:1::1', '2002:a00:1::1', '2002:a9fe:a9fe::1'],
  Teredo: ['2001::1', '2001:0:53aa:64c:0:0:80ff:fffe'],
  'other special space': ['100::1', '2001:20::1', '5f00::1', '4000::1', '192.88.99.1', '192.31.196.1'],
  'not an address': [
    '',
    ' ',
    'localhost',
    '1.2.3.4.5',
    '::g',
    '256.1.1.1',
    '1.2.3.4/24',
    '[::1]',
    '8.8.8.8%eth0',
  ],
};

describe('isGlobalAddress', () => {
  for (const [kind, addresses] of Object.entries(REFUSED)) {
    it.each(addresses)(`refuses ${kind}: %s`, (address) => {
      expect(isGlobalAddress(address)).toBe(false);
    });
  }

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('lets %s pass', (address) => {
    expect(isGlobalAddress(address)).toBe(true);
  });
});

describe('isPrivateLiteral', () => {
  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.1/',
    'http://[::ffff:10.0.0.1]/',
    'http://[::1]/',
  ])('sees the address that a URL spells: %s', (url) => {
    expect(isPrivateLiteral(new URL(url).hostname)).toBe(true);
  });

  it('leaves names to the look-up and public literals alone', () => {
    expect(['localhost', 'example.com', '8.8.8.8', '[2606:4700::1]'].map(isPrivateLiteral)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
