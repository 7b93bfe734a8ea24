import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../tracker-service/server/outbox.js';

function streams() {
  const turns: (() => void)[] = [];
  const outbox = new Outbox((run) => turns.push(run));
  const calls: string[] = [];
  const stream = (name: string) => ({
    cork: () => void calls.push(`${name} held`),
    uncork: () => void calls.push(`${name} released`),
  });
  return { outbox, turns, calls, a: stream('a'), b: stream('b') };
}

describe('the outbox', () => {
  it('holds each socket once in a turn, and releases all at its end', () => {
    const { outbox, turns, calls, a, b } = streams();
    for (const stream of [a, b, a, a, b]) outbox.hold(stream);
    expect(calls).toEqual(['a held', 'b held']);
    expect(turns).toHaveLength(1);
    turns[0]?.();
    expect(calls).toEqual(['a held', 'b held', 'a released', 'b released']);
  });

  it('begins anew with the next turn, also when something is written while it releases', () => {
    const { outbox, turns, calls, a } = streams();
    const echo = {
      cork: () => void calls.push('echo held'),
      uncork: () => {
        outbox.hold(a);
      },
    };
    outbox.hold(echo);
    turns[0]?.();
    expect(turns).toHaveLength(2);
    turns[1]?.();
    expect(calls).toEqual(['echo held', 'a held', 'a released']);
  });
});
