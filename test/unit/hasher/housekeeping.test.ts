import { describe, expect, it } from 'vitest';
import { Housekeeping } from '../../../hasher-service/housekeeping.js';
import { LiveRoots } from '../../../hasher-service/state/live-roots.js';
import type { State } from '../../../hasher-service/state/port.js';
import type { Root } from '../../../src/core/brands.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { SITE, urlOf } from '../../support/scribe.js';

const HOUR = 3600_000;
const ROOT = 'a'.repeat(64) as Root;

describe('Housekeeping', () => {
  function world(does: Partial<Pick<State, 'recall' | 'survey'>> = {}) {
    const clock = new FakeClock();
    const roots = new LiveRoots(() => true);
    const errors: unknown[] = [];
    const calls: string[] = [];
    const noted =
      (name: 'recall' | 'survey') =>
      (signal: AbortSignal): Promise<never> => {
        calls.push(name);
        return (does[name]?.(signal) ?? Promise.resolve(true)) as Promise<never>;
      };
    const state = { recall: noted('recall'), survey: noted('survey') } as unknown as State;
    const housekeeping = new Housekeeping({ clock, state, roots, onError: (error) => errors.push(error) });
    const vouch = (path: string) => {
      const exp = clock.now() / 1000 + 8 * 3600;
      roots.vouch({ aud: SITE, sub: urlOf(path), root: ROOT, exp, ver: 1, epoch: 0, kid: 'k' });
    };
    return { clock, roots, errors, calls, housekeeping, vouch };
  }

  it('recalls first, and looks through what is kept at once and every hour', async () => {
    let recalled: (() => void) | undefined;
    const { housekeeping, calls, clock } = world({
      recall: () => new Promise((resolve) => (recalled = resolve)),
    });
    housekeeping.start();
    let isIndexed = false;
    void housekeeping.indexed().then(() => (isIndexed = true));
    await settle();
    expect([calls, isIndexed, housekeeping.isIndexed]).toEqual([['recall'], false, false]);
    recalled?.();
    await settle();
    expect([calls, isIndexed, housekeeping.isIndexed]).toEqual([['recall', 'survey'], true, true]);
    await clock.advance(HOUR);
    expect(calls).toEqual(['recall', 'survey', 'survey']);
    await housekeeping.stop();
    expect(clock.pending).toBe(0);
  });

  it('forgets roots that a complete look through did not find, and no others', async () => {
    let isComplete = false;
    const { housekeeping, roots, clock, vouch } = world({ survey: () => Promise.resolve(isComplete) });
    vouch('/a');
    housekeeping.start();
    await settle();
    expect(roots.size).toBe(1);
    isComplete = true;
    await clock.advance(HOUR);
    expect(roots.size).toBe(0);
    await housekeeping.stop();
  });

  it('goes on after failures, which it reports', async () => {
    const { housekeeping, roots, clock, errors, calls, vouch } = world({
      recall: () => Promise.reject(new Error('no recall')),
      survey: () => Promise.reject(new Error('no survey')),
    });
    vouch('/a');
    housekeeping.start();
    await housekeeping.indexed();
    await settle();
    await clock.advance(HOUR);
    expect(errors.map(String)).toEqual(['Error: no recall', 'Error: no survey', 'Error: no survey']);
    expect([calls.length, roots.size]).toEqual([3, 1]);
    await housekeeping.stop();
  });

  it('stops in the middle, and says nothing about it', async () => {
    const { housekeeping, errors, clock } = world({
      survey: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        }),
    });
    housekeeping.start();
    await settle();
    await housekeeping.stop();
    expect([errors, clock.pending]).toEqual([[], 0]);
  });
});
