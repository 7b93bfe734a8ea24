import type { Bytes } from '../core/bytes.js';

/**
 * The transport of one session: an ordered, reliable channel of whole frames. Implementations: WebRTC
 * through simple-peer, and an in-memory twin for tests; both pass one conformance suite.
 */
export interface Link {
  /** True between `onOpen` and `onClose`. */
  readonly open: boolean;
  /** Bytes that were accepted by `send` and have not left this machine. */
  readonly buffered: number;
  /** Sets who hears of events: once, in the task that created the link. No handler is called in that task. */
  listen(handlers: LinkHandlers): void;
  /** Hands over one frame. False when the link is not open (any more); the frame is then lost. */
  send(frame: Bytes): boolean;
  /** Closes now and calls `onClose` once. Further calls, and events that arrive later, do nothing. */
  close(reason: CloseReason): void;
}

export interface LinkHandlers {
  onOpen(): void;
  onFrame(frame: Bytes): void;
  /** `buffered` fell to `LOW_WATER` or below after it had been above. */
  onDrain(): void;
  /** The last event of a link, exactly once, whoever closed it. */
  onClose(reason: CloseReason): void;
}

/** A link that is set up by exchanging signals over some other path. */
export interface SignallingLink extends Link {
  /** Takes signals of the other end, in the order in which that end gave them to `onSignals`. */
  signal(signals: readonly Signal[]): void;
}

export interface LinkOptions {
  /** Who makes the offer. Exactly one end is the initiator. */
  readonly initiator: boolean;
  /** Signals for the other end, in batches. Never called from within `create`. */
  onSignals(signals: readonly Signal[]): void;
}

export interface LinkFactory {
  create(options: LinkOptions): SignallingLink;
}

/** What two ends tell each other until the link is up: descriptions (RFC 8829) and candidates (RFC 8838). */
export type Signal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: Candidate };

export interface Candidate {
  readonly candidate: string;
  readonly sdpMid: string | null;
  readonly sdpMLineIndex: number | null;
}

/** Why a link ended; stable words, for events and statistics. */
export type CloseReason =
  /** We are done: page hidden or left, swarm closed. */
  | 'closed'
  /** The other side said goodbye. */
  | 'bye'
  /** It vanished: the channel closed or ICE failed. */
  | 'lost'
  /** It never opened, or did not say hello in time. */
  | 'timeout'
  /** The platform refused: no WebRTC, bad description, `send` threw. */
  | 'failed'
  /** It declined our offer. */
  | 'declined'
  /** It speaks another version. */
  | 'version'
  /** It stopped delivering what it had promised. */
  | 'stalled'
  /** It broke the protocol. */
  | 'hostile'
  /** It sent a piece that the worker found wrong. */
  | 'banned'
  /** It was of no use and another peer is. */
  | 'replaced';

/** Senders stop above this (bytes): twice as fast as megabytes, and without the collapses of those. */
export const HIGH_WATER = 128 * 1024;
/** Senders go on at or below this (bytes): half, so that the channel never runs dry in between. */
export const LOW_WATER = 64 * 1024;
