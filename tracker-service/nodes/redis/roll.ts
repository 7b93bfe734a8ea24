import { BoundedMap } from '../../../src/core/bounded-map.js';
import type { Clock } from '../../../src/core/clock.js';
import { isNodeName, type NodeName } from '../names.js';

/** Between two heartbeats (ms). */
export const BEAT_EVERY = 4_000;
/** A node that shows no sign of life for so long (ms) is dead: two heartbeats may be lost. */
export const SILENCE = 12_000;
/** Nodes that are remembered: no tracker has more, whatever the list says. */
const MAX_NODES = 1_000;

interface Entry {
  /** What it last wrote. */
  beat: string | undefined;
  /** When (ticks) it last showed a sign of life, or was first heard of. */
  at: number;
  /** It was seen to change what it writes, so it is not just what a dead one left. */
  proven: boolean;
}

/**
 * Which nodes are alive: those whose heartbeat changes while we look. So the clocks of machines need not
 * agree, and what a dead node has left in the list does not bring it back to life.
 */
export class Roll {
  readonly #entries = new BoundedMap<NodeName, Entry>(MAX_NODES);
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly self: NodeName,
    private readonly clock: Clock,
  ) {}

  get living(): number {
    let count = 0;
    for (const name of this.#entries.keys()) if (this.isLiving(name)) count++;
    return count;
  }

  isLiving(name: NodeName): boolean {
    const entry = this.#entries.get(name);
    return entry?.proven === true && this.clock.ticks() - entry.at < SILENCE;
  }

  /** For certain: it gave no sign of life for as long as it takes, and we have looked all that time. */
  isDead(name: NodeName): boolean {
    if (name === this.self || !this.#isCurrent) return false;
    const now = this.clock.ticks();
    const entry = this.#entries.get(name) ?? { beat: undefined, at: now, proven: false };
    this.#entries.set(name, entry);
    return now - entry.at >= SILENCE;
  }

  /** Takes the list as it stands; returns the names of the dead in it. */
  read(list: Readonly<Record<string, unknown>>): NodeName[] {
    const now = this.clock.ticks();
    const wasCurrent = this.#isCurrent;
    if (!wasCurrent) this.#lookAnew(now);
    this.#readAt = now;
    for (const [name, entry] of this.#entries) if (!Object.hasOwn(list, name)) entry.proven = false;
    const names = Object.keys(list).filter(isNodeName).slice(0, MAX_NODES);
    for (const name of names)
      if (name !== this.self) this.#note(name, String(list[name]).slice(0, 32), wasCurrent);
    return names.filter((name) => this.isDead(name));
  }

  get #isCurrent(): boolean {
    return this.clock.ticks() - this.#readAt < SILENCE;
  }

  /** Whoever was silent while we did not look is not dead for that, nor alive. */
  #lookAnew(now: number): void {
    for (const entry of this.#entries.values()) Object.assign(entry, { at: now, proven: false });
  }

  /** Who appears while we look has just begun; who was there when we began may be long gone. */
  #note(name: NodeName, beat: string, wasCurrent: boolean): void {
    const at = this.clock.ticks();
    const known = this.#entries.get(name);
    if (!known) this.#entries.set(name, { beat, at, proven: wasCurrent });
    else if (known.beat !== beat) {
      const proven = known.beat !== undefined || wasCurrent;
      this.#entries.set(name, { beat, at, proven });
    }
  }
}
