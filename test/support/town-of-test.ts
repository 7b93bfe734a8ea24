import { expect, onTestFinished } from 'vitest';
import { Town } from './swarm-town.js';
import { SwiftClock } from './swift-clock.js';

/** A town for the present test. Afterwards everybody leaves; no timer and no fault may be left behind. */
export function townOfTest(): Town {
  const clock = new SwiftClock();
  const town = new Town(clock);
  onTestFinished(async () => {
    town.close();
    await clock.advance(20_000);
    expect(clock.pending).toBe(0);
    expect(town.visitors.flatMap(({ faults }) => faults)).toEqual([]);
  });
  return town;
}
