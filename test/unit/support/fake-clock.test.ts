import { describe, expect, it } from 'vitest';
import { FAKE_EPOCH, FakeClock } from '../../support/fake-clock.js';
import { seededBytes, seededRandom } from '../../support/random.js';

describe('FakeClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new FakeClock();
    expect([clock.now(), clock.ticks()]).toEqual([FAKE_EPOCH, 0]);
    await clock.advance(1500);
    expect([clock.now(), clock.ticks()]).toEqual([FAKE_EPOCH + 1500, 1500]);
  });

  it('runs timers in order of time, then of setting', async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    clock.setTimeout(() => ran.push(`c at ${clock.ticks()}`), 20);
    clock.setTimeout(() => ran.push(`a at ${clock.ticks()}`), 10);
    clock.setTimeout(() => ran.push(`b at ${clock.ticks()}`), 10);
    clock.setTimeout(() => ran.push('never'), 21);
    await clock.advance(20);
    expect(ran).toEqual(['a at 10', 'b at 10', 'c at 20']);
    expect(clock.pending).toBe(1);
  });

  it('lets promises settle between timers, and runs what they set', async () => {
    const clock = new FakeClock();
    const ran: number[] = [];
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 10));
        ran.push(clock.ticks());
      }
    };
    const done = loop();
    await clock.advance(100);
    await done;
    expect(ran).toEqual([10, 20, 30]);
  });

  it('forgets cleared timers', async () => {
    const clock = new FakeClock();
    const timer = clock.setTimeout(() => expect.unreachable(), 10);
    clock.clearTimeout(timer);
    clock.clearTimeout(timer);
    await clock.advance(20);
    expect(clock.pending).toBe(0);
  });

  it('sleeps: timers run late, in their order', async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    clock.setTimeout(() => ran.push(`b at ${clock.ticks()}`), 20);
    clock.setTimeout(() => ran.push(`a at ${clock.ticks()}`), 10);
    clock.setTimeout(() => ran.push('never'), 60_001);
    await clock.sleep(60_000);
    expect(ran).toEqual(['a at 60000', 'b at 60000']);
    expect(clock.now()).toBe(FAKE_EPOCH + 60_000);
  });

  it('jumps the wall clock alone', async () => {
    const clock = new FakeClock();
    let ran = false;
    clock.setTimeout(() => (ran = true), 10);
    clock.jump(-3_600_000);
    await clock.advance(9);
    expect([clock.now(), ran]).toEqual([FAKE_EPOCH - 3_600_000 + 9, false]);
  });

  it('refuses delays that real platforms turn into none', () => {
    const clock = new FakeClock();
    for (const ms of [Number.NaN, Infinity, 2 ** 31]) {
      expect(() => clock.setTimeout(() => undefined, ms)).toThrow(RangeError);
    }
  });
});

describe('seeded randomness', () => {
  it('repeats for a seed and differs between seeds', () => {
    const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(3).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('gives bytes that go on where the last call ended', () => {
    const whole = seededBytes(7)(6);
    const random = seededBytes(7);
    expect([...random(2), ...random(4)]).toEqual([...whole]);
    expect(new Set(seededBytes(1)(1000)).size).toBeGreaterThan(200);
  });
});
