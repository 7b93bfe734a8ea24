import type { Clock, Timer } from '../../../src/core/clock.js';
import type { NodeName } from '../names.js';
import { channelOf, keys } from './keys.js';
import type { RedisLink } from './link.js';
import { recordOf } from './replies.js';
import { BEAT_EVERY, SILENCE, type Roll } from './roll.js';
import { inTime } from './in-time.js';

export interface PulseOptions {
  readonly link: Pick<RedisLink, 'fall' | 'isUp' | 'note' | 'rise' | 'send' | 'wire'>;
  readonly clock: Clock;
  readonly self: NodeName;
  readonly roll: Roll;
  readonly hear: (text: string) => void;
  /** After each heartbeat that succeeds. What was told is `lost` when nobody may know it any more. */
  readonly beaten: (lost: boolean) => void;
}

/** A heartbeat that takes so long (ms) has failed. */
const PATIENCE = 2_000;
/** Until the next one after a failure (ms). */
const RETRY = 1_000;
/** Life of the list when nobody is left to write it (ms). */
const LIST_LIFE = 3600_000;

/**
 * Says that this node is alive, reads who else is, and makes sure that messages are heard. What says so is
 * the whole way there and back: only a heartbeat that succeeds puts the link to use.
 */
export class Pulse {
  #count = 0;
  #beating = false;
  #closed = false;
  #timer: Timer;
  /** When (ticks) the last one succeeded. */
  #beatenAt: number | undefined;
  #listening = false;

  constructor(private readonly options: PulseOptions) {}

  /** A heartbeat now, and from then on by itself. Resolves when it is over; never rejects. */
  async beat(): Promise<void> {
    if (this.#beating || this.#closed) return;
    this.#beating = true;
    this.#arm(null);
    const { clock, link } = this.options;
    let failed = false;
    try {
      await inTime(clock, PATIENCE, this.#beat());
    } catch (error) {
      failed = true;
      link.fall(error);
    }
    this.#beating = false;
    this.#arm(failed ? RETRY : BEAT_EVERY);
  }

  /** The others are to forget this node. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#arm(null);
    const { clock, link, self } = this.options;
    if (link.isUp)
      await inTime(clock, PATIENCE, link.send(keys.nodes, ['HDEL', keys.nodes, self])).catch(() => 0);
  }

  async #beat(): Promise<void> {
    const { clock, link, roll, self } = this.options;
    const { wire } = link;
    const begun = clock.ticks();
    const [isNew, list] = await Promise.all([
      wire.send(keys.nodes, ['HSET', keys.nodes, self, String(++this.#count)]),
      wire.send(keys.nodes, ['HGETALL', keys.nodes]),
      wire.send(keys.nodes, ['PEXPIRE', keys.nodes, String(LIST_LIFE)]),
    ]);
    // Over: somebody else tells by then that the link is down.
    if (this.#closed || clock.ticks() - begun >= PATIENCE) return;
    const lapsed = this.#beatenAt === undefined || begun - this.#beatenAt >= SILENCE;
    this.#beatenAt = clock.ticks();
    const dead = roll.read(recordOf(list));
    await this.#listen();
    link.rise();
    if (dead.length > 0) link.send(keys.nodes, ['HDEL', keys.nodes, ...dead]).catch(link.note.bind(link));
    this.options.beaten(isNew === 1 || lapsed);
  }

  /** A subscription can be lost without a word: one that reaches not even ourselves is made anew. */
  async #listen(): Promise<void> {
    const { hear, link, self } = this.options;
    const channel = channelOf(self);
    if (this.#listening && (await link.wire.publish(channel, '')) > 0) return;
    if (this.#listening) await link.wire.unsubscribe(channel);
    await link.wire.subscribe(channel, hear);
    this.#listening = true;
  }

  #arm(ms: number | null): void {
    const { clock } = this.options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    const goesOn = ms !== null && !this.#closed;
    this.#timer = goesOn ? clock.setTimeout(() => void this.beat(), ms) : undefined;
  }
}
