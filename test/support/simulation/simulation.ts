import type { SignalBatch } from '../../../src/peer/contract.js';
import { MemoryNetwork } from '../memory-link.js';
import { seededRandom } from '../random.js';
import { eventLoopTurn, SwiftClock } from '../swift-clock.js';
import { HostilePeer, type HostileTraits } from './hostile-peer.js';
import { SimpleTracker, type Member } from './simple-tracker.js';
import { SimulatedVisitor, type VisitorTraits } from './simulated-visitor.js';
import { SiteFile } from './site-file.js';

/** Milliseconds that a sealed signal takes over the tracker. */
const SIGNAL_DELAY = 40;
/** Longer than any timer that may run on after the last visitor has left (ms). */
const AFTERMATH = 30_000;

/** One site with its visitors on one network and one clock; everything in it follows from the seed. */
export class Simulation {
  readonly clock = new SwiftClock(eventLoopTurn);
  readonly network: MemoryNetwork;
  readonly tracker: SimpleTracker;
  readonly random: () => number;
  readonly visitors: SimulatedVisitor[] = [];
  readonly hostile: HostilePeer[] = [];
  #members = 0;

  constructor(
    readonly seed: number,
    readonly files: readonly SiteFile[],
  ) {
    this.random = seededRandom(seed);
    this.network = new MemoryNetwork(this.clock);
    this.tracker = new SimpleTracker(this.clock, this.random);
  }

  visitor(traits: VisitorTraits): SimulatedVisitor {
    const visitor = new SimulatedVisitor(this, this.#members++, traits);
    this.visitors.push(visitor);
    return visitor;
  }

  hostilePeer(traits: HostileTraits): HostilePeer {
    const peer = new HostilePeer(this, this.#members++, traits);
    this.hostile.push(peer);
    return peer;
  }

  signal(from: Member, to: Member, batch: SignalBatch): void {
    this.clock.setTimeout(() => {
      to.signalled(from, batch);
    }, SIGNAL_DELAY);
  }

  /** Lets time pass until `done`. Throws after `limit` ms of it. */
  async until(done: () => boolean, limit: number): Promise<void> {
    const since = this.clock.ticks();
    while (!done()) {
      if (this.clock.ticks() - since > limit) throw new Error(`did not happen within ${limit} ms`);
      await this.clock.advance(50);
    }
  }

  /** Everybody leaves; what still runs afterwards has leaked. */
  async end(): Promise<void> {
    for (const member of [...this.visitors, ...this.hostile]) member.leave();
    await this.clock.advance(AFTERMATH);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** One of `list`. */
  pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.random() * list.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }
}

/** Files of a gallery: `count` of them, from 20 KB to some 700 KB. */
export async function galleryFiles(count: number, seed: number): Promise<SiteFile[]> {
  const random = seededRandom(seed);
  const lengthOf = (): number => Math.floor(20_000 * 35 ** random());
  return Promise.all(
    Array.from({ length: count }, (_, i) => SiteFile.make(`/media/${i}.jpg`, lengthOf(), i)),
  );
}
