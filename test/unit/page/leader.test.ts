import { describe, expect, it } from 'vitest';
import { Leader, LEADER_LOCK, type Locks } from '../../../src/page/leader.js';
import { settle } from '../../support/fake-clock.js';

interface Claim {
  name: string;
  granted: () => Promise<void>;
  resolve: (value?: unknown) => void;
  reject: (error: unknown) => void;
}

/** Web Locks as the specification has them, for exclusive locks. */
class FakeLocks implements Locks {
  #held: Claim | undefined;
  #queue: Claim[] = [];

  request(name: string, options: LockOptions, granted: () => Promise<void>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const claim = { name, granted, resolve, reject };
      options.signal?.addEventListener('abort', () => {
        if (!this.#queue.includes(claim)) return;
        this.#queue = this.#queue.filter((other) => other !== claim);
        reject(new DOMException('aborted', 'AbortError'));
      });
      if (options.steal) {
        this.#held?.reject(new DOMException('stolen', 'AbortError'));
        this.#held = undefined;
        this.#queue.unshift(claim);
      } else this.#queue.push(claim);
      queueMicrotask(() => {
        this.#next();
      });
    });
  }

  query(): Promise<LockManagerSnapshot> {
    return Promise.resolve({ held: [], pending: this.#queue.map(({ name }) => ({ name })) });
  }

  #next(): void {
    if (this.#held) return;
    const claim = this.#queue.shift();
    if (!claim) return;
    this.#held = claim;
    void claim.granted().then(() => {
      claim.resolve();
      if (this.#held === claim) this.#held = undefined;
      this.#next();
    });
  }
}

function tabOf(locks: Locks | undefined) {
  const changes: boolean[] = [];
  const leader = new Leader({ locks, changed: (leading) => changes.push(leading) });
  return { leader, changes };
}

describe('leader', () => {
  it('is the first tab that asks, and then whoever is next when it resigns', async () => {
    const locks = new FakeLocks();
    const [a, b] = [tabOf(locks), tabOf(locks)];
    a.leader.seek('politely');
    b.leader.seek('politely');
    await settle();
    expect([a.leader.leading, b.leader.leading]).toEqual([true, false]);
    a.leader.resign();
    a.leader.resign();
    await settle();
    expect([a.leader.leading, b.leader.leading]).toEqual([false, true]);
    expect(a.changes).toEqual([true, false]);
    expect(b.changes).toEqual([true]);
  });

  it('is the tab that came into view last', async () => {
    const locks = new FakeLocks();
    const [a, b] = [tabOf(locks), tabOf(locks)];
    a.leader.seek('now');
    await settle();
    b.leader.seek('now');
    await settle();
    expect([a.leader.leading, b.leader.leading]).toEqual([false, true]);
    a.leader.seek('now');
    await settle();
    expect([a.leader.leading, b.leader.leading]).toEqual([true, false]);
    expect(a.changes).toEqual([true, false, true]);
    expect(b.changes).toEqual([true, false]);
  });

  it('may be the tab that lost it, when that one still wants to and the thief leaves', async () => {
    const locks = new FakeLocks();
    const [a, b] = [tabOf(locks), tabOf(locks)];
    a.leader.seek('now');
    await settle();
    b.leader.seek('now');
    await settle();
    a.leader.seek('politely');
    b.leader.resign();
    await settle();
    expect(a.leader.leading).toBe(true);
  });

  it('is not asked for twice by one tab', async () => {
    const locks = new FakeLocks();
    const { leader, changes } = tabOf(locks);
    leader.seek('politely');
    leader.seek('politely');
    leader.seek('now');
    await settle();
    leader.seek('now');
    leader.seek('politely');
    await settle();
    expect(changes).toEqual([true]);
    expect((await locks.query()).pending).toEqual([]);
  });

  it('leaves the queue when it resigns before its turn', async () => {
    const locks = new FakeLocks();
    const [a, b, c] = [tabOf(locks), tabOf(locks), tabOf(locks)];
    for (const { leader } of [a, b, c]) leader.seek('politely');
    await settle();
    b.leader.resign();
    a.leader.resign();
    await settle();
    expect([a, b, c].map(({ leader }) => leader.leading)).toEqual([false, false, true]);
    expect(b.changes).toEqual([]);
  });

  it('does not lead when it resigned just before its turn came', async () => {
    const { leader, changes } = tabOf(new FakeLocks());
    leader.seek('now');
    leader.resign();
    await settle();
    expect(leader.leading).toBe(false);
    expect(changes).toEqual([]);
  });

  it('hands over to a waiting tab only', async () => {
    const locks = new FakeLocks();
    const [a, b] = [tabOf(locks), tabOf(locks)];
    a.leader.seek('now');
    await settle();
    await a.leader.handOver();
    expect(a.leader.leading).toBe(true);
    b.leader.seek('politely');
    await settle();
    await a.leader.handOver();
    await settle();
    expect([a.leader.leading, b.leader.leading]).toEqual([false, true]);
  });

  it('heeds no other lock', async () => {
    const locks = new FakeLocks();
    const { leader } = tabOf(locks);
    leader.seek('now');
    await settle();
    locks.query = () => Promise.resolve({ held: [], pending: [{ name: `${LEADER_LOCK}-other` }] });
    await leader.handOver();
    expect(leader.leading).toBe(true);
  });

  it('is every tab where there are no locks', async () => {
    const [a, b] = [tabOf(undefined), tabOf(undefined)];
    a.leader.seek('politely');
    b.leader.seek('now');
    await a.leader.handOver();
    expect([a.leader.leading, b.leader.leading]).toEqual([true, true]);
    a.leader.resign();
    expect(a.changes).toEqual([true, false]);
  });

  it('is every tab where locks are refused', async () => {
    const locks = new FakeLocks();
    locks.request = () => Promise.reject(new DOMException('opaque origin', 'SecurityError'));
    const { leader } = tabOf(locks);
    leader.seek('now');
    await settle();
    expect(leader.leading).toBe(true);
  });
});
