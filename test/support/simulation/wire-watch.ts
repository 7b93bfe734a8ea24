import type { PieceIndex, Root } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import type { Clock } from '../../../src/core/clock.js';
import { MAX_FRAME } from '../../../src/core/limits.js';
import { pieceSize, type Cut } from '../../../src/core/pieces.js';
import type { Need } from '../../../src/peer/contract.js';
import type { SignallingLink } from '../../../src/peer/link.js';
import type { Verdict } from '../../../src/protocol/bridge.js';
import { decodeFrame, type Frame, type RequestFrame } from '../../../src/protocol/peer.js';
import type { LinkWatch } from '../memory-access.js';

/** Why a piece may be asked for again. */
export type Cause =
  /** The link on which it was asked for ended. */
  | 'link-ended'
  /** The peer refused it. */
  | 'rejected'
  /** What came was not the right piece. */
  | 'wrong'
  /** It was taken away from a peer that was slow, though it was still needed. */
  | 'moved'
  /** Whoever needed it does not any more. */
  | 'unneeded';

/** One time that a piece was asked for: of one peer, all of it or up to where it was given up. */
interface Attempt {
  readonly link: SignallingLink;
  readonly size: number;
  /** The needs that were open when it began. */
  readonly needs: readonly number[];
  requested: number;
  received: number;
  /** Requests that are neither answered nor cancelled. */
  outstanding: number;
  state: 'under-way' | 'delivered' | 'verified' | 'cancelled' | Cause;
}

interface Block {
  readonly attempt: Attempt;
  /** Where its next byte belongs in the piece, and how many are left. */
  next: number;
  left: number;
  cancelled: boolean;
}

/** The most that was seen at once, in bytes unless it says otherwise. */
export interface Peaks {
  /** Links, those being set up included. */
  links: number;
  /** Requested of one peer and not there yet. */
  inFlight: number;
  /** Pieces of which some bytes are here and some are not: what the swarm holds buffers for. */
  partial: number;
  /** Handed to one link and not sent yet. */
  backlog: number;
}

/** What the upload's token bucket saves up at most, in seconds of its rate. */
const BURST_SECONDS = 0.25;
/** Bytes by which sums of fractions may be off. */
const ROUNDING = 1;

/**
 * Reads along on the links of one visitor and holds its engine to the rules: no piece is asked for
 * twice without a cause, uploads stay below the cap over any stretch of time. What breaks them is kept
 * in `violations`, as text; nothing here throws.
 */
export class WireWatch implements LinkWatch {
  readonly violations: string[] = [];
  readonly causes: Record<Cause, number> = {
    ...{ 'link-ended': 0, rejected: 0, wrong: 0, moved: 0, unneeded: 0 },
  };
  readonly peaks: Peaks = { links: 0, inFlight: 0, partial: 0, backlog: 0 };
  /** Times that a piece was asked for. */
  asked = 0;
  uploaded = 0;
  readonly #links = new Map<SignallingLink, Map<number, Block>>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #partial = new Set<Attempt>();
  readonly #needs = new Map<number, { readonly root: Root; readonly pieces: ReadonlySet<PieceIndex> }>();
  readonly #cuts = new Map<Root, Cut>();
  #rate: number;
  /** How full the leaky bucket is, and when that was. */
  #level = 0;
  #levelAt = 0;

  constructor(
    private readonly clock: Clock,
    rate: number,
  ) {
    this.#rate = rate;
  }

