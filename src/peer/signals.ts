import type { PeerId } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { PeerfoldError } from '../core/errors.js';
import { CLOCK_TOLERANCE, MAX_SIGNAL_LENGTH } from '../core/limits.js';
import { isListOf, isObject, isText, isWhole, parseObject } from '../protocol/check.js';
import { open, seal, type Identity } from '../protocol/seal.js';
import type { SignalBatch } from './contract.js';
import type { Candidate, Signal } from './link.js';

/** How long (ms) a sealed batch may be on its way: as long as the tracker's pass lives. */
const SIGNAL_LIFE = 60_000;
/** A description with a data channel is 1 KB; ours are never longer than what fits a sealed signal. */
const MAX_DESCRIPTION = 8 * 1024;
/** A candidate line: address, ports, a few attributes. */
const MAX_CANDIDATE = 512;
/** RFC 8843 tags; browsers number them. */
const MAX_MID = 32;
const MAX_MEDIA_LINES = 16;
/** Signals in one batch: twice what our own batches hold. */
const MAX_SIGNALS = 32;
const MAX_ATTEMPT = 2 ** 32;

interface SignalRoute {
  readonly me: Identity;
  /** The sender's and the receiver's identity at the tracker. */
  readonly from: PeerId;
  readonly to: PeerId;
  /** The other side's admitted public key. */
  readonly key: string;
  readonly clock: Clock;
}

export interface SealOptions extends SignalRoute {
  readonly batch: SignalBatch;
}

export interface OpenOptions extends SignalRoute {
  readonly box: string;
}

/**
 * Seals a batch to the other peer, from us, for this pair of identities, for a minute. Returns the box
 * (base64url). Rejects with `bad-message` when it would be longer than the tracker takes, and when
 * `key` is no key.
 */
export async function sealSignals({ me, from, to, key, clock, batch }: SealOptions): Promise<string> {
  const text = JSON.stringify({ exp: clock.now() + SIGNAL_LIFE, ...batch });
  const box = await seal(key, infoFor(from, to), new TextEncoder().encode(text), me);
  if (box.length <= MAX_SIGNAL_LENGTH) return box;
  throw new PeerfoldError('bad-message', `signals of ${box.length} characters`, { limit: MAX_SIGNAL_LENGTH });
}

/** Opens a box; `undefined` unless it is from `key`, for us, for this pair, fresh, and well-formed. */
export async function openSignals({
  me,
  from,
  to,
  key,
  clock,
  box,
}: OpenOptions): Promise<SignalBatch | undefined> {
  if (box.length > MAX_SIGNAL_LENGTH) return undefined;
  const plaintext = await open(me, infoFor(from, to), box, key);
  const message = plaintext && parseObject(new TextDecoder().decode(plaintext), MAX_SIGNAL_LENGTH);
  if (!message || !isFresh(message['exp'], clock.now())) return undefined;
  const { attempt, signals } = message;
  if (!isWhole(attempt, 0, MAX_ATTEMPT) || !isListOf(signals, MAX_SIGNALS, isObject)) return undefined;
  const parsed = signals.map(parseSignal).filter((signal) => signal !== undefined);
  return parsed.length === signals.length ? { attempt, signals: parsed } : undefined;
}

/** Reads one signal, ours or a stranger's; `undefined` for anything that a data channel does not need. */
export function parseSignal(value: unknown): Signal | undefined {
  if (!isObject(value)) return undefined;
  const { type, sdp, candidate } = value;
  if (type === 'offer' || type === 'answer') return isText(sdp, MAX_DESCRIPTION) ? { type, sdp } : undefined;
  const parsed = type === 'candidate' ? parseCandidate(candidate) : undefined;
  return parsed && { type: 'candidate', candidate: parsed };
}

/** The empty candidate that some browsers give at the end of gathering is of no use to anybody. */
function parseCandidate(value: unknown): Candidate | undefined {
  if (!isObject(value)) return undefined;
  const { candidate, sdpMid = null, sdpMLineIndex = null } = value;
  if (!isText(candidate, MAX_CANDIDATE)) return undefined;
  if (sdpMid !== null && !isText(sdpMid, MAX_MID)) return undefined;
  if (sdpMLineIndex !== null && !isWhole(sdpMLineIndex, 0, MAX_MEDIA_LINES)) return undefined;
  return { candidate, sdpMid, sdpMLineIndex };
}

/** HPKE `info`: a box is of use only between these two, in this direction. */
function infoFor(from: PeerId, to: PeerId): string {
  return `peerfold-signal/1 ${from} ${to}`;
}

function isFresh(expiry: unknown, now: number): boolean {
  const tolerance = 1000 * CLOCK_TOLERANCE;
  return isWhole(expiry, now - tolerance, now + SIGNAL_LIFE + tolerance);
}
