import { Bitfield } from '../core/bitfield.js';
import { BoundedMap } from '../core/bounded-map.js';
import type { PeerId, RootPrefix } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { MAX_WANT_ROOTS } from '../core/limits.js';
import type { Contact, SendSignals, SignalBatch } from '../peer/contract.js';
import { fromBase64Url } from '../protocol/base64.js';
import type { Introduction, SignalFrom } from '../protocol/tracker.js';
import { openSignals, sealSignals } from '../peer/signals.js';
import type { Identity } from '../protocol/seal.js';

export interface IntroductionsOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  /** Our own identity at the tracker, while there is one. */
  readonly pid: () => PeerId | undefined;
  /**
   * Asks the worker whether the admission is genuine, of this site, and for this key. `everyone`: the
   * site has nobody who admits, and the tracker's word on who has which key is all there is.
   */
  readonly admit: ((admission: string, key: string) => Promise<boolean>) | 'everyone';
  /** Hands a sealed box to the tracker. */
  readonly post: (to: PeerId, pass: string, box: string) => void;
  readonly swarm: {
    connect(peer: Contact, send: SendSignals): boolean;
    signal(peer: Contact, batch: SignalBatch, send: SendSignals): void;
  };
  readonly failed: (error: unknown) => void;
}

/** Peers remembered; a page keeps eight links, the rest may still be of use within the visit. */
const MAX_CONTACTS = 256;
/** Steps that wait their turn for one peer: an honest one has a handful of batches under way. */
const MAX_QUEUED = 16;
/** A worker's word on an admission holds as long as we may need it while a link is set up (ms). */
const ADMITTED_FOR = 60_000;
/** A link is up by then (ms), or its roots are as good as absent. */
const LINK_PATIENCE = 5000;
/** The tracker takes signals for a minute after an introduction; by then the last of them must be there (ms). */
const RECALLED_FOR = 50_000;
/** Roots whose holders are remembered for want of a place: what one page may want. */
const MAX_PASSED_OVER = MAX_WANT_ROOTS;

/** What is kept about one peer that the tracker named. */
interface Acquaintance extends Contact {
  admission: string | undefined;
  pass: string;
  admittedUntil: number;
  queued: number;
  /** Keeps the steps for this peer in order: signals must be heard in the order they were sent. */
  last: Promise<void>;
}

/**
 * Between tracker and swarm: nobody is linked to, and no signal opened, before the worker has confirmed
 * that the site's hash service admitted this very key, where there is one. Signals are sealed to it, so
 * that the tracker neither reads nor changes them.
 */
export class Introductions {
  readonly #known = new Map<PeerId, Acquaintance>();
  readonly #expected = new Map<RootPrefix, number>();
  /** Holders that were not linked to when they were named, and until when they may be. */
  readonly #passedOver = new BoundedMap<RootPrefix, { peer: Acquaintance; until: number }>(MAX_PASSED_OVER);
  #closed = false;

  constructor(private readonly options: IntroductionsOptions) {}

  /**
   * The tracker named `peers` for `roots`. Resolves, once it is known who is admitted, with the roots
   * that none of them holds.
   */
  async introduce(peers: readonly Introduction[], roots: readonly RootPrefix[]): Promise<RootPrefix[]> {
    const unheld = new Set(roots);
    const steps = peers.map(async (peer) => {
      const held = heldBy(peer, roots);
      if (held.length === 0) return;
      const known = await this.#admit(peer);
      if (!known) return;
      const isLinking = this.#connect(known);
      const now = this.options.clock.ticks();
      for (const root of held) {
        unheld.delete(root);
        this.#expected.set(root, now + LINK_PATIENCE);
        if (!isLinking) this.#passedOver.set(root, { peer: known, until: now + RECALLED_FOR });
      }
    });
    await Promise.all(steps);
    return [...unheld];
  }

