import type { PeerId, Root } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import type { Clock } from '../../../src/core/clock.js';
import { DATA_PAYLOAD } from '../../../src/core/limits.js';
import { HIGH_WATER, type LinkFactory, type SignallingLink } from '../../../src/peer/link.js';
import type { SignalBatch } from '../../../src/peer/contract.js';
import { decodeFrame, encodeFrame, type Frame, type RequestFrame } from '../../../src/protocol/peer.js';
import { fullBitfield } from '../bits.js';
import type { AccessOptions } from '../memory-access.js';
import type { HostileKind } from './hostile-kind.js';
import type { Member } from './simple-tracker.js';
import type { Simulation } from './simulation.js';
import type { SiteFile } from './site-file.js';

export interface HostileTraits extends AccessOptions {
  readonly kind: HostileKind;
}

/** The peer's end of one link, and the verbs that behaviours are made of. */
export class Conversation {
  open = true;
  /** What this behaviour remembers of this link. */
  readonly counts = new Map<string, number>();

  constructor(
    readonly link: SignallingLink,
    readonly clock: Clock,
    readonly random: () => number,
    readonly files: readonly SiteFile[],
  ) {}

  /** More has been handed over than the link takes. */
  get choked(): boolean {
    return this.link.buffered >= HIGH_WATER;
  }

  /** One more of something; returns how many there were before. */
  count(what: string): number {
    const before = this.counts.get(what) ?? 0;
    this.counts.set(what, before + 1);
    return before;
  }

  send(...frames: Frame[]): void {
    for (const frame of frames) this.sendBytes(encodeFrame(frame));
  }

  sendBytes(bytes: Bytes): void {
    if (this.open) this.link.send(bytes);
  }

  /** Says that it holds all of `root`. */
  haveAll(root: Root): void {
    const file = this.file(root);
    const pieces = file?.indexes.length ?? 0;
    this.send({ type: 'have', root, pieces, bits: fullBitfield(pieces).toBytes() });
  }

  /** Answers a request with what `change` makes of the right bytes of the whole piece. */
  deliver({ id, root, piece, begin, length }: RequestFrame, change: (right: Bytes) => Bytes = same): void {
    const file = this.file(root);
    if (!file) return;
    const bytes = change(file.piece(piece));
    const end = Math.min(begin + length, bytes.byteLength);
    for (let offset = begin; offset < end; offset += DATA_PAYLOAD) {
      const payload = bytes.subarray(offset, Math.min(offset + DATA_PAYLOAD, end));
      this.send({ type: 'data', id, offset, payload });
    }
  }

  file(root: Root): SiteFile | undefined {
    return this.files.find((one) => one.root === root);
  }

  /** Does something every `ms` for as long as the link is there and not choked. */
  every(ms: number, act: () => void): void {
    this.clock.setTimeout(() => {
      if (!this.open) return;
      if (!this.choked) act();
      this.every(ms, act);
    }, ms);
  }
}

/** A peer that is thrown out is back after this (ms), so many times. */
const RETURN_AFTER = 700;
const RETURNS = 12;

/**
 * A peer that was admitted and speaks the protocol as far as its kind likes. It says to the tracker
 * that it holds everything, answers every offer, and comes back whenever it is thrown out.
 */
export class HostilePeer implements Member {
  readonly pid: PeerId;
  readonly key: string;
  readonly kind: HostileKind;
  readonly #simulation: Simulation;
  readonly #factory: LinkFactory;
  readonly #conversations = new Set<Conversation>();
  /** How often a link was open, by the key of the other end. */
  readonly met = new Map<string, number>();
  readonly #returns = new Map<string, number>();
  #here = true;

  constructor(simulation: Simulation, number: number, traits: HostileTraits) {
    this.#simulation = simulation;
    this.kind = traits.kind;
    this.pid = `hostile-${String(number).padStart(4, '0')}` as PeerId;
    this.key = `key-${String(number).padStart(4, '0')}`;
    this.#factory = simulation.network.visitor(traits);
  }

  /** Tells the tracker that it holds everything. */
  arrive(): void {
    for (const { root } of this.#simulation.files) this.#simulation.tracker.have(this, root);
  }

  leave(): void {
    this.#here = false;
    this.#simulation.tracker.leave(this);
    for (const { link } of this.#conversations) link.close('closed');
  }

  introduced(): void {
    // It asks the tracker for nobody.
  }

  signalled(from: Member, { attempt, signals }: SignalBatch): void {
    if (!this.#here || signals[0]?.type !== 'offer') return;
    const link = this.#factory.create({
      initiator: false,
      onSignals: (answer) => {
        this.#simulation.signal(this, from, { attempt, signals: answer });
      },
    });
    this.#converse(link, from);
    link.signal(signals);
  }

  #return(to: Member): void {
    const returns = this.#returns.get(to.key) ?? 0;
    if (!this.#here || returns >= RETURNS) return;
    this.#returns.set(to.key, returns + 1);
    this.approach(to);
  }

  /** Offers a link. */
  approach(to: Member): void {
    const attempt = Math.floor(this.#simulation.random() * 2 ** 32);
    const link = this.#factory.create({
      initiator: true,
      onSignals: (signals) => {
        this.#simulation.signal(this, to, { attempt, signals });
      },
    });
    this.#converse(link, to);
  }

  #converse(link: SignallingLink, other: Member): void {
    const { clock, random, files } = this.#simulation;
    const talk = new Conversation(link, clock, random, files);
    const { kind } = this;
    this.#conversations.add(talk);
    link.listen({
      onOpen: () => {
        this.met.set(other.key, (this.met.get(other.key) ?? 0) + 1);
        if (kind.opened) kind.opened(talk);
        else talk.send({ type: 'hello', version: 1 });
      },
      onFrame: (bytes) => {
        const frame = decodeFrame(bytes);
        if (frame) this.#hear(talk, frame);
      },
      onDrain: () => undefined,
      onClose: () => {
        talk.open = false;
        this.#conversations.delete(talk);
        this.#simulation.clock.setTimeout(() => {
          this.#return(other);
        }, RETURN_AFTER);
      },
    });
  }

  #hear(talk: Conversation, frame: Frame): void {
    const { asked, requested } = this.kind;
    if (frame.type === 'ask') {
      for (const root of frame.roots) {
        if (asked) asked(talk, root, frame.layers);
        else talk.haveAll(root);
      }
    } else if (frame.type === 'request') {
      if (requested) requested(talk, frame);
      else talk.deliver(frame);
    }
  }
}

function same(bytes: Bytes): Bytes {
  return bytes;
}
