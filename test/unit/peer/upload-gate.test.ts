import { describe, expect, it } from 'vitest';
import { UploadGate, type Sender } from '../../../src/peer/upload-gate.js';
import { FakeClock } from '../../support/fake-clock.js';

const FRAME = 32 * 1024;

class Pile implements Sender {
  sent = 0;

  constructor(public frames: number) {}

  nextSize(): number {
    return this.frames > 0 ? FRAME : 0;
  }

  sendNext(): void {
    this.frames--;
    this.sent++;
  }
}

describe('the upload gate', () => {
  it('serves senders in turn, frame by frame, at its rate', async () => {
    const clock = new FakeClock();
    const gate = new UploadGate({ clock, rate: 10 * FRAME });
    const piles = [new Pile(100), new Pile(100), new Pile(100)];
    for (const pile of piles) gate.enter(pile);
    await clock.advance(3000);
    const sent = piles.map((pile) => pile.sent);
    expect(sent.reduce((sum, one) => sum + one, 0)).toBe(32);
    // The first one to enter had the saved-up burst for itself.
    expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(2);
    gate.close();
    expect(clock.pending).toBe(0);
  });

  it('forgets a sender that has nothing until it enters again', async () => {
    const clock = new FakeClock();
    const gate = new UploadGate({ clock, rate: 1e9 });
    const pile = new Pile(1);
    gate.enter(pile);
    pile.frames = 5;
    await clock.advance(1000);
    expect(pile.sent).toBe(1);
    gate.enter(pile);
    expect(pile.sent).toBe(6);
  });

  it('does nothing at rate 0, and goes on when the rate is raised', async () => {
    const clock = new FakeClock();
    const gate = new UploadGate({ clock, rate: 0 });
    const pile = new Pile(3);
    gate.enter(pile);
    await clock.advance(10_000);
    expect(pile.sent).toBe(0);
    gate.setRate(10 * FRAME);
    await clock.advance(1000);
    expect(pile.sent).toBe(3);
    expect(gate.rate).toBe(10 * FRAME);
  });

  it('owes a latecomer nothing for the time before', async () => {
    const clock = new FakeClock();
    const gate = new UploadGate({ clock, rate: 10 * FRAME });
    const [early, late] = [new Pile(1000), new Pile(1000)];
    gate.enter(early);
    await clock.advance(10_000);
    const { sent } = early;
    gate.enter(late);
    await clock.advance(2000);
    expect(late.sent).toBe(10);
    expect(early.sent - sent).toBe(10);
    gate.close();
  });

  it('asks the allowance for each frame, and goes on when the rate says that there is more', () => {
    const clock = new FakeClock();
    let left = 2.5 * FRAME;
    const allowance = { take: (bytes: number) => bytes <= left && ((left -= bytes), true) };
    const gate = new UploadGate({ clock, rate: 1e9, allowance });
    const pile = new Pile(9);
    gate.enter(pile);
    expect(pile.sent).toBe(2);
    gate.enter(pile);
    expect(pile.sent).toBe(2);
    left = 3 * FRAME;
    gate.setRate(1e8);
    expect(pile.sent).toBe(5);
    expect(clock.pending).toBe(0);
  });

  it('takes nothing from the allowance for a frame that the rate does not let through', async () => {
    const clock = new FakeClock();
    let taken = 0;
    const allowance = { take: (bytes: number) => (taken += bytes) > 0 };
    const gate = new UploadGate({ clock, rate: FRAME, allowance });
    const pile = new Pile(9);
    gate.enter(pile);
    for (let turn = 0; turn < 40; turn++) {
      gate.enter(pile);
      await clock.advance(100);
    }
    expect(taken).toBe(pile.sent * FRAME);
    gate.close();
  });

  it('sends nothing for a sender that left', async () => {
    const clock = new FakeClock();
    const gate = new UploadGate({ clock, rate: FRAME });
    const [a, b] = [new Pile(9), new Pile(9)];
    gate.enter(a);
    gate.enter(b);
    gate.leave(a);
    const { sent } = a;
    await clock.advance(5000);
    expect(a.sent).toBe(sent);
    expect(b.sent).toBeGreaterThan(3);
  });
});
