import type { RootPrefix } from '../src/core/brands.js';
import { Bitfield } from '../src/core/bitfield.js';
import type { Clock } from '../src/core/clock.js';
import { toBase64Url } from '../src/protocol/base64.js';
import type { Introduction } from '../src/protocol/tracker.js';
import { cover, type Candidate } from './cover.js';
import type { Dice } from './dice.js';
import type { HolderIndex, Holding } from './holder-index.js';
import type { Passes } from './passes.js';
import type { Tally } from './tally.js';
import type { Visitor } from './visitor.js';
import type { Visitors } from './visitors.js';
import type { Vouching } from './vouching.js';
import type { LiveWant, LiveWants } from './wants.js';

export interface IntroducerOptions {
  readonly index: HolderIndex;
  readonly visitors: Visitors;
  readonly vouching: Vouching;
  readonly wants: LiveWants;
  readonly passes: Passes;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly tally: Tally;
}

/** By stated upload load: a full uploader is asked when there is nobody else. */
const HEADROOM = [1, 0.8, 0.5, 0.15] as const;
/** Peers behind the same address or in the same public network are likely near. */
const SAME_ADDRESS = 1.3;
const SAME_NETWORK = 1.15;
/** A pair that was introduced a moment ago and still wants has likely failed to connect. */
const MET_LATELY = 0.5;
/** Complaints halve a score with the second one, but never remove a peer: complaints can be lies. */
const COMPLAINTS_TO_HALVE = 2;
const LOWEST_TRUST = 0.1;

interface Offer extends Candidate {
  readonly peer: Visitor;
}

/** Shows peers to each other: who holds what is wanted, who is best, and the pass for the pair. */
export class Introducer {
  constructor(private readonly options: IntroducerOptions) {}

  /** Answers a want, if only with an empty list. */
  async answer(want: LiveWant): Promise<void> {
    const positions = want.message.roots.map((_, position) => position);
    await this.#introduce(want, positions, false);
  }

  /** Tells an open want about the holders that `positions` got meanwhile, if there are any. */
  async push(want: LiveWant, positions: readonly number[]): Promise<void> {
    if (!want.visitor.line?.crowded) await this.#introduce(want, positions, true);
  }

  async #introduce(want: LiveWant, positions: readonly number[], pushed: boolean): Promise<void> {
    const { message, visitor } = want;
    const { index, dice, tally, wants } = this.options;
    const roots = positions.flatMap((position) => message.roots[position] ?? []);
    const holdings = await index.find(roots);
    if (!visitor.line || (pushed && want.closed)) return;
    const vouched = this.#vouchedFor(holdings, roots, positions);
    const offers = vouched.flatMap((holding) => this.#offer(want, holding) ?? []);
    const chosen = cover(offers, message.roots.length, message.k, dice);
    const peers = chosen.flatMap((candidate) => this.#introduction(want, candidate) ?? []);
    if (pushed && peers.length === 0) return;
    tally.introductions(peers.length, pushed);
    visitor.line.send({ t: 'peers', q: message.q, peers });
    wants.told(
      want,
      peers.map(({ pid }) => pid),
    );
  }

  /** Holdings of vouched roots, with positions in the want; what is held but not vouched for is asked about. */
  #vouchedFor(
    holdings: readonly Holding[],
    roots: readonly RootPrefix[],
    positions: readonly number[],
  ): Holding[] {
    const { vouching } = this.options;
    const held = new Set(holdings.flatMap(({ has }) => has));
    vouching.check([...held].flatMap((i) => roots[i] ?? []));
    const live = new Set([...held].filter((i) => vouching.isLive(roots[i] ?? ('' as RootPrefix))));
    return holdings.map(({ pid, has }) => ({
      pid,
      has: has.flatMap((i) => (live.has(i) ? (positions[i] ?? []) : [])),
    }));
  }

  #offer(want: LiveWant, { pid, has }: Holding): Offer | undefined {
    const { clock, visitors, wants } = this.options;
    const asker = want.visitor;
    const peer = visitors.present(pid);
    if (!peer || peer === asker || has.length === 0 || want.told.has(pid)) return undefined;
    if (peer.identity.until <= clock.now()) return undefined;
    const stranger = !asker.acquaintances.knows(pid);
    if (stranger && asker.allowances.introductions.wait() > 0) return undefined;
    if (peer.allowances.offers.wait() > 0) {
      wants.remind(want, has);
      return undefined;
    }
    return { pid, has, peer, score: scoreFor(asker, peer) };
  }

  /** Pays for the introduction and makes it; nothing when an allowance ran out among the chosen. */
  #introduction(want: LiveWant, { peer, has }: Offer): Introduction | undefined {
    const { acquaintances, allowances, pid } = want.visitor;
    if (!acquaintances.knows(peer.pid) && allowances.introductions.spend(1) > 0) return undefined;
    peer.allowances.offers.spend(1);
    acquaintances.meet(peer.pid, false);
    const bits = new Bitfield(want.message.roots.length);
    for (const position of has) bits.set(position);
    const { key, admission } = peer.identity;
    return {
      pid: peer.pid,
      key,
      ...(admission === undefined ? {} : { admission }),
      has: toBase64Url(bits.toBytes()),
      pass: this.options.passes.issue(pid, peer.pid),
    };
  }
}

function scoreFor(asker: Visitor, peer: Visitor): number {
  const headroom = HEADROOM[peer.upload] ?? HEADROOM[3];
  const trust = Math.max(LOWEST_TRUST, 1 / (1 + peer.complaints / COMPLAINTS_TO_HALVE));
  const novelty = asker.acquaintances.metLately(peer.pid) ? MET_LATELY : 1;
  return headroom * trust * novelty * closeness(asker, peer);
}

function closeness(asker: Visitor, peer: Visitor): number {
  if (asker.line?.connection.address === peer.line?.connection.address) return SAME_ADDRESS;
  return asker.network !== undefined && asker.network === peer.network ? SAME_NETWORK : 1;
}
