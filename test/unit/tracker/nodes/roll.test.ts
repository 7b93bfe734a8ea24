import { describe, expect, it } from 'vitest';
import type { NodeName } from '../../../../tracker-service/nodes/names.js';
import { Roll } from '../../../../tracker-service/nodes/redis/roll.js';
import { FakeClock } from '../../../support/fake-clock.js';

const [SELF, A, B] = ['self', 'aaaa', 'bbbb'] as NodeName[] as [NodeName, NodeName, NodeName];

function setUp() {
  const clock = new FakeClock();
  const roll = new Roll(SELF, clock);
  /** Another four seconds, then the list as given. */
  const read = async (list: Record<string, string>) => {
    await clock.advance(4_000);
    return roll.read(list);
  };
  return { clock, roll, read };
}

describe('the roll of nodes', () => {
  it('takes for alive whose heartbeat changes, and not itself', async () => {
    const { roll, read } = setUp();
    await read({ self: '1', aaaa: '1' });
    expect([roll.living, roll.isLiving(A)]).toEqual([0, false]);
    await read({ self: '2', aaaa: '2' });
    expect([roll.living, roll.isLiving(A), roll.isLiving(SELF)]).toEqual([1, true, false]);
  });

  it('takes for alive at once who appears while it looks', async () => {
    const { roll, read } = setUp();
    await read({ self: '1' });
    await read({ self: '2', aaaa: '1' });
    expect(roll.isLiving(A)).toBe(true);
  });

  it('takes for dead whose heartbeat stays the same for 12 seconds, and lists it', async () => {
    const { clock, roll, read } = setUp();
    await read({ aaaa: '1' });
    await read({ aaaa: '2' });
    expect(await read({ aaaa: '2' })).toEqual([]);
    expect(await read({ aaaa: '2' })).toEqual([]);
    await clock.advance(3_999);
    expect([roll.isLiving(A), roll.isDead(A)]).toEqual([true, false]);
    await clock.advance(1);
    expect([roll.isLiving(A), roll.isDead(A)]).toEqual([false, true]);
    expect(roll.read({ aaaa: '2' })).toEqual([A]);
  });

  it('drops at once who takes leave, and takes back who returns', async () => {
    const { roll, read } = setUp();
    await read({});
    await read({ aaaa: '1' });
    await read({});
    expect([roll.isLiving(A), roll.isDead(A)]).toEqual([false, false]);
    await read({ aaaa: '2' });
    expect(roll.isLiving(A)).toBe(true);
  });

  it('takes nobody for dead, nor alive, for what it did not look at', async () => {
    const { clock, roll, read } = setUp();
    await read({ aaaa: '1', bbbb: '1' });
    await read({ aaaa: '2', bbbb: '2' });
    await clock.advance(60_000);
    expect([roll.isLiving(A), roll.isDead(A)]).toEqual([false, false]);
    roll.read({ aaaa: '2', bbbb: '9', cccc: '5' });
    expect([A, B, 'cccc' as NodeName].map((name) => roll.isLiving(name))).toEqual([false, true, false]);
    expect([A, B].map((name) => roll.isDead(name))).toEqual([false, false]);
    await read({ aaaa: '2', bbbb: '10' });
    await read({ aaaa: '2', bbbb: '11' });
    expect(await read({ aaaa: '2', bbbb: '12' })).toEqual([A]);
  });

  it('takes for dead who is spoken of, and not in the list for 12 seconds', async () => {
    const { roll, read } = setUp();
    await read({});
    expect(roll.isDead(A)).toBe(false);
    await read({});
    await read({});
    expect(roll.isDead(A)).toBe(false);
    await read({});
    expect(roll.isDead(A)).toBe(true);
    expect(roll.isDead(SELF)).toBe(false);
  });

  it('passes over names that are none, and remembers no more than a thousand', async () => {
    const { roll, read } = setUp();
    await read({ __proto__: 'x', 'a b c': '1', '': '1', aaaaa: '1' });
    const crowd = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, i) => [i.toString().padStart(4, '0'), '1']),
    );
    await read(crowd);
    expect(roll.living).toBe(1_000);
  });
});
