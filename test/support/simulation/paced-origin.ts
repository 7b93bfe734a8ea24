import type { PieceIndex } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import type { Clock, Timer } from '../../../src/core/clock.js';
import type { SiteFile } from './site-file.js';

/** Milliseconds to the first byte, and bytes per second from then on; requests do not slow each other. */
export interface OriginPace {
  readonly latency: number;
  readonly rate: number;
}

/** The origin as it is far from one visitor. */
export class PacedOrigin {
  constructor(
    private readonly clock: Clock,
    private readonly pace: OriginPace,
  ) {}

  /** One HTTP time: milliseconds for `bytes` in one request. */
  time(bytes: number): number {
    return this.pace.latency + (1000 * bytes) / this.pace.rate;
  }

  /** Sends pieces one after the other; returns how to stop that. */
  fetch(
    file: SiteFile,
    pieces: readonly PieceIndex[],
    deliver: (index: PieceIndex, bytes: Bytes) => void,
  ): () => void {
    let total = 0;
    const timers: Timer[] = pieces.map((index) => {
      const bytes = file.piece(index);
      total += bytes.byteLength;
      return this.clock.setTimeout(() => {
        deliver(index, bytes);
      }, this.time(total));
    });
    return () => {
      for (const timer of timers) this.clock.clearTimeout(timer);
    };
  }
}
