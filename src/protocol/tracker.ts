import type { PeerId, RootPrefix, Site } from '../core/brands.js';
import { isPeerId, isRootPrefix } from '../core/brands.js';
import {
  MAX_HAVE_ROOTS,
  MAX_SIGNALS,
  MAX_SIGNAL_LENGTH,
  MAX_TOKEN_LENGTH,
  MAX_TRACKER_MESSAGE,
  MAX_WANT_PEERS,
  MAX_WANT_ROOTS,
} from '../core/limits.js';
import type { JsonObject } from './check.js';
import { isBase64Url, isCompactJws, isListOf, isObject, isText, isWhole, parseObject } from './check.js';
import { isPublicKey, isSite } from './hasher.js';

/**
 * What visitors and the tracker say to each other, version 1: JSON text over one WebSocket.
 * `t` names the message. Numbers that name requests (`seq`, `q`) are the client's and are echoed.
 */
export const TRACKER_SUBPROTOCOL = 'peerfold.v1';

/** HPKE `info` of the challenge that proves possession of the admitted key. */
export const CHALLENGE_INFO = 'peerfold-challenge/1';

/** First message of a client. `admission` is absent only where the tracker admits by origin. */
export interface Hello {
  readonly t: 'hello';
  readonly v: 1;
  readonly site: Site;
  /** The visitor's ephemeral P-256 public key (65 raw bytes, base64url). */
  readonly key: string;
  readonly admission?: string;
  /** Secret from an earlier welcome: take the same pid back within 60 s of a drop. */
  readonly resume?: string;
}
/** Answer to the challenge: the nonce that the box held, base64url. */
export interface Proof {
  readonly t: 'proof';
  readonly nonce: string;
}
/** A new admission for the same key and site, before the old one ends. Answered by `ok`. */
export interface Renew {
  readonly t: 'renew';
  readonly seq: number;
  readonly admission: string;
}
/** The visitor now holds at least one piece of `add` and none of `del`. */
export interface Have {
  readonly t: 'have';
  readonly seq: number;
  readonly add: readonly RootPrefix[];
  readonly del: readonly RootPrefix[];
}
/** Which peers hold these? `live` keeps the want open for that many seconds. */
export interface Want {
  readonly t: 'want';
  readonly q: number;
  readonly roots: readonly RootPrefix[];
  /** Peers wanted at most. */
  readonly k: number;
  readonly live: number;
}
export interface CancelWant {
  readonly t: 'cancel';
  readonly q: number;
}
/** A sealed signal to an introduced peer; the tracker cannot read `box`. */
export interface SignalTo {
  readonly to: PeerId;
  readonly pass: string;
  readonly box: string;
}
/** Signals of one moment, at least one. Each is relayed or refused on its own. */
export interface Signals {
  readonly t: 'signal';
  readonly list: readonly SignalTo[];
}
/** How busy this visitor's upload is: 0 idle, 3 full. */
export interface Load {
  readonly t: 'load';
  readonly up: number;
}
/** How a peer behaved: pieces that were right, wrong and late, and verified bytes. */
export interface Report {
  readonly t: 'report';
  readonly pid: PeerId;
  readonly ok: number;
  readonly bad: number;
  readonly slow: number;
  readonly bytes: number;
}
export interface ClientBye {
  readonly t: 'bye';
}
export type ClientMessage =
  Hello | Proof | Renew | Have | Want | CancelWant | Signals | Load | Report | ClientBye;

/** A nonce sealed (HPKE base mode) to the key of `hello`. */
export interface Challenge {
  readonly t: 'challenge';
  readonly box: string;
}
export interface Welcome {
  readonly t: 'welcome';
  readonly pid: PeerId;
  readonly resume: string;
  /** Seconds within which the client must say something (a WebSocket pong counts). */
  readonly lease: number;
}
export interface Ok {
  readonly t: 'ok';
  readonly seq: number;
}
/** One introduction. Order in the list is the tracker's preference and tells no reason. */
export interface Introduction {
  readonly pid: PeerId;
  readonly key: string;
  readonly admission?: string;
  /** Which of the wanted roots this peer holds: a base64url bitfield over the want's list. */
  readonly has: string;
  readonly pass: string;
}
/** Answer to a want, and again whenever new holders appear while it is live. */
export interface Peers {
  readonly t: 'peers';
  readonly q: number;
  readonly peers: readonly Introduction[];
}
export interface SignalFrom {
  readonly t: 'signal';
  readonly from: PeerId;
  readonly key: string;
  readonly admission?: string;
  /** The receiver's own right to answer. */
  readonly pass: string;
  readonly box: string;
}
/** `re` is the kind of message refused; `retry` milliseconds until it may be tried again. */
export interface TrackerError {
  readonly t: 'error';
  readonly re: string;
  readonly code: TrackerErrorCode;
  readonly message: string;
  readonly retry?: number;
}
/** The node is going away: reconnect after a random time within [min, max] milliseconds. */
export interface TrackerBye {
  readonly t: 'bye';
  readonly retry: readonly [min: number, max: number];
}
export type TrackerMessage = Challenge | Welcome | Ok | Peers | SignalFrom | TrackerError | TrackerBye;

export const TRACKER_ERROR_CODES = [
  'bad-message',
  'bad-admission',
  'bad-proof',
  'bad-pass',
  'wrong-site',
  'hello-first',
  'gone',
  'rate',
  'full',
] as const;
export type TrackerErrorCode = (typeof TRACKER_ERROR_CODES)[number];