  /** These are needed now: some places are kept for such a moment, and the tracker names nobody twice. */
  recall(roots: readonly RootPrefix[]): void {
    const now = this.options.clock.ticks();
    for (const root of roots) {
      const { peer, until = 0 } = this.#passedOver.get(root) ?? {};
      this.#passedOver.delete(root);
      if (peer && until > now && this.#connect(peer)) this.#expected.set(root, now + LINK_PATIENCE);
    }
  }

  /** Whether a link to some holder of `root` may still come up. */
  expects(root: RootPrefix): boolean {
    const until = this.#expected.get(root);
    if (until === undefined) return false;
    if (until > this.options.clock.ticks()) return true;
    this.#expected.delete(root);
    return false;
  }

  /** A signal came from a peer, perhaps one that was introduced to us only by this. */
  hear({ from, key, admission, pass, box }: SignalFrom): void {
    const peer = this.#meet({ pid: from, key, pass, ...(admission === undefined ? {} : { admission }) });
    if (!peer) return;
    this.#inTurn(peer, async () => {
      if (!(await this.#isAdmitted(peer))) return;
      const { identity, clock, swarm } = this.options;
      const me = this.options.pid();
      if (!me) return;
      const batch = await openSignals({ me: identity, from, to: me, key, box, clock });
      if (batch && !this.#closed) swarm.signal(peer, batch, this.#sender(peer));
    });
  }

  close(): void {
    this.#closed = true;
    this.#known.clear();
    this.#expected.clear();
    this.#passedOver.clear();
  }

  async #admit(introduction: Introduction): Promise<Acquaintance | undefined> {
    const peer = this.#meet(introduction);
    return peer && (await this.#isAdmitted(peer)) && !this.#closed ? peer : undefined;
  }

  #connect(peer: Acquaintance): boolean {
    return this.options.swarm.connect(peer, this.#sender(peer));
  }

  /** A key is for life: whoever names the same pid with another key lies. */
  #meet({ pid, key, admission, pass }: Pick<Introduction, 'pid' | 'key' | 'admission' | 'pass'>) {
    if (this.#closed || key === this.options.identity.publicKey) return undefined;
    let peer = this.#known.get(pid);
    if (peer && peer.key !== key) return undefined;
    peer ??= { pid, key, admission, pass, admittedUntil: -Infinity, queued: 0, last: Promise.resolve() };
    peer.pass = pass;
    peer.admission = admission;
    this.#known.delete(pid);
    this.#known.set(pid, peer);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_CONTACTS) break;
      this.#known.delete(oldest);
    }
    return peer;
  }

  async #isAdmitted(peer: Acquaintance): Promise<boolean> {
    const { clock, admit } = this.options;
    if (admit === 'everyone' || peer.admittedUntil > clock.ticks()) return true;
    if (peer.admission === undefined || !(await admit(peer.admission, peer.key))) return false;
    peer.admittedUntil = clock.ticks() + ADMITTED_FOR;
    return true;
  }

  #sender(peer: Acquaintance): SendSignals {
    return (batch) => {
      this.#inTurn(peer, async () => {
        const { identity, clock, post } = this.options;
        const me = this.options.pid();
        if (!me) return;
        const box = await sealSignals({ me: identity, from: me, to: peer.pid, key: peer.key, batch, clock });
        if (!this.#closed) post(peer.pid, peer.pass, box);
      });
    };
  }

  #inTurn(peer: Acquaintance, step: () => Promise<void>): void {
    if (peer.queued >= MAX_QUEUED) return;
    peer.queued++;
    peer.last = peer.last
      .then(step)
      .catch(this.options.failed)
      .finally(() => {
        peer.queued--;
      });
  }
}

/** The wanted roots that an introduction names; none when its bitfield is not one over this list. */
function heldBy({ has }: Introduction, roots: readonly RootPrefix[]): RootPrefix[] {
  const bytes = fromBase64Url(has);
  const bits = bytes && Bitfield.parse(bytes, roots.length);
  return bits ? roots.filter((_, i) => bits.has(i)) : [];
}
