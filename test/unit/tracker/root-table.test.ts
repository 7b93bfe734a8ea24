import { describe, expect, it } from 'vitest';
import type { RootPrefix } from '../../../src/core/brands.js';
import { RootTable } from '../../../tracker-service/holders/root-table.js';
import { seededRandom } from '../../support/random.js';
import { prefix } from '../../support/tracker-world.js';

describe('the table of roots', () => {
  it('numbers roots densely, and tells their names', () => {
    const table = new RootTable(seededRandom(1));
    const names = ['0123456789abcdef0123456789abcdef', 'ffffffffffffffffffffffffffffffff'] as RootPrefix[];
    expect(names.map((name) => table.take(name))).toEqual([0, 1]);
    expect(names.map((name) => table.find(name))).toEqual([0, 1]);
    expect([table.nameOf(0), table.nameOf(1), table.size]).toEqual([...names, 2]);
    table.drop(0);
    expect([table.find(names[0] ?? prefix(0)), table.find(names[1] ?? prefix(0))]).toEqual([undefined, 1]);
    expect(table.take(prefix(5))).toBe(0);
  });

  it('agrees with a map through random changes, however roots collide', () => {
    for (let seed = 0; seed < 20; seed++) {
      const dice = seededRandom(seed);
      const table = new RootTable(dice);
      const model = new Map<RootPrefix, number>();
      for (let step = 0; step < 20_000; step++) {
        const root = prefix(Math.floor(dice() * 2000) * (seed % 2 === 0 ? 1 : 2 ** 32));
        // 400,000 calls of `expect` would take ten times as long as all else.
        if (table.find(root) !== model.get(root)) expect.fail(`wrong in step ${step} of seed ${seed}`);
        if (dice() < 0.55) {
          if (!model.has(root)) model.set(root, table.take(root));
        } else {
          const number = model.get(root);
          if (number !== undefined) table.drop(number);
          model.delete(root);
        }
      }
      expect(table.size).toBe(model.size);
      expect(new Set(model.values()).size).toBe(model.size);
      for (const [root, number] of model)
        expect([table.find(root), table.nameOf(number)]).toEqual([number, root]);
    }
  });

  it('looks many up at once as it would one by one, however roots collide', () => {
    for (let seed = 0; seed < 20; seed++) {
      const dice = seededRandom(seed);
      const [table, twin] = [new RootTable(seededRandom(seed)), new RootTable(seededRandom(seed))];
      const into = new Uint32Array(300);
      const taken: number[] = [];
      for (let round = 0; round < 60; round++) {
        const names = Array.from({ length: Math.floor(dice() * 301) }, () =>
          prefix(Math.floor(dice() * 2000) * (seed % 2 === 0 ? 1 : 2 ** 32)),
        );
        table.findAll(names, into);
        expect([...into.subarray(0, names.length)]).toEqual(names.map((name) => (twin.find(name) ?? -1) + 1));
        table.takeAll(names, into);
        const numbers = names.map((name) => twin.take(name));
        expect([...into.subarray(0, names.length)]).toEqual(numbers.map((number) => number + 1));
        taken.push(...numbers);
        for (const number of taken.splice(0, Math.floor(dice() * taken.length))) {
          table.drop(number);
          twin.drop(number);
        }
        expect(table.size).toBe(twin.size);
      }
    }
  });

  it('keeps a number until the last of its users has dropped it', () => {
    const table = new RootTable(seededRandom(1));
    for (let i = 0; i < 3; i++) expect(table.take(prefix(1))).toBe(0);
    table.drop(0);
    table.drop(0);
    expect(table.find(prefix(1))).toBe(0);
    table.drop(0);
    expect([table.find(prefix(1)), table.size]).toEqual([undefined, 0]);
  });

  it('does not mind a number that is not in use', () => {
    const table = new RootTable(seededRandom(1));
    table.take(prefix(1));
    table.drop(0);
    table.drop(0);
    expect(table.size).toBe(0);
    expect([table.take(prefix(2)), table.take(prefix(3))]).toEqual([0, 1]);
  });
});
