import { describe, expect, it } from 'vitest';
import { Addresses } from '../../../tracker-service/server/addresses.js';
import { Door, Guest } from '../../../tracker-service/server/door.js';
import { Targets } from '../../../tracker-service/core/targets.js';
import type { PeerId } from '../../../src/core/brands.js';
import { FakeClock } from '../../support/fake-clock.js';

const limits = { maxSockets: 100, socketsPerAddress: 5, newSocketsPerSecond: 2 };

describe('the door', () => {
  it('holds back one address and nobody else', async () => {
    const clock = new FakeClock();
    const door = new Door(clock, limits);
    const guests: Guest[] = [];
    for (let i = 0; i < 1000; i++) {
      if (i % 10 === 0) await clock.advance(500);
      const entered = door.enter('flooder');
      if (entered instanceof Guest) guests.push(entered);
    }
    expect(door.sockets).toBe(5);
    expect(door.enter('flooder')).toBe('address-rate');
    expect(door.enter('other')).toBeInstanceOf(Guest);
    await clock.advance(10_000);
    expect(door.enter('flooder')).toBe('address-sockets');
    guests[0]?.leave();
    expect(door.enter('flooder')).toBeInstanceOf(Guest);
  });

  it('limits how fast one address comes back', async () => {
    const clock = new FakeClock();
    const door = new Door(clock, limits);
    let inside = 0;
    for (let i = 0; i < 100; i++) {
      const guest = door.enter('a');
      if (!(guest instanceof Guest)) continue;
      inside++;
      guest.leave();
    }
    expect(inside).toBe(6);
    await clock.advance(1_000);
    expect(door.enter('a')).toBeInstanceOf(Guest);
    expect(door.enter('a')).toBeInstanceOf(Guest);
    expect(door.enter('a')).toBe('address-rate');
  });

  it('is full at some point, for everybody', () => {
    const door = new Door(new FakeClock(), limits);
    const guests = Array.from({ length: 100 }, (_, i) => door.enter(`a${i}`));
    expect(guests.every((guest) => guest instanceof Guest)).toBe(true);
    expect(door.enter('late')).toBe('sockets');
    const [first] = guests;
    if (first instanceof Guest) first.leave();
    expect(door.enter('late')).toBeInstanceOf(Guest);
  });

  it('does not count a socket out twice', () => {
    const door = new Door(new FakeClock(), limits);
    const guest = door.enter('a');
    for (let i = 0; i < 3; i++) if (guest instanceof Guest) guest.leave();
    expect(door.sockets).toBe(0);
  });

  it('forgets addresses, also when a million different ones knock', () => {
    const door = new Door(new FakeClock(), limits);
    for (let i = 0; i < 50_000; i++) {
      const guest = door.enter(`a${i}`);
      if (guest instanceof Guest && i > 10) guest.leave();
    }
    expect(door.addresses).toBeLessThanOrEqual(10_020);
    expect(door.sockets).toBe(11);
  });
});

describe('targets', () => {
  it('count different peers within a minute', async () => {
    const clock = new FakeClock();
    const targets = new Targets(clock, 2);
    const [a, b, c] = ['a', 'b', 'c'] as [PeerId, PeerId, PeerId];
    expect([targets.reach(a), targets.reach(a)]).toEqual([0, 0]);
    await clock.advance(10_000);
    expect([targets.reach(b), targets.reach(c)]).toEqual([0, 50_000]);
    await clock.advance(50_000);
    expect([targets.reach(c), targets.reach(a)]).toEqual([0, 10_000]);
  });
});

describe('addresses', () => {
  const direct = new Addresses([]);
  it.each([
    ['8.8.4.4', '8.8.4.4/32', '8.8.4.0/24'],
    ['::ffff:8.8.4.4', '8.8.4.4/32', '8.8.4.0/24'],
    ['127.0.0.1', '127.0.0.1/32', undefined],
    ['10.1.2.3', '10.1.2.3/32', undefined],
    ['2a00:1450:4001:81c::200e', '2a00:1450:4001:81c::/64', '2a00:1450:4001::/48'],
    ['2a00:1450:4001:81c:ffff::1', '2a00:1450:4001:81c::/64', '2a00:1450:4001::/48'],
    ['::1', '::/64', undefined],
    ['', 'unknown', undefined],
    ['garbage', 'unknown', undefined],
  ])('%s counts as %s', (remote, address, network) => {
    expect(direct.groupOf(remote, undefined)).toEqual({ address, network });
  });

  it('believes X-Forwarded-For from nobody it does not trust', () => {
    expect(direct.groupOf('8.8.4.4', '1.1.1.1').address).toBe('8.8.4.4/32');
  });

  it.each([
    ['9.9.9.9, 1.1.1.1', '1.1.1.1/32'],
    ['1.1.1.1, 10.0.0.7', '1.1.1.1/32'],
    ['9.9.9.9,1.1.1.1 , 10.0.0.7,127.0.0.1', '1.1.1.1/32'],
    ['', '10.0.0.1/32'],
    ['1.1.1.1, garbage', '10.0.0.1/32'],
    ['10.0.0.9', '10.0.0.9/32'],
    [`${'1.1.1.1, '.repeat(5_000)}2a00:1450:4001:81c::1`, '2a00:1450:4001:81c::/64'],
  ])('reads X-Forwarded-For %.40s from the right through trusted proxies', (header, address) => {
    const behind = new Addresses(['10.0.0.0/24', '127.0.0.1', '::1']);
    expect(behind.groupOf('10.0.0.1', header).address).toBe(address);
    expect(behind.groupOf('::ffff:10.0.0.1', header).address).toBe(address);
  });
});
