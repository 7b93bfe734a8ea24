import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { MAX_WANT_PEERS } from '../../src/core/limits.js';
import { Bitfield } from '../../src/core/bitfield.js';
import { fromBase64Url } from '../../src/protocol/base64.js';
import type { Peers } from '../../src/protocol/tracker.js';
import type { Crowd } from './tracker-crowd.js';
import type { Member } from './tracker-member.js';
import { Layout, prefixOfNumber, type LayoutOptions } from './tracker-roots.js';

/** What came of everybody's coming back. */
export interface Return {
  /** Milliseconds from the beginning until each was welcomed and had announced what it holds. */
  readonly after: readonly number[];
  /** Attempts that failed. */
  readonly failures: number;
  /** Why, each reason once. */
  readonly reasons: readonly string[];
}

/** Announcements at once. */
const AT_ONCE = 32;
/** Roots that exactly one visitor holds have numbers from here on. */
const OWN = 2 ** 24;
/** Like pages: the first wait is up to this (ms), each further one twice as long. */
const FIRST_WAIT = 1_000;
/** How long everybody tries (ms). */
const PATIENCE = 60_000;
/** Until the tracker knows that new roots are vouched for (ms). */
const VOUCHING = 1_000;

/** Everybody announces what the layout says, and a root that nobody else holds. */
export async function hold(crowd: Crowd, options: LayoutOptions): Promise<void> {
  const layout = new Layout(options);
  const queue = crowd.members.values();
  const next = async (): Promise<void> => {
    for (const member of queue) await announce(member, layout);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

/** All sockets are gone: everybody comes back in the same moment, and tries as pages do until it is in. */
export async function comeBack(crowd: Crowd, options: LayoutOptions): Promise<Return> {
  const layout = new Layout(options);
  const started = performance.now();
  const reasons = new Set<string>();
  const after: number[] = [];
  let failures = 0;
  const come = async (member: Member): Promise<void> => {
    for (let wait = FIRST_WAIT; performance.now() - started < PATIENCE; wait *= 2) {
      try {
        await crowd.admit(member);
        await announce(member, layout);
        after.push(performance.now() - started);
        return;
      } catch (error) {
        failures++;
        reasons.add(String(error));
        await pause(Math.random() * wait);
      }
    }
  };
  await Promise.all(crowd.members.map(come));
  return { after, failures, reasons: [...reasons].slice(0, 5) };
}

/** How many visitors are shown to those who ask for what only they hold. */
export async function seek(crowd: Crowd): Promise<number> {
  await pause(VOUCHING);
  const { members } = crowd;
  let found = 0;
  for (let at = 0; at < members.length; at += MAX_WANT_PEERS) {
    const sought = members.slice(at, at + MAX_WANT_PEERS);
    const asker = members[(at + MAX_WANT_PEERS) % members.length];
    if (asker) found += await shown(asker, sought);
  }
  return found;
}

async function announce(member: Member, layout: Layout): Promise<void> {
  const add = [...layout.heldBy(member.number), prefixOfNumber(OWN + member.number)];
  for (;;) {
    const answer = await member.exchange({ t: 'have', seq: 1, add, del: [] });
    if (answer['t'] === 'ok') return;
    if (answer['code'] !== 'full') throw new Error(JSON.stringify(answer));
    await pause(Number(answer['retry'] ?? FIRST_WAIT));
  }
}

/** How many of the sought roots the answer names a holder of. */
async function shown(asker: Member, sought: readonly Member[]): Promise<number> {
  const roots = sought.map(({ number }) => prefixOfNumber(OWN + number));
  const answer = await asker.exchange({ t: 'want', q: 0, roots, k: MAX_WANT_PEERS, live: 0 });
  if (answer['t'] !== 'peers') throw new Error(JSON.stringify(answer));
  const { peers } = answer as unknown as Peers;
  const held = new Set<number>();
  for (const { has } of peers) {
    const bits = Bitfield.parse(fromBase64Url(has) ?? new Uint8Array(), roots.length);
    for (let i = 0; i < roots.length; i++) if (bits?.has(i)) held.add(i);
  }
  return held.size;
}
