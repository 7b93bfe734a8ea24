import type { PeerId, RootPrefix, Site } from '../../../src/core/brands.js';
import type { Clock, Timer } from '../../../src/core/clock.js';
import { reasonOf } from '../../../src/core/errors.js';
import { writeProfile } from '../messages.js';
import type { Profile, Telling } from '../port.js';
import { inGroups, keys } from './keys.js';
import type { RedisLink } from './link.js';
import { writeMember } from './member.js';
import { listOf } from './replies.js';
import { ADD, REMOVE } from './scripts.js';
import { TellQueue, type Change, type Holding } from './tell-queue.js';

export interface TellerOptions {
  readonly link: Pick<RedisLink, 'isUp' | 'note' | 'run' | 'send'>;
  readonly clock: Clock;
  /** How long what is told is believed (ms); it is told again at half. */
  readonly lease: number;
  readonly holdersPerRoot: number;
  readonly retell: () => Iterable<Telling>;
  /** A root that these nodes watch has a new holder. */
  readonly added: (site: Site, root: RootPrefix, watchers: readonly unknown[]) => void;
}

/** Changes are told in turns (ms apart) of so many roots: a few ms of work, 25,000 a second. */
const TURN = 20;
const ROOTS_A_TURN = 500;
/** Commands that Redis has not answered; beyond it we wait. */
const MAX_UNANSWERED = 5_000;
/** Telling everything again begins so far apart (ms) at least, whatever fails meanwhile. */
const TELL_AGAIN = 10_000;

/**
 * Tells Redis what this node's visitors are and hold: changes at once, in the order in which they came,
 * and everything again before it expires, and when it was lost. Keeps no copy of what was told.
 */
export class Teller {
  readonly #queue = new TellQueue();
  #timer: Timer;
  #unanswered = 0;
  #round: Iterator<Telling> | undefined;
  /** Roots in a turn for the round, few when there is time; and those that may be told now, or are owed. */
  #pace = ROOTS_A_TURN;
  #credit = 0;
  /** When (ticks) the last round began. */
  #begunAt = Number.NEGATIVE_INFINITY;
  /** Roots that this round told so far, and the last one in all. */
  #taken = 0;
  #size = 0;
  /** Something may not have been told. */
  #owing = false;

  constructor(private readonly options: TellerOptions) {}

  /** Everything is to be told again as soon as may be. */
  owe(): void {
    this.#owing = true;
  }

  show(site: Site, profile: Profile): void {
    this.#tell({ kind: 'show', site, profile });
  }

  hide(site: Site, pid: PeerId): void {
    this.#tell({ kind: 'hide', site, pid });
  }

  add(site: Site, member: string, roots: readonly RootPrefix[]): void {
    this.#tell({ kind: 'add', site, member, roots });
  }

  remove(site: Site, member: string, roots: readonly RootPrefix[]): void {
    this.#tell({ kind: 'remove', site, member, roots });
  }

