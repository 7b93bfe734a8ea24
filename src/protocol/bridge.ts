import type { Bytes } from '../core/bytes.js';
import type { ByteLength, CanonicalUrl, PieceIndex, Root, Site } from '../core/brands.js';
import { isRoot } from '../core/brands.js';
import { MAX_DIGEST_URLS, MAX_TOKEN_LENGTH } from '../core/limits.js';
import { MAX_PIECE_LENGTH } from '../core/pieces.js';
import type { JsonObject } from './check.js';
import { isCompactJws, isListOf, isObject, isText, isWhole } from './check.js';
import { isCanonicalUrl, isPublicKey } from './hasher.js';

/**
 * What a page and the worker say to each other. The page opens a `MessageChannel`, posts
 * `BridgeHello` with one port to the worker, and both keep their port: a kept port is nearly twice
 * as fast as a channel per question. Messages that belong together share an `id`.
 *
 * The worker trusts nothing that comes over the port: it checks shapes here, bytes and statements
 * against signatures, waiting times against its own bounds. Bytes are transferred, never copied.
 * Back-pressure is by asking: the engine sends only pieces that a `need` lists, and the worker
 * lists no more than it can hold.
 */
export interface BridgeHello {
  readonly peerfold: 'hello';
  /** Builds that differ do not talk; both sides then use HTTP only. */
  readonly build: string;
  /** Names the visit across pages and tabs; pieces of other visits are not offered to peers. */
  readonly visit: string;
  readonly allowed: boolean;
  /** Media elements of this page began to load before the worker controlled it: ask about each. */
  readonly early: boolean;
}

/** Posted by a restarted worker to its windows: say hello again, my ports are gone. */
export interface BridgeCall {
  readonly peerfold: 'call';
  readonly build: string;
}

/** The site's literal, as the worker understood it: the page learns its services only from here. */
export interface SiteConfig {
  readonly site: Site;
  /** Address that `/v1/…` and `/.well-known/jwks.json` are appended to; it may have a path. */
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
}

/** What a page gives as reason. */
export const PAGE_REASONS = [
  'above-fold',
  'before-worker',
  'head-start',
  'no-answer',
  'no-engine',
  'no-peers',
  'deadline',
] as const;
export type FallbackReason =
  | (typeof PAGE_REASONS)[number]
  | 'canary'
  | 'no-token'
  | 'refused'
  | 'mismatch'
  | 'not-allowed'
  | 'disabled'
  | 'too-large'
  | 'too-small';

/** A URL as it was requested, and for what (`Request.destination`). */
export interface LoadedResource {
  readonly url: CanonicalUrl;
  readonly destination: string;
}

export type PageMessage =
  /** Policy changed: consent given or withdrawn, signal lost. */
  | { readonly t: 'allow'; readonly allowed: boolean }
  /** This page's engine now serves the site's tabs, or no longer does. */
  | { readonly t: 'lead'; readonly on: boolean }
  /** This page's engine answers `place` from now on, or no longer does. Off after a hello. */
  | { readonly t: 'places'; readonly on: boolean }
  /** Answer to `place`: milliseconds that peers may take; 0 means HTTP at once, for `reason`. */
  | { readonly t: 'placed'; readonly id: number; readonly wait: number; readonly reason?: FallbackReason }
  /**
   * These came to the page without passing through the worker, because it left them to the browser or
   * was not there yet. The HTTP cache may have them still, to be shared.
   */
  | { readonly t: 'loaded'; readonly resources: readonly LoadedResource[] }
  /** Digest tokens and refusals, from the hash service or from peers. */
  | { readonly t: 'tokens'; readonly tokens: readonly string[] }
  /** Nothing is signed about these, so that no statement is worth waiting for. */
  | { readonly t: 'unsigned'; readonly urls: readonly CanonicalUrl[] }
  | { readonly t: 'layer'; readonly root: Root; readonly bytes: Bytes }
  /** A piece that `need` listed. `from` is the engine's own number for the peer, returned in the verdict. */
  | {
      readonly t: 'piece';
      readonly root: Root;
      readonly index: PieceIndex;
      readonly from: number;
      readonly bytes: Bytes;
    }
  /** Peers cannot help with this need (any more): do not wait for the deadline. */
  | { readonly t: 'miss'; readonly id: number; readonly reason: FallbackReason }
  /** Bytes of a held piece, to upload. */
  | { readonly t: 'read'; readonly id: number; readonly root: Root; readonly index: PieceIndex }
  /** Is `admission` genuine, current, of this site, and for `key`? */
  | { readonly t: 'admit'; readonly id: number; readonly admission: string; readonly key: string };

