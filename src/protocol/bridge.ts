import type { Bytes } from '../core/bytes.js';
import type { ByteLength, CanonicalUrl, PieceIndex, Root, Site } from '../core/brands.js';
import type { PlaylistCopy } from './playlist-copy.js';

/**
 * What a page and the worker say to each other, once the page's hello (hello.ts) has brought a port. Messages that
 * belong together share an `id`.
 *
 * The worker trusts nothing that comes over the port: it checks shapes (page-message.ts), bytes and
 * statements against signatures, waiting times against its own bounds. Bytes are transferred, never copied.
 * Back-pressure is by asking: the engine sends only pieces that a `need` lists, and the worker
 * lists no more than it can hold.
 */

/** The site's literal, as the worker understood it: the page learns its services only from here. */
export interface SiteConfig {
  readonly site: Site;
  /** Address that `/v1/…` is appended to; it may have a path. */
  readonly hasher: string;
  readonly tracker: string;
  /** At `hasher` lie files that were signed beforehand, not a service: nobody to ask, report to or admit by. */
  readonly static: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly origins: readonly string[];
  /** Sites whose visitors may be peers, admitted by the same hash service. */
  readonly partners: readonly string[];
  /** Seconds of a video that come over HTTP first. */
  readonly headStart: number;
  /** Fixed deadline in milliseconds instead of the adaptive one. */
  readonly fallbackMs?: number;
  /** Smaller representations (bytes) are left to HTTP. */
  readonly minSize: number;
}

/** Where bytes that the page received came from; each byte has exactly one source. */
export type Source = 'peer' | 'store' | 'cache' | 'http';
/** Bytes by source, and bytes that were fetched and thrown away. */
export type ByteCounts = Readonly<Record<Source | 'wasted', number>>;

/** What became of a piece or statement that was checked. */
export type Verdict = 'verified' | 'mismatch' | 'expired' | 'unsigned' | 'refused';

/** One finished (or failed) answer to one request of the page. */
export interface TransferReport {
  readonly url: string;
  readonly destination: string;
  /** First byte of the part that was asked for; absent when it was not asked for from a byte on. */
  readonly start?: number;
  readonly bytes: ByteCounts;
  /** Milliseconds since 1970 when the request reached the worker. */
  readonly started: number;
  /** Milliseconds until the first and last byte were handed to the page. */
  readonly firstByte: number;
  readonly duration: number;
  /** Checked pieces by verdict. */
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  /** Why peers were not used or not enough, as a stable word such as `above-fold`; absent when they sufficed. */
  readonly fallback?: FallbackReason;
  /** What the origin was asked for this; absent when it was not. */
  readonly origin?: OriginPart;
}

/** The origin's part in an answer. */
export interface OriginPart {
  /** Milliseconds until it was asked first. */
  readonly after: number;
  /** It answered with an error of its own, or not at all. */
  readonly failed: boolean;
}

/** Whether an answer of this status says that the origin is in trouble: 5xx, or 429 (RFC 6585). */
export function isFailure(status: number): boolean {
  return status >= 500 || status === 429;
}

/** What a page gives as reason. */
export const PAGE_REASONS = [
  'above-fold',
  'before-worker',
  'head-start',
  'live-edge',
  'no-answer',
  'no-engine',
  'no-peers',
  'deadline',
  'resting',
] as const;
export type FallbackReason =
  | (typeof PAGE_REASONS)[number]
  | 'canary'
  | 'no-token'
  | 'refused'
  | 'mismatch'
  | 'store-failed'
  | 'not-allowed'
  | 'disabled'
  | 'too-large'
  | 'too-small'
  | 'unsupported';

/** What a player will want: all of a URL, or the bytes from `start` up to, not including, `end`. */
export interface Upcoming {
  readonly url: CanonicalUrl;
  readonly start?: number;
  readonly end?: number;
  /** Milliseconds until playback gets there, from when this is said. */
  readonly due: number;
}

/** A URL as it was requested, and for what (`Request.destination`). */
export interface LoadedResource {
  readonly url: CanonicalUrl;
  readonly destination: string;
}

