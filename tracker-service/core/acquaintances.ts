import type { PeerId } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { PASS_LIFE } from './passes.js';

interface Acquaintance {
  /** When the pair was last introduced (ticks). */
  at: number;
  /** They signalled us first: answering is not reaching out to a stranger. */
  calledUs: boolean;
  reported: boolean;
  /** Our pass for them, and when it was made (ticks). */
  pass: string;
  passAt: number;
}

/** Peers remembered for each visitor: more than it can meet within the minutes in which it reports. */
const MAX_ACQUAINTANCES = 256;
/**
 * For so long (ms) a pass is given again instead of a new one, and known again without computing it: that
 * costs as much as the rest of relaying a signal. It has half its life left then.
 */
const PASS_FRESH = (PASS_LIFE * 1000) / 2;

/** Whom one visitor was introduced to: the pairs it may report on, and need not be shown again. */
export class Acquaintances {
  /** Most visitors who only hold never meet anybody. */
  #peers: Map<PeerId, Acquaintance> | undefined;

  constructor(private readonly clock: Clock) {}

  meet(pid: PeerId, calledUs: boolean): void {
    const peers = (this.#peers ??= new Map<PeerId, Acquaintance>());
    const known = peers.get(pid);
    const met = known ?? { at: 0, calledUs, reported: false, pass: '', passAt: Number.NEGATIVE_INFINITY };
    met.at = this.clock.ticks();
    met.calledUs ||= calledUs;
    // The latest stand last.
    peers.delete(pid);
    peers.set(pid, met);
    if (peers.size <= MAX_ACQUAINTANCES) return;
    for (const oldest of peers.keys()) {
      peers.delete(oldest);
      return;
    }
  }

  knows(pid: PeerId): boolean {
    return this.#peers?.has(pid) ?? false;
  }

  /** The pass of the last introduction may still be in use. */
  metLately(pid: PeerId): boolean {
    const known = this.#peers?.get(pid);
    return known !== undefined && this.clock.ticks() - known.at < PASS_LIFE * 1000;
  }

  wasCalledBy(pid: PeerId): boolean {
    return this.#peers?.get(pid)?.calledUs ?? false;
  }

  /** Our pass for a peer we met: the last one while it is fresh, else one that `issue` makes. */
  passFor(pid: PeerId, issue: () => string): string {
    const known = this.#peers?.get(pid);
    if (!known) return issue();
    const now = this.clock.ticks();
    if (now - known.passAt >= PASS_FRESH) [known.pass, known.passAt] = [issue(), now];
    return known.pass;
  }

  /** Whether `pass` is the fresh one that `passFor` gave; if not, it may be an older one. */
  hasPass(pid: PeerId, pass: string): boolean {
    const known = this.#peers?.get(pid);
    return known?.pass === pass && this.clock.ticks() - known.passAt < PASS_FRESH;
  }

  /** True once for each pair: one visitor has one voice about another. */
  firstReport(pid: PeerId): boolean {
    const known = this.#peers?.get(pid);
    if (!known || known.reported) return false;
    known.reported = true;
    return true;
  }
}
