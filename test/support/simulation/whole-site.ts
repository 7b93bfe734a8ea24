import { MemoryNetwork } from '../memory-link.js';
import { seededRandom } from '../random.js';
import { SwiftClock } from '../swift-clock.js';
import { loseLinks } from './bad-network.js';
import { cryptoAtRest } from './ordered-crypto.js';
import type { SiteFile } from './site-file.js';
import type { SharedLine } from './shared-line.js';
import { SiteServices } from './site-services.js';
import { WholeVisitor, type WholeTraits } from './whole-visitor.js';

/** Pixels that a reader scrolls at a time, and how often (ms). */
const SCROLL = 350;
const SCROLL_EVERY = [300, 1100] as const;

/** A site whose visitors run the real engine and the real worker, its hash service and the real tracker's core. */
export class WholeSite {
  readonly network: MemoryNetwork;
  readonly random: () => number;
  readonly visitors: WholeVisitor[] = [];
  /** What the origin's answers to all visitors have to share, if it is overrun. */
  line: SharedLine | undefined;

  private constructor(
    readonly clock: SwiftClock,
    readonly services: SiteServices,
    readonly files: readonly SiteFile[],
    seed: number,
  ) {
    this.network = new MemoryNetwork(clock);
    this.random = seededRandom(seed);
  }

  static async open(files: readonly SiteFile[], seed: number): Promise<WholeSite> {
    const clock = new SwiftClock(cryptoAtRest);
    return new WholeSite(clock, await SiteServices.start(clock, files, seed), files, seed);
  }

  /** Lets the network lose links, one after the other, until everybody has gone. */
  loseLinks(): void {
    loseLinks(this.network, this.clock, this.random, () => this.isEmpty);
  }

  get isEmpty(): boolean {
    return this.visitors.every(({ here }) => !here);
  }

  /** Somebody comes, reads the page to its end, stays for `stay` ms, and goes. */
  visit(traits: WholeTraits, stay: number): WholeVisitor {
    const visitor = new WholeVisitor(this, this.visitors.length, traits);
    this.visitors.push(visitor);
    this.#read(visitor, stay);
    return visitor;
  }

  /** Lets time pass until `done`. Throws after `limit` ms of it. */
  async until(done: () => boolean, limit: number): Promise<void> {
    const since = this.clock.ticks();
    while (!done()) {
      if (this.clock.ticks() - since > limit) throw new Error(`did not happen within ${limit} ms`);
      await this.clock.advance(50);
    }
  }

  async close(): Promise<void> {
    for (const visitor of this.visitors) visitor.leave();
    await this.clock.advance(1000);
    this.services.close();
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  #read(visitor: WholeVisitor, stay: number): void {
    visitor.look();
    if (visitor.page.atEnd) {
      this.clock.setTimeout(() => {
        visitor.leave();
      }, stay);
      return;
    }
    this.clock.setTimeout(
      () => {
        visitor.page.scroll(SCROLL);
        this.#read(visitor, stay);
      },
      this.between(...SCROLL_EVERY),
    );
  }
}