  /** Links that are there or being made. */
  get open(): SignallingLink[] {
    return [...this.#links.keys()];
  }

  /** The upload cap changes, in bytes per second. */
  setRate(rate: number): void {
    const saved = burstOf(this.#rate) - this.#leak();
    this.#rate = rate;
    this.#level = burstOf(rate) - Math.min(saved, burstOf(rate));
  }

  needed({ id, root, cut, pieces }: Need): void {
    this.#needs.set(id, { root, pieces: new Set(pieces) });
    this.#cuts.set(root, cut);
  }

  needOver(id: number): void {
    this.#needs.delete(id);
  }

  judged(root: Root, index: PieceIndex | undefined, verdict: Verdict): void {
    if (index === undefined) return;
    const attempt = this.#attempts.get(keyOf(root, index));
    if (attempt?.state === 'delivered') attempt.state = verdict === 'verified' ? 'verified' : 'wrong';
  }

  made(link: SignallingLink): void {
    this.#links.set(link, new Map());
    this.peaks.links = Math.max(this.peaks.links, this.#links.size);
  }

  closed(link: SignallingLink): void {
    for (const { attempt } of this.#links.get(link)?.values() ?? []) this.#end(attempt, 'link-ended');
    for (const attempt of this.#attempts.values()) {
      if (attempt.link === link) this.#end(attempt, 'link-ended');
    }
    this.#links.delete(link);
  }

  sent(link: SignallingLink, bytes: Bytes): void {
    const frame = decodeFrame(bytes);
    if (frame?.type === 'request') this.#onRequest(link, frame);
    else if (frame?.type === 'cancel') this.#onCancel(link, frame.id);
    else if (frame?.type === 'data') this.#onUpload(link, frame.payload.byteLength);
    else if (frame?.type === 'layer') this.#onUpload(link, frame.hashes.byteLength);
    else if (!frame) this.#violated(`sent ${bytes.byteLength} bytes that are no frame`);
  }

  received(link: SignallingLink, bytes: Bytes): void {
    const frame = decodeFrame(bytes);
    if (frame?.type === 'data') this.#onData(link, frame);
    if (frame?.type === 'reject') this.#onReject(link, frame.id);
  }

  #onRequest(link: SignallingLink, { id, root, piece, begin, length }: RequestFrame): void {
    const key = keyOf(root, piece);
    const attempt = begin === 0 ? this.#begin(link, key, root, piece) : this.#attempts.get(key);
    const blocks = this.#links.get(link);
    if (attempt?.link !== link || attempt.state !== 'under-way' || attempt.requested !== begin) {
      this.#violated(`${key}: bytes from ${begin} on asked for out of turn`);
    }
    if (blocks?.has(id)) this.#violated(`request number ${id} used twice`);
    if (!attempt || !blocks) return;
    attempt.requested += length;
    attempt.outstanding++;
    blocks.set(id, { attempt, next: begin, left: length, cancelled: false });
    const inFlight = [...blocks.values()].reduce((sum, { left }) => sum + left, 0);
    this.peaks.inFlight = Math.max(this.peaks.inFlight, inFlight);
  }

  #begin(link: SignallingLink, key: string, root: Root, index: PieceIndex): Attempt | undefined {
    const cut = this.#cuts.get(root);
    const needs = [...this.#needs].filter(([, need]) => need.root === root && need.pieces.has(index));
    if (!cut || needs.length === 0) {
      this.#violated(`${key} asked for though nobody needs it`);
      return undefined;
    }
    const before = this.#attempts.get(key);
    if (before) this.#again(key, before);
    this.asked++;
    const attempt: Attempt = {
      ...{ link, size: pieceSize(cut, index), needs: needs.map(([id]) => id) },
      ...{ requested: 0, received: 0, outstanding: 0, state: 'under-way' },
    };
    this.#attempts.set(key, attempt);
    return attempt;
  }

  #again(key: string, before: Attempt): void {
    const cause = this.#causeOf(before);
    if (cause) this.causes[cause]++;
    else this.#violated(`${key} asked for again though the last time is ${before.state}`);
    this.#partial.delete(before);
  }

  #causeOf({ state, needs, outstanding, requested, size }: Attempt): Cause | undefined {
    const isNeeded = needs.some((id) => this.#needs.has(id));
    const isGivenUp =
      state === 'cancelled' || (state === 'under-way' && outstanding === 0 && requested < size);
    if (state === 'verified') return undefined;
    if (isGivenUp) return isNeeded ? 'moved' : 'unneeded';
    if (state === 'delivered') return isNeeded ? undefined : 'unneeded';
    return state === 'under-way' ? undefined : state;
  }

  #onCancel(link: SignallingLink, id: number): void {
    const block = this.#links.get(link)?.get(id);
    if (!block || block.cancelled) {
      this.#violated(`request number ${id} cancelled without being under way`);
      return;
    }
    block.cancelled = true;
    this.#end(block.attempt, 'cancelled');
  }

  #onData(link: SignallingLink, { id, offset, payload }: Frame & { type: 'data' }): void {
    const blocks = this.#links.get(link);
    const [oldest] = blocks ?? [];
    const block = blocks?.get(id);
    // Anything else that a stranger sends ends the link.
    if (!block || oldest?.[0] !== id || offset !== block.next || payload.byteLength > block.left) return;
    const { attempt } = block;
    block.next += payload.byteLength;
    block.left -= payload.byteLength;
    if (block.left === 0) blocks?.delete(id);
    if (attempt.state !== 'under-way') return;
    attempt.received += payload.byteLength;
    if (block.left === 0) attempt.outstanding--;
    this.#partial.add(attempt);
    this.#notePartial();
    if (attempt.received === attempt.size) this.#end(attempt, 'delivered');
  }

  #onReject(link: SignallingLink, id: number): void {
    const block = this.#links.get(link)?.get(id);
    if (!block) return;
    this.#links.get(link)?.delete(id);
    this.#end(block.attempt, 'rejected');
  }

  #end(attempt: Attempt, state: Attempt['state']): void {
    if (attempt.state !== 'under-way') return;
    attempt.state = state;
    this.#partial.delete(attempt);
  }

  #notePartial(): void {
    const bytes = [...this.#partial].reduce((sum, { size }) => sum + size, 0);
    this.peaks.partial = Math.max(this.peaks.partial, bytes);
  }

  #onUpload(link: SignallingLink, bytes: number): void {
    this.uploaded += bytes;
    this.peaks.backlog = Math.max(this.peaks.backlog, link.buffered);
    this.#level = this.#leak() + bytes;
    if (this.#level <= burstOf(this.#rate) + ROUNDING) return;
    this.#violated(`uploaded ${Math.round(this.#level)} bytes in a burst at ${this.#rate} bytes/s`);
  }

  #leak(): number {
    const now = this.clock.ticks();
    this.#level = Math.max(0, this.#level - (this.#rate * (now - this.#levelAt)) / 1000);
    this.#levelAt = now;
    return this.#level;
  }

  #violated(what: string): void {
    this.violations.push(`at ${Math.round(this.clock.ticks())} ms: ${what}`);
  }
}

function burstOf(rate: number): number {
  return rate === 0 ? 0 : Math.max(MAX_FRAME, rate * BURST_SECONDS);
}

function keyOf(root: Root, index: PieceIndex): string {
  return `${root.slice(0, 8)}/${index}`;
}