const MAX_SEQ = 2 ** 32;
const MAX_LIVE_SECONDS = 120;
const MAX_SECRET = 128;
const MAX_PASS = 128;
const MAX_COUNT = 2 ** 40;
const MAX_RETRY = 3_600_000;

/** Parses one client message; `undefined` when it is malformed, unknown or over a bound. */
export function parseClientMessage(text: string): ClientMessage | undefined {
  const message = parseObject(text, MAX_TRACKER_MESSAGE);
  return message && isClientMessage(message) ? message : undefined;
}

/** Parses one tracker message; `undefined` when it is malformed, unknown or over a bound. */
export function parseTrackerMessage(text: string): TrackerMessage | undefined {
  const message = parseObject(text, 2 * MAX_TRACKER_MESSAGE);
  return message && isTrackerMessage(message) ? message : undefined;
}

const clientChecks: Record<ClientMessage['t'], (m: JsonObject) => boolean> = {
  hello: (m) =>
    m['v'] === 1 &&
    isSite(m['site']) &&
    isPublicKey(m['key']) &&
    optional(m['admission'], (v) => isCompactJws(v, MAX_TOKEN_LENGTH)) &&
    optional(m['resume'], (v) => isBase64Url(v, MAX_SECRET)),
  proof: (m) => isBase64Url(m['nonce'], MAX_SECRET),
  renew: (m) => isWhole(m['seq'], 0, MAX_SEQ) && isCompactJws(m['admission'], MAX_TOKEN_LENGTH),
  have: (m) =>
    isWhole(m['seq'], 0, MAX_SEQ) &&
    isPrefixes(m['add'], MAX_HAVE_ROOTS) &&
    isPrefixes(m['del'], MAX_HAVE_ROOTS),
  want: (m) =>
    isWhole(m['q'], 0, MAX_SEQ) &&
    isPrefixes(m['roots'], MAX_WANT_ROOTS) &&
    isWhole(m['k'], 1, MAX_WANT_PEERS) &&
    isWhole(m['live'], 0, MAX_LIVE_SECONDS),
  cancel: (m) => isWhole(m['q'], 0, MAX_SEQ),
  signal: (m) => isListOf(m['list'], MAX_SIGNALS, isSignalTo) && m['list'].length > 0,
  load: (m) => isWhole(m['up'], 0, 3),
  report: (m) =>
    isPeerId(m['pid']) && ['ok', 'bad', 'slow', 'bytes'].every((field) => isWhole(m[field], 0, MAX_COUNT)),
  bye: () => true,
};

const trackerChecks: Record<TrackerMessage['t'], (m: JsonObject) => boolean> = {
  challenge: (m) => isBase64Url(m['box'], 1024),
  welcome: (m) => isPeerId(m['pid']) && isBase64Url(m['resume'], MAX_SECRET) && isWhole(m['lease'], 1, 3600),
  ok: (m) => isWhole(m['seq'], 0, MAX_SEQ),
  peers: (m) => isWhole(m['q'], 0, MAX_SEQ) && isListOf(m['peers'], MAX_WANT_PEERS, isIntroduction),
  signal: (m) =>
    isPeerId(m['from']) &&
    isContact(m) &&
    isBase64Url(m['pass'], MAX_PASS) &&
    isBase64Url(m['box'], MAX_SIGNAL_LENGTH),
  error: (m) =>
    isText(m['re'], 32) &&
    isErrorCode(m['code']) &&
    isText(m['message'], 512) &&
    optional(m['retry'], (v) => isWhole(v, 0, MAX_RETRY)),
  bye: (m) =>
    isListOf(m['retry'], 2, (v): v is number => isWhole(v, 0, MAX_RETRY)) && m['retry'].length === 2,
};

function isClientMessage(m: JsonObject): m is JsonObject & ClientMessage {
  const kind = m['t'];
  return (
    typeof kind === 'string' &&
    Object.hasOwn(clientChecks, kind) &&
    clientChecks[kind as ClientMessage['t']](m)
  );
}

function isTrackerMessage(m: JsonObject): m is JsonObject & TrackerMessage {
  const kind = m['t'];
  return (
    typeof kind === 'string' &&
    Object.hasOwn(trackerChecks, kind) &&
    trackerChecks[kind as TrackerMessage['t']](m)
  );
}

function isSignalTo(value: unknown): value is SignalTo {
  return (
    isObject(value) &&
    isPeerId(value['to']) &&
    isBase64Url(value['pass'], MAX_PASS) &&
    isBase64Url(value['box'], MAX_SIGNAL_LENGTH)
  );
}

function isIntroduction(value: unknown): value is Introduction {
  return (
    isObject(value) &&
    isPeerId(value['pid']) &&
    isContact(value) &&
    isBase64Url(value['has'], Math.ceil(MAX_WANT_ROOTS / 6) + 2) &&
    isBase64Url(value['pass'], MAX_PASS)
  );
}

function isContact(m: JsonObject): boolean {
  return isPublicKey(m['key']) && optional(m['admission'], (v) => isCompactJws(v, MAX_TOKEN_LENGTH));
}

function isPrefixes(value: unknown, max: number): value is RootPrefix[] {
  return isListOf(value, max, isRootPrefix);
}

function isErrorCode(value: unknown): value is TrackerErrorCode {
  const codes: readonly unknown[] = TRACKER_ERROR_CODES;
  return codes.includes(value);
}

function optional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}