  /** After each heartbeat: begins a round when one is due. */
  beaten(lost: boolean): void {
    const { clock, lease } = this.options;
    const now = clock.ticks();
    this.#owing ||= lost;
    if (this.#owing && now - this.#begunAt >= TELL_AGAIN) this.#begin(ROOTS_A_TURN);
    else if (!this.#round && now - this.#begunAt >= lease / 4)
      this.#begin((Math.max(1, this.#size) * TURN * 8) / lease);
    // That pace is over in an eighth of the lease; if there is more by now, ever faster.
    else if (now - this.#begunAt >= lease / 8) this.#pace = Math.min(ROOTS_A_TURN, 2 * this.#pace);
    this.#arm(0);
  }

  close(): void {
    const { clock } = this.options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#round = undefined;
  }

  #begin(pace: number): void {
    this.#owing = false;
    this.#begunAt = this.options.clock.ticks();
    this.#taken = 0;
    this.#credit = 0;
    this.#pace = pace;
    this.#round = this.options.retell()[Symbol.iterator]();
  }

  #tell(change: Change): void {
    if (!this.options.link.isUp && (change.kind === 'show' || change.kind === 'add')) {
      this.#owing = true;
      return;
    }
    if (!this.#queue.push(change)) this.#owing = true;
    this.#arm(0);
  }

  #arm(ms: number): void {
    if (this.#timer !== undefined || !this.options.link.isUp) return;
    if (this.#queue.isEmpty && !this.#round) return;
    this.#timer = this.options.clock.setTimeout(() => this.#turn(), ms);
  }

  #turn(): void {
    this.#timer = undefined;
    const { link } = this.options;
    if (link.isUp && this.#unanswered < MAX_UNANSWERED) {
      let left = ROOTS_A_TURN;
      for (let next = this.#queue.take(left); next && left > 0; next = this.#queue.take(left))
        left -= this.#say(next);
      if (this.#queue.isEmpty) this.#goRound(left);
    }
    this.#arm(TURN);
  }

  #goRound(most: number): void {
    this.#credit = Math.min(most, this.#credit + this.#pace);
    try {
      while (this.#round && this.#credit > 0) {
        const next = this.#round.next();
        if (next.done) this.#endRound();
        else this.#credit -= this.#retell(next.value);
      }
    } catch (error) {
      this.#endRound();
      this.options.link.note(error);
    }
  }

  #endRound(): void {
    this.#round = undefined;
    this.#size = this.#taken;
  }

  #retell({ site, pid, place, roots, profile }: Telling): number {
    const shown = profile ? this.#say({ kind: 'show', site, profile }) : 0;
    const cost = 1 + shown + this.#say({ kind: 'add', site, member: writeMember(pid, place), roots });
    this.#taken += cost;
    return cost;
  }

  /** Returns how many roots that was, or what costs the same. */
  #say(change: Change): number {
    const { link, lease } = this.options;
    const { site } = change;
    switch (change.kind) {
      case 'show': {
        const key = keys.profile(site, change.profile.pid);
        const text = writeProfile(change.profile);
        this.#expect(change, link.send(key, ['SET', key, text, 'PX', String(lease)]));
        return 1;
      }
      case 'hide': {
        const key = keys.profile(site, change.pid);
        this.#expect(change, link.send(key, ['DEL', key]));
        return 1;
      }
      case 'add':
      case 'remove':
        for (const group of inGroups(change.roots)) {
          const roots = group.flatMap((position) => change.roots[position] ?? []);
          const part = { ...change, roots };
          this.#expect(part, change.kind === 'add' ? this.#add(part) : this.#remove(part));
        }
        return change.roots.length;
    }
  }

  async #add({ site, member, roots }: Holding): Promise<void> {
    const { added, clock, holdersPerRoot, lease, link } = this.options;
    const now = clock.now();
    const values = [now + lease, now, -1 - holdersPerRoot, lease].map(String);
    const names = roots.flatMap((root) => [keys.holders(site, root), keys.watchers(site, root)]);
    const news = await link.run(ADD, names, [member, ...values]);
    for (const item of listOf(news)) {
      const [position, watchers] = listOf(item);
      const root = typeof position === 'number' ? roots[position] : undefined;
      if (root !== undefined) added(site, root, listOf(watchers));
    }
  }

  #remove({ site, member, roots }: Holding): Promise<unknown> {
    const names = roots.map((root) => keys.holders(site, root));
    return this.options.link.run(REMOVE, names, [member]);
  }

  /** What Redis did not take is told later: departures as such, the rest with everything. */
  #expect(change: Change, answer: Promise<unknown>): void {
    this.#unanswered++;
    const failed = (error: unknown): void => {
      this.options.link.note(error);
      // A key that is not ours to use will not become so.
      if (reasonOf(error).startsWith('WRONGTYPE')) return;
      const isDeparture = change.kind === 'hide' || change.kind === 'remove';
      if (!isDeparture) this.#owing = true;
      else if (!this.options.link.isUp) this.#queue.push(change);
    };
    void answer.catch(failed).finally(() => this.#unanswered--);
  }
}
