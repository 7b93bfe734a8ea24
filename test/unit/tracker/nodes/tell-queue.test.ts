import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../../../src/core/brands.js';
import { TellQueue, type Change } from '../../../../tracker-service/nodes/redis/tell-queue.js';
import { SITE, prefix } from '../../../support/tracker-world.js';

function added(count: number, member = 'm'): Change {
  return { kind: 'add', site: SITE, member, roots: Array.from({ length: count }, (_, i) => prefix(i)) };
}

describe('the queue of changes', () => {
  it('gives them in order, in portions', () => {
    const queue = new TellQueue();
    const left: Change = { kind: 'hide', site: SITE, pid: 'aaaaaaaa' as PeerId };
    for (const change of [added(5, 'a'), left, added(2, 'b')]) expect(queue.push(change)).toBe(true);
    const taken = [];
    for (let next = queue.take(3); next; next = queue.take(3)) taken.push(next);
    const roots = [0, 1, 2, 3, 4].map(prefix);
    expect(taken).toEqual([
      { ...added(0, 'a'), roots: roots.slice(0, 3) },
      { ...added(0, 'a'), roots: roots.slice(3) },
      left,
      added(2, 'b'),
    ]);
    expect(queue.isEmpty).toBe(true);
    expect(queue.take(0)).toBeUndefined();
  });

  it('has room for a bounded number of commands, and again when they were taken', () => {
    const queue = new TellQueue();
    for (let i = 0; i < 100; i++) expect(queue.push(added(2_000))).toBe(true);
    expect(queue.push(added(1))).toBe(false);
    queue.take(500);
    expect(queue.push(added(500))).toBe(true);
    expect(queue.push(added(1))).toBe(false);
    while (queue.take(1_000_000)) continue;
    expect(queue.isEmpty).toBe(true);
    expect(queue.push(added(200_000))).toBe(true);
  });
});
