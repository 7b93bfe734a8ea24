import type { ErrorCode } from '../core/errors.js';
import type { PageMessage, SiteConfig, TransferReport, WorkerMessage } from '../protocol/bridge.js';
import type { Memory } from './memory.js';
import type { PeerfoldOptions } from './options.js';
import type { Playback, PlaybackEvent } from './playbacks.js';
import type { UploadLimit } from './upload-budget.js';

/** What loader and engine, two bundles of one build, say to each other. */

/** What the engine gets from the page it runs in. */
export interface EngineHost {
  /** The loader's build; an engine of another build refuses to start. */
  readonly build: string;
  readonly config: SiteConfig;
  /** As the site set them. */
  readonly options: PeerfoldOptions;
  readonly memory: Memory;
  /** The worker controlled this page when the loader ran: it saw all that the page asked for. */
  readonly controlled: boolean;
  send(message: PageMessage, transfer?: Transferable[]): void;
  peer(event: PeerEvent): void;
  readonly playback: (event: PlaybackEvent) => void;
  fault(fault: Fault): void;
  stats(): Stats;
  /** Adds a transfer that the worker does not know of. */
  readonly record: (report: TransferReport) => void;
  /** Calls `listener` after every transfer of this page, until the returned function is called. */
  onTransfer(listener: (report: TransferReport) => void): () => void;
}

export interface Engine {
  /** A message of the worker that is not the loader's to answer. */
  receive(message: WorkerMessage): void;
  /** The bridge was opened anew: whatever the worker knew of this engine is gone. */
  reconnected(): void;
  /** What is allowed at present; what no longer is closes at once. Nothing is, until this is called. */
  allow(permission: Permission): void;
  stats(): EngineStats;
  /** For good. Safe to call twice. */
  stop(): void;
}

export interface Permission {
  /** The visitor's side: may this page lead the site's tabs at all? */
  readonly visitor: boolean;
  /** The site's signed policy: may look-ups, tracker and links be used? Only then is anything contacted. */
  readonly site: boolean;
}

export interface EngineModule {
  /** @throws PeerfoldError `not-supported` when the builds differ. */
  startEngine(host: EngineHost): Engine;
}

export interface EngineStats {
  /** Whether this tab holds the site's links. */
  readonly leading: boolean;
  /** Whether the tracker has welcomed us. */
  readonly tracker: boolean;
  /** Links wait for the visitor's explicit yes: this system may ask about the local network when they open. */
  readonly awaitsConsent: boolean;
  /** Open links. */
  readonly links: number;
  /** The peers at their other ends. */
  readonly peers: readonly LinkedPeer[];
  /** Why the hash service refused URLs, in its own words, by URL; the latest ones that this tab asked about. */
  readonly refusals: ReadonlyMap<string, string>;
  /** How the page's players have played; empty before there is any. */
  readonly playbacks: readonly Playback[];
  /** Payload bytes sent to peers. */
  readonly uploaded: number;
  /** Bytes per second that this tab may upload now; at 0 it offers nothing. */
  readonly uploadRate: number;
  /** Why it is not more, if there is a reason and this tab holds links. */
  readonly uploadLimit: UploadLimit | undefined;
}

/** A peer that a link is open to. */
export interface LinkedPeer {
  /** Our own number for it, as in `PeerEvent`. */
  readonly peer: number;
  /** Payload received from it and sent to it, bytes per second of late. */
  readonly down: number;
  readonly up: number;
  /** Milliseconds until it begins to answer a request; 20 stands for less, too. Absent until it was asked for something. */
  readonly rtt?: number;
  /** Files (by content) that it said it holds some of, among those this page has asked it about. */
  readonly holds: number;
}

/** Detail of the `peer` event: a link came up or went down. */
export interface PeerEvent {
  readonly state: 'up' | 'down';
  /** Our own number for the peer; its identity at the tracker is nobody's business. */
  readonly peer: number;
  readonly links: number;
  /** Why it went down. */
  readonly reason?: string;
}

/** Detail of the `error` event. */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What `peerfold.stats()` answers. */
export interface Stats {
  /** Bytes that this page received, by source, and bytes that were fetched in vain. */
  readonly bytes: TransferReport['bytes'];
  readonly uploaded: number;
  /** Bytes per second that this tab may upload now, and what keeps that down. */
  readonly uploadRate: number;
  readonly uploadLimit: UploadLimit | undefined;
  readonly links: number;
  /** The peers that this tab is linked to. */
  readonly peers: readonly LinkedPeer[];
  /** Links wait for the visitor's explicit yes, because this system may ask about the local network otherwise. */
  readonly awaitsConsent: boolean;
  /** How each video or audio element of the page has played what it plays now, as far as it was watched. */
  readonly playbacks: readonly Playback[];
  /** The latest transfers of this page, oldest first. */
  readonly resources: readonly TransferReport[];
}