export type PageMessage =
  /** This page's engine now serves the site's tabs, or no longer does. */
  | { readonly t: 'lead'; readonly on: boolean }
  /** This page's engine answers `place` from now on, or no longer does. Off after a hello. */
  | { readonly t: 'places'; readonly on: boolean }
  /**
   * Answer to `place`: milliseconds that peers may take; 0 means HTTP at once, for `reason`. `together`: of a
   * large file the origin may give one part while peers give others. `slow`: the origin takes so long that peers
   * may turn up while it does. `lasting`: nobody may hold it yet, but somebody will, and
   * says what it is within so many milliseconds. `rate`: bytes per second at which
   * to hand out what is not the origin's, so that a player takes its source for no faster than the site.
   */
  | {
      readonly t: 'placed';
      readonly id: number;
      readonly wait: number;
      readonly reason?: FallbackReason;
      readonly together?: boolean;
      readonly slow?: boolean;
      readonly lasting?: number;
      readonly rate?: number;
    }
  /**
   * What players of this page will want, soonest first: peers are asked for it ahead of them. Takes the place of
   * what was said before, and what that lacks is not wanted any more.
   */
  | { readonly t: 'ahead'; readonly items: readonly Upcoming[] }
  /**
   * These came to the page without passing through the worker, because it left them to the browser or
   * was not there yet. The HTTP cache may have them still, to be shared.
   */
  | { readonly t: 'loaded'; readonly resources: readonly LoadedResource[] }
  /** Digest tokens and refusals, from the hash service or from peers. */
  | { readonly t: 'tokens'; readonly tokens: readonly string[] }
  /** The visitor saves this file as `name`: may a frame of mine navigate there, and will you answer that? */
  | { readonly t: 'save'; readonly url: CanonicalUrl; readonly name: string }
  /** Nothing is signed about these, so that no statement is worth waiting for. */
  | { readonly t: 'unsigned'; readonly urls: readonly CanonicalUrl[] }
  /** A layer that `need` wanted. `from` as with pieces; absent when it is the hash service's. */
  | { readonly t: 'layer'; readonly root: Root; readonly bytes: Bytes; readonly from?: number }
  /** A piece that `need` listed. `from` is the engine's own number for the peer, returned in the verdict. */
  | {
      readonly t: 'piece';
      readonly root: Root;
      readonly index: PieceIndex;
      readonly from: number;
      readonly bytes: Bytes;
    }
  /** Peers cannot help with this need (any more, or so far): do not wait for the deadline. */
  | { readonly t: 'miss'; readonly id: number; readonly reason: FallbackReason }
  /** Bytes of a held piece, to upload. */
  | { readonly t: 'read'; readonly id: number; readonly root: Root; readonly index: PieceIndex }
  /** Is `admission` genuine, current, of this site, and for `key`? */
  | { readonly t: 'admit'; readonly id: number; readonly admission: string; readonly key: string };

/** Links, look-ups and uploads are allowed only while `enabled`. Both are absent while no policy is in force. */
export interface SitePolicy {
  readonly enabled?: boolean;
  readonly rollout?: number;
}

export type WorkerMessage =
  | { readonly t: 'welcome'; readonly build: string; readonly config: SiteConfig }
  /** The worker is of another build; nothing else will follow. */
  | { readonly t: 'mismatch'; readonly build: string }
  /** The signed policy as it stands now. */
  | ({ readonly t: 'policy' } & SitePolicy)
  /** Where is this resource on your page, and how long may peers take? `start`: first byte of the part asked for. */
  | {
      readonly t: 'place';
      readonly id: number;
      readonly url: CanonicalUrl;
      readonly destination: string;
      readonly start?: number;
    }
  /** A playlist or manifest that your page has just got. */
  | ({ readonly t: 'playlist' } & PlaylistCopy)
  /** This request of yours was left to the browser, for `reason`: your own timing tells what became of it. */
  | {
      readonly t: 'left';
      readonly url: CanonicalUrl;
      readonly destination: string;
      readonly reason: FallbackReason;
    }
  /** These URLs were requested and no token is known: get tokens, for sharing if not for this request. */
  | { readonly t: 'seen'; readonly urls: readonly CanonicalUrl[] }
  /** A statement that you sent was verified: this URL is this representation until `until` (ms). */
  | {
      readonly t: 'known';
      readonly url: CanonicalUrl;
      readonly root: Root;
      readonly length: ByteLength;
      readonly piece: ByteLength;
      readonly until: number;
    }
  /** The hash service refused this URL until `until` (ms). */
  | {
      readonly t: 'refused';
      readonly url: CanonicalUrl;
      readonly code: string;
      readonly why: string;
      readonly until: number;
    }
  /**
   * Get these pieces, first ones first, within `wait` ms. `layer`: I have no layer for this root yet.
   * `lasting`: a holder may turn up until then, so that a `miss` for lack of peers does not end it.
   */
  | {
      readonly t: 'need';
      readonly id: number;
      readonly url: CanonicalUrl;
      readonly root: Root;
      readonly length: ByteLength;
      readonly piece: ByteLength;
      readonly pieces: readonly PieceIndex[];
      readonly wait: number;
      readonly layer: boolean;
      readonly lasting?: boolean;
    }
  /** The need `id` is over, however it ended. */
  | { readonly t: 'cancel'; readonly id: number }
  /** Of a piece; without `index`, of a layer, and only when it is a wrong one. */
  | {
      readonly t: 'verdict';
      readonly root: Root;
      readonly index?: PieceIndex;
      readonly from: number;
      readonly verdict: Verdict;
    }
  /**
   * What may be announced and uploaded until `until` (ms), by what `token` says of `url`; sent again as it
   * grows. `layer` comes the first time.
   */
  | {
      readonly t: 'held';
      readonly url: CanonicalUrl;
      readonly token: string;
      readonly root: Root;
      readonly length: ByteLength;
      readonly piece: ByteLength;
      readonly bits: Bytes;
      readonly until: number;
      readonly layer?: Bytes;
    }
  /** Stop announcing and uploading this root at once. */
  | { readonly t: 'drop'; readonly root: Root }
  /** Pages of the site have requests of their own under way at the origin, or no more: uploading makes way. */
  | { readonly t: 'busy'; readonly on: boolean }
  /** Answer to `read`; no bytes when the piece is gone. */
  | { readonly t: 'bytes'; readonly id: number; readonly bytes?: Bytes }
  | { readonly t: 'admitted'; readonly id: number; readonly ok: boolean }
  /** Answer to `save`. */
  | { readonly t: 'saves'; readonly url: CanonicalUrl; readonly ok: boolean }
  /** The page's own copy of `url` differs from the signed root: tell the hash service. */
  | { readonly t: 'differs'; readonly url: CanonicalUrl; readonly signed: Root }
  | { readonly t: 'transfer'; readonly report: TransferReport }
  | { readonly t: 'fault'; readonly code: string; readonly message: string };
