import { describe, expect, it } from 'vitest';
import { Addresses } from '../../../tracker-service/server/addresses.js';
import { Networks } from '../../../tracker-service/server/networks.js';
import { Places } from '../../../tracker-service/server/places.js';
import { networkDatabase } from '../../support/network-database.js';

const systems = networkDatabase({
  '8.8.8.0/24': { autonomous_system_number: 15_169, autonomous_system_organization: 'Somebody' },
  '9.9.0.0/16': { autonomous_system_number: 4_200_000_000 },
  '7.0.0.0/8': { autonomous_system_number: 'many' },
});
const countries = networkDatabase({
  '8.0.0.0/8': { country: { iso_code: 'US', names: { en: 'United States' } } },
  '7.0.0.0/8': { country: { iso_code: 'usa' } },
  '6.0.0.0/8': 'text',
});
const US = (0x55 << 8) | 0x53;

function networks(...files: Buffer[]): Networks {
  const made = new Networks();
  made.use(files);
  return made;
}

describe('databases of networks', () => {
  it.each([
    ['8.8.8.8', { system: 15_169, country: US }],
    ['8.8.4.4', { system: 0, country: US }],
    ['9.9.9.9', { system: 4_200_000_000, country: 0 }],
    ['7.1.1.1', { system: 0, country: 0 }],
    ['6.1.1.1', { system: 0, country: 0 }],
    ['1.1.1.1', { system: 0, country: 0 }],
    ['2a00:1450:4001:81c::', { system: 0, country: 0 }],
    ['unknown', { system: 0, country: 0 }],
  ])('say of %s what they know together', (address, expected) => {
    expect(networks(systems, countries).surroundingsOf(address)).toEqual(expected);
  });

  it('are not needed', () => {
    expect(new Networks().surroundingsOf('8.8.8.8')).toEqual({ system: 0, country: 0 });
  });

  it('stay in use when what should replace them is broken', () => {
    const made = networks(systems);
    expect(() => made.use([Buffer.from('nonsense')])).toThrow(/not a database/);
    expect(() => made.use([Buffer.alloc(0)])).toThrow(/not a database/);
    expect(made.surroundingsOf('8.8.8.8').system).toBe(15_169);
  });

  it('with broken contents never throw', () => {
    const broken = Buffer.from(systems);
    const data = broken.indexOf('autonomous_system_number');
    broken.fill(0xff, data - 2, data + 60);
    for (let byte = 0; byte < 256; byte++) networks(broken).surroundingsOf(`${byte}.8.8.8`);
  });
});

describe('places', () => {
  const addresses = new Addresses([]);
  const surroundings = networks(systems, countries);
  const surroundingsOf = (address: string) => surroundings.surroundingsOf(address);
  const placesOf = (secret: number) =>
    new Places({ secret: new Uint8Array(32).fill(secret), surroundingsOf });
  const placeOf = (address: string) => placesOf(1).placeOf(addresses.groupOf(address, undefined));

  it('are equal where addresses are close, and tell no address', () => {
    const [here, neighbour, far] = [placeOf('8.8.8.8'), placeOf('8.8.8.9'), placeOf('8.8.4.4')];
    expect(here).toEqual(placeOf('::ffff:8.8.8.8'));
    expect(neighbour.address).not.toBe(here.address);
    expect(neighbour.network).toBe(here.network);
    expect(far.network).not.toBe(here.network);
    expect(here).toMatchObject({ system: 15_169, country: US });
    expect(far).toMatchObject({ system: 0, country: US });
    expect(placesOf(2).placeOf(addresses.groupOf('8.8.8.8', undefined)).address).not.toBe(here.address);
  });

  it('of private and unknown addresses have no network', () => {
    expect(placeOf('10.0.0.1').network).toBe(0);
    expect(placeOf('')).toMatchObject({ network: 0, system: 0, country: 0 });
  });
});