export type WorkerMessage =
  | { readonly t: 'welcome'; readonly build: string; readonly config: SiteConfig }
  /** The worker is of another build; nothing else will follow. */
  | { readonly t: 'mismatch'; readonly build: string }
  /** The signed policy as it stands now: links, look-ups and uploads are allowed only while `enabled`. */
  | { readonly t: 'policy'; readonly enabled: boolean; readonly rollout: number }
  /** Where is this resource on your page, and how long may peers take? */
  | { readonly t: 'place'; readonly id: number; readonly url: CanonicalUrl; readonly destination: string }
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
  /** Get these pieces, first ones first, within `wait` ms. `layer`: I have no layer for this root yet. */
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
    }
  /** The need `id` is over, however it ended. */
  | { readonly t: 'cancel'; readonly id: number }
  | {
      readonly t: 'verdict';
      readonly root: Root;
      readonly index: PieceIndex;
      readonly from: number;
      readonly verdict: Verdict;
    }
  /** What may be announced and uploaded until `until` (ms); sent again as it grows. `layer` comes the first time. */
  | {
      readonly t: 'held';
      readonly root: Root;
      readonly length: ByteLength;
      readonly piece: ByteLength;
      readonly bits: Bytes;
      readonly until: number;
      readonly layer?: Bytes;
    }
  /** Stop announcing and uploading this root at once. */
  | { readonly t: 'drop'; readonly root: Root }
  /** Answer to `read`; no bytes when the piece is gone. */
  | { readonly t: 'bytes'; readonly id: number; readonly bytes?: Bytes }
  | { readonly t: 'admitted'; readonly id: number; readonly ok: boolean }
  /** The page's own copy of `url` differs from the signed root: tell the hash service. */
  | { readonly t: 'differs'; readonly url: CanonicalUrl; readonly signed: Root }
  | { readonly t: 'transfer'; readonly report: TransferReport }
  | { readonly t: 'fault'; readonly code: string; readonly message: string };

const MAX_ID = 2 ** 32;
const MAX_WAIT = 120_000;
/** 2^40 bytes at 1 MiB a piece. */
const MAX_LAYER = 32 * 2 ** 20;

export function isBridgeHello(value: unknown): value is BridgeHello {
  return (
    isObject(value) &&
    value['peerfold'] === 'hello' &&
    isText(value['build'], 64) &&
    isText(value['visit'], 64) &&
    typeof value['allowed'] === 'boolean' &&
    typeof value['early'] === 'boolean'
  );
}

export function isBridgeCall(value: unknown): value is BridgeCall {
  return isObject(value) && value['peerfold'] === 'call' && isText(value['build'], 64);
}

/** Parses what a page posted; `undefined` for anything that is not exactly a `PageMessage` within bounds. */
export function parsePageMessage(value: unknown): PageMessage | undefined {
  return isObject(value) && isPageMessage(value) ? value : undefined;
}

const pageChecks: Record<PageMessage['t'], (m: JsonObject) => boolean> = {
  allow: (m) => typeof m['allowed'] === 'boolean',
  lead: (m) => typeof m['on'] === 'boolean',
  places: (m) => typeof m['on'] === 'boolean',
  placed: (m) => isId(m['id']) && isWait(m['wait']) && (m['reason'] === undefined || isReason(m['reason'])),
  loaded: (m) => isListOf(m['resources'], MAX_DIGEST_URLS, isLoadedResource),
  tokens: (m) =>
    isListOf(m['tokens'], MAX_DIGEST_URLS, (token): token is string => isCompactJws(token, MAX_TOKEN_LENGTH)),
  unsigned: (m) => isListOf(m['urls'], MAX_DIGEST_URLS, isCanonicalUrl),
  layer: (m) => isRoot(m['root']) && isBytes(m['bytes'], MAX_LAYER),
  piece: (m) => isPieceOf(m) && isId(m['from']) && isBytes(m['bytes'], MAX_PIECE_LENGTH),
  miss: (m) => isId(m['id']) && isReason(m['reason']),
  read: (m) => isId(m['id']) && isPieceOf(m),
  admit: (m) => isId(m['id']) && isCompactJws(m['admission'], MAX_TOKEN_LENGTH) && isPublicKey(m['key']),
};

function isPageMessage(m: JsonObject): m is JsonObject & PageMessage {
  const kind = m['t'];
  return (
    typeof kind === 'string' && Object.hasOwn(pageChecks, kind) && pageChecks[kind as PageMessage['t']](m)
  );
}

function isLoadedResource(value: unknown): value is LoadedResource {
  return isObject(value) && isCanonicalUrl(value['url']) && isDestination(value['destination']);
}

/** The longest is `sharedworker`; scripts' own requests have an empty one. */
function isDestination(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 32;
}

function isPieceOf(m: JsonObject): boolean {
  return isRoot(m['root']) && isWhole(m['index'], 0, MAX_ID);
}

function isId(value: unknown): value is number {
  return isWhole(value, 0, MAX_ID);
}

function isReason(value: unknown): value is FallbackReason {
  const reasons: readonly unknown[] = PAGE_REASONS;
  return reasons.includes(value);
}

function isWait(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_WAIT;
}

function isBytes(value: unknown, max: number): value is Bytes {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.byteLength <= max;
}
