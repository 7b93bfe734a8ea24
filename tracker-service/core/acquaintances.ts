import type { PeerId } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { PASS_LIFE } from './passes.js';

interface Acquaintance {
  /** When the pair was last introduced (ticks). */
  at: number;
  /** They signalled us first: answering is not reaching out to a stranger. */
  calledUs: boolean;
  reported: boolean;
}

/** Peers remembered for each visitor: more than it can meet within the minutes in which it reports. */
const MAX_ACQUAINTANCES = 256;

/** Whom one visitor was introduced to: the pairs it may report on, and need not be shown again. */
export class Acquaintances {
  readonly #peers = new Map<PeerId, Acquaintance>();

  constructor(private readonly clock: Clock) {}

  meet(pid: PeerId, calledUs: boolean): void {
    const known = this.#peers.get(pid);
    this.#peers.delete(pid);
    this.#peers.set(pid, {
      at: this.clock.ticks(),
      calledUs: calledUs || (known?.calledUs ?? false),
      reported: known?.reported ?? false,
    });
    if (this.#peers.size <= MAX_ACQUAINTANCES) return;
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest);
      return;
    }
  }

  knows(pid: PeerId): boolean {
    return this.#peers.has(pid);
  }

  /** The pass of the last introduction may still be in use. */
  metLately(pid: PeerId): boolean {
    const known = this.#peers.get(pid);
    return known !== undefined && this.clock.ticks() - known.at < PASS_LIFE * 1000;
  }

  wasCalledBy(pid: PeerId): boolean {
    return this.#peers.get(pid)?.calledUs ?? false;
  }

  /** True once for each pair: one visitor has one voice about another. */
  firstReport(pid: PeerId): boolean {
    const known = this.#peers.get(pid);
    if (!known || known.reported) return false;
    known.reported = true;
    return true;
  }
}
