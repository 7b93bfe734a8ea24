import type { Clock } from '../core/clock.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { Judgement } from './downloads.js';
import type { Link } from './link.js';

/** Control frames a second, and as many saved up twice over: twenty times what the widest window needs. */
const RATE = 2000;
const BURST = 4000;
/** Bytes answered for one unit of that budget. */
const BYTES_PER_UNIT = 256;
/** A peer that asks and does not read is dropped when so many bytes (of answers) have piled up. */
const MAX_BACKLOG = 1024 * 1024;

/** What a peer may ask of us besides data. Who asks for more than anybody needs, or does not read it, is hostile. */
export class ControlBudget {
  readonly #bucket: TokenBucket;
  readonly #link: Link;

  constructor(clock: Clock, link: Link) {
    this.#bucket = new TokenBucket({ clock, rate: RATE, largest: BURST });
    this.#link = link;
  }

  /** One frame came. */
  frame(): Judgement {
    return this.#bucket.take(1) ? 'fine' : 'hostile';
  }

  /** Something it asked for was sent. */
  answer(bytes: number): Judgement {
    const units = 1 + Math.floor(bytes / BYTES_PER_UNIT);
    return this.#bucket.take(units) && this.#link.buffered <= MAX_BACKLOG ? 'fine' : 'hostile';
  }
}
