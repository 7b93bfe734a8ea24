import type { PeerId, RootPrefix, Site } from '../../../src/core/brands.js';
import type { Clock } from '../../../src/core/clock.js';
import { MAX_WANT_ROOTS } from '../../../src/core/limits.js';
import { parseProfile } from '../messages.js';
import { nodeOf } from '../names.js';
import type { Profile, RemoteHolding } from '../port.js';
import { inGroups, keys } from './keys.js';
import type { RedisLink } from './link.js';
import { readMember } from './member.js';
import { listOf } from './replies.js';
import type { Roll } from './roll.js';
import { FIND } from './scripts.js';

export interface FinderOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly roll: Roll;
  /** This node died, and `member` with it: it need not be found again. */
  readonly dead: (site: Site, member: string, roots: readonly RootPrefix[]) => void;
}

/** Whoever asks waits no longer (ms): a server on the same network answers in one or two. */
const PATIENCE = 90;
/** And so long (ms) for answers that lie here already, when it was us who had no time for them. */
const GRACE = 10;
/** After a look-up without any answer none is made for so long (ms): not every visitor is to wait for one. */
const SUSPENSION = 1_000;
const MAX_PER_ROOT = 64;
/** Visitors whose profiles are looked up at once: a short list, several times over. */
const MAX_PROFILES = 256;
/** Dead holders that one look-up clears away. */
const MAX_CLEARED = 200;

/** Looks up who holds what, and who they are. */
export class Finder {
  /** Until then (ticks) nothing is looked up. */
  #suspendedUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: FinderOptions) {}

  async find(site: Site, roots: readonly RootPrefix[], perRoot: number): Promise<RemoteHolding[]> {
    const { clock, link, roll } = this.options;
    if (roll.living === 0) return [];
    const wanted = roots.slice(0, MAX_WANT_ROOTS);
    const groups = inGroups(wanted);
    const most = Math.min(MAX_PER_ROOT, perRoot);
    const lookups = groups.map((group) => {
      const names = group
        .flatMap((position) => wanted[position] ?? [])
        .map((root) => keys.holders(site, root));
      return () => link.run(FIND, names, [String(clock.now()), String(most)]);
    });
    const found = new Map<string, number[]>();
    await this.#gather(lookups, (lists, at) => {
      const answers = listOf(lists);
      groups[at]?.forEach((position, i) => collect(answers[i], position, found));
    });
    return this.#living(site, wanted, found);
  }

  async profiles(
    site: Site,
    pids: readonly PeerId[],
    gone: (pid: PeerId) => void = () => undefined,
  ): Promise<Map<PeerId, Profile>> {
    const { link } = this.options;
    const profiles = new Map<PeerId, Profile>();
    const asked = pids.slice(0, MAX_PROFILES);
    const lookups = asked.map((pid) => {
      const key = keys.profile(site, pid);
      return () => link.send(key, ['GET', key]);
    });
    await this.#gather(lookups, (text, position) => {
      const pid = asked[position];
      if (pid === undefined) return;
      const profile = parseProfile(pid, text);
      if (profile) profiles.set(pid, profile);
      // Redis has answered that there is none; what failed comes as `undefined`.
      else if (text === null) gone(pid);
    });
    return profiles;
  }

  /** Holders at living nodes. The members come from a place where others may write. */
  #living(site: Site, roots: readonly RootPrefix[], found: ReadonlyMap<string, number[]>): RemoteHolding[] {
    const { dead, roll } = this.options;
    const holdings: RemoteHolding[] = [];
    let cleared = 0;
    for (const [text, has] of found) {
      const member = readMember(text);
      if (!member) continue;
      const node = nodeOf(member.pid);
      if (roll.isLiving(node)) holdings.push({ pid: member.pid, place: member.place, has: sorted(has) });
      else if (cleared < MAX_CLEARED && roll.isDead(node)) {
        const lost = has.flatMap((position) => roots[position] ?? []);
        cleared += lost.length;
        dead(site, text, lost);
      }
    }
    return holdings;
  }

  /** Resolves when all have answered or failed, or it takes too long; what comes later is dropped. */
  #gather(
    lookups: readonly (() => Promise<unknown>)[],
    take: (reply: unknown, position: number) => void,
  ): Promise<void> {
    const { clock, link } = this.options;
    if (lookups.length === 0 || !link.isUp || clock.ticks() < this.#suspendedUntil) return Promise.resolve();
    return new Promise((resolve) => {
      let waiting = lookups.length;
      let over = false;
      const end = (): void => {
        over = true;
        clock.clearTimeout(timer);
        resolve();
      };
      const giveUp = (): void => {
        if (waiting === lookups.length) this.#suspendedUntil = clock.ticks() + SUSPENSION;
        end();
      };
      let timer = clock.setTimeout(() => {
        timer = clock.setTimeout(giveUp, GRACE);
      }, PATIENCE);
      const taken = (reply: unknown, position: number): void => {
        if (over) return;
        take(reply, position);
        if (--waiting === 0) end();
      };
      lookups.forEach((lookup, position) => {
        lookup().then(
          (reply) => taken(reply, position),
          (error: unknown) => {
            link.note(error);
            taken(undefined, position);
          },
        );
      });
    });
  }
}

/** All of `members` hold the root at `position`. */
function collect(members: unknown, position: number, found: Map<string, number[]>): void {
  if (typeof members !== 'string' || members === '') return;
  for (const member of members.split(' ')) {
    const positions = found.get(member);
    if (positions) positions.push(position);
    else found.set(member, [position]);
  }
}

function sorted(positions: number[]): number[] {
  return positions.length > 1 ? positions.sort((a, b) => a - b) : positions;
}
