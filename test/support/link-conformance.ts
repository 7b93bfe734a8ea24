import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.js';
import { HIGH_WATER, type CloseReason, type LinkFactory, type SignallingLink } from '../../src/peer/link.js';

/** An implementation of the link port and the world it runs in. */
export interface LinkWorld {
  readonly factory: LinkFactory;
  /** Lets time pass until `done`, or fails the test after a bound. */
  until(done: () => boolean): Promise<void>;
}

interface End {
  readonly link: SignallingLink;
  readonly frames: Bytes[];
  readonly closes: CloseReason[];
  opens: number;
  drains: number;
}

/** What every link must do; run against the in-memory twin and against WebRTC alike. */
export function describeLink(name: string, makeWorld: () => LinkWorld): void {
  describe(`link: ${name}`, () => {
    let world: LinkWorld;
    let ends: End[] = [];
    let a: End;
    let b: End;

    beforeEach(async () => {
      world = makeWorld();
      [a, b] = pairOf(world.factory);
      ends = [a, b];
      expect(a.link.open).toBe(false);
      expect(a.link.send(Uint8Array.of(1))).toBe(false);
      await world.until(() => a.link.open && b.link.open);
    });

    afterEach(() => {
      for (const { link } of ends) link.close('closed');
    });

    it('opens once at both ends', () => {
      expect([a.opens, b.opens]).toEqual([1, 1]);
    });

    it('delivers frames whole and in order, in both directions', async () => {
      const sizes = [1, 5, 40_000, 65_536, 2, 32_777];
      for (const [i, size] of sizes.entries()) {
        expect(a.link.send(new Uint8Array(size).fill(i))).toBe(true);
        expect(b.link.send(new Uint8Array(size).fill(100 + i))).toBe(true);
      }
      await world.until(() => a.frames.length === sizes.length && b.frames.length === sizes.length);
      expect(b.frames.map((frame) => [frame.byteLength, frame[0]])).toEqual(
        sizes.map((size, i) => [size, i]),
      );
      expect(a.frames.map((frame) => [frame.byteLength, frame[0]])).toEqual(
        sizes.map((size, i) => [size, 100 + i]),
      );
    });

    it('does not change a frame when the sender reuses its memory', async () => {
      const frame = Uint8Array.of(1, 2, 3);
      a.link.send(frame);
      frame.fill(9);
      await world.until(() => b.frames.length === 1);
      expect(b.frames[0]).toEqual(Uint8Array.of(1, 2, 3));
    });

    it('tells how much it holds back, and when that has drained', async () => {
      const frame = new Uint8Array(32_768);
      let sent = 0;
      while (a.link.buffered < HIGH_WATER) {
        a.link.send(frame);
        sent++;
      }
      await world.until(() => a.drains > 0);
      await world.until(() => b.frames.length === sent);
      expect(a.link.buffered).toBe(0);
    });

    it('closes at both ends, telling each once and why', async () => {
      a.link.close('stalled');
      expect(a.closes).toEqual(['stalled']);
      await world.until(() => b.closes.length > 0);
      expect(b.closes).toEqual(['lost']);
      a.link.close('closed');
      b.link.close('closed');
      expect([a.closes, b.closes]).toEqual([['stalled'], ['lost']]);
    });

    it('is inert once closed', async () => {
      a.link.send(Uint8Array.of(7));
      b.link.close('closed');
      expect(b.link.open).toBe(false);
      expect(b.link.send(Uint8Array.of(1))).toBe(false);
      expect(b.link.buffered).toBe(0);
      b.link.signal([{ type: 'answer', sdp: 'late' }]);
      await world.until(() => a.closes.length > 0);
      expect(b.frames).toEqual([]);
      expect(b.closes).toEqual(['closed']);
    });
  });
}

function pairOf(factory: LinkFactory): [End, End] {
  const links: SignallingLink[] = [];
  const make = (index: number): End => {
    const link = factory.create({
      initiator: index === 0,
      onSignals: (signals) => links[1 - index]?.signal(signals),
    });
    links.push(link);
    return watch(link);
  };
  return [make(0), make(1)];
}

function watch(link: SignallingLink): End {
  const end: End = { link, frames: [], closes: [], opens: 0, drains: 0 };
  link.listen({
    onOpen: () => end.opens++,
    onFrame: (frame) => end.frames.push(frame.slice()),
    onDrain: () => end.drains++,
    onClose: (reason) => end.closes.push(reason),
  });
  return end;
}
