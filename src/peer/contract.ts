import type { Bytes } from '../core/bytes.js';
import type { PeerId, PieceIndex, Root, UrlHash } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import type { Cut } from '../core/pieces.js';
import type { CloseReason, LinkFactory, Signal } from './link.js';

/** What the swarm and the engine around it say to each other. */

/** An introduced and admitted peer: its identity at the tracker and its public key (base64url). */
export interface Contact {
  readonly pid: PeerId;
  readonly key: string;
}

/** A representation as its token signs it. */
export interface Content {
  readonly root: Root;
  readonly cut: Cut;
}

/** Signals of one attempt to link, as they are sealed for the other peer. No signals: "I decline". */
export interface SignalBatch {
  /** Made up by the initiator; late signals of an earlier attempt carry another number. */
  readonly attempt: number;
  readonly signals: readonly Signal[];
}

export type SendSignals = (batch: SignalBatch) => void;

export interface Need extends Content {
  /** The worker's number for it. */
  readonly id: number;
  /** Most urgent first. */
  readonly pieces: readonly PieceIndex[];
  /** Milliseconds from now until it is over; HTTP starts then, if it has not. */
  readonly wait: number;
  /** Whether a `miss` for lack of peers does not end it, because one may turn up. */
  readonly lasting?: boolean | undefined;
  /** Whether the layer is wanted as well. */
  readonly layer: boolean;
}

export interface UploadSource {
  /** The bytes of a shared piece; `undefined` when it is gone. A rejection counts as gone. */
  read(root: Root, index: PieceIndex): Promise<Bytes | undefined>;
}

/** A bound on the bytes that are uploaded in all, beside that on the rate. */
export interface Allowance {
  /** Takes so many bytes of payload, which are about to be sent; false when so many may not be. */
  take(bytes: number): boolean;
}

export interface SwarmOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Our own public key: links to ourselves are refused, and of two crossing offers the smaller key's wins. */
  readonly key: string;
  readonly factory: LinkFactory;
  readonly uploads: UploadSource;
  /** Bytes per second to all peers together; 0 uploads nothing. */
  readonly uploadRate: number;
  /** Default: no bound. Who refuses is expected to set the rate to 0. */
  readonly allowance?: Allowance;
  /** Links alive at once, those being set up included (default 8). */
  readonly maxLinks?: number;
  /** Links ever made (default 200): browsers stop at about 500 connections in a page's life. */
  readonly maxConstructed?: number;
  readonly on: SwarmEvents;
}

export interface SwarmEvents {
  /** A piece came in whole from peer number `from`; unverified. Answer with `verdict`. */
  piece(piece: ReceivedPiece): void;
  /** A layer that some need wanted, from peer number `from`; of the right size, unverified. */
  layer(root: Root, bytes: Bytes, from: number): void;
  /** What a peer says is signed about a URL that was sought; unverified. */
  token(url: UrlHash, token: string): void;
  /** Peers cannot fill this need; it is over, unless it is a lasting one and there are no peers so far. */
  miss(id: number, reason: MissReason): void;
  /** Nobody connected holds these: ask the tracker, `connect` whom it names, or say `absent`. */
  wanted(roots: readonly Root[]): void;
  linkUp(peer: PeerInfo): void;
  linkDown(peer: PeerInfo, reason: CloseReason): void;
  /** How a peer behaved since the last report; for the tracker. */
  report(report: PeerReport): void;
  /** Something failed that nobody was waiting for. */
  fault(error: unknown): void;
}

export type MissReason = 'no-peers' | 'deadline';

export interface ReceivedPiece {
  readonly root: Root;
  readonly index: PieceIndex;
  readonly from: number;
  readonly bytes: Bytes;
}

export interface PeerInfo extends Contact {
  /** Our own number for this peer, the same for the whole visit. */
  readonly from: number;
}

/** Pieces that were right, wrong and late, and verified bytes. */
export interface PeerReport {
  readonly pid: PeerId;
  readonly ok: number;
  readonly bad: number;
  readonly slow: number;
  readonly bytes: number;
}

export interface PeerStats extends PeerInfo {
  readonly open: boolean;
  /** Payload bytes received and sent. */
  readonly downloaded: number;
  readonly uploaded: number;
  /** Bytes per second of late, each way. */
  readonly down: number;
  readonly up: number;
  /** Milliseconds from a request on the idle link to its first byte, 20 at least; 0 while unknown. */
  readonly latency: number;
  /** Roots of which it said it holds something, of those it was asked about. */
  readonly holds: number;
  /** Measured pace of delivery, bytes per second; 0 while unknown. */
  readonly rate: number;
  /** Bytes requested and not received yet, and the most that may be. */
  readonly inFlight: number;
  readonly window: number;
}

export interface SwarmStats {
  /** Open links. */
  readonly links: number;
  readonly constructed: number;
  /** Payload bytes of pieces and layers; `wasted` came in but was cancelled, incomplete or wrong. */
  readonly uploaded: number;
  readonly downloaded: number;
  readonly wasted: number;
  readonly peers: readonly PeerStats[];
}
