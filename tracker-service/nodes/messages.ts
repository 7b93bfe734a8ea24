import { isPeerId, isRootPrefix, type PeerId, type RootPrefix, type Site } from '../../src/core/brands.js';
import { MAX_HAVE_ROOTS, MAX_SIGNAL_LENGTH, MAX_TOKEN_LENGTH } from '../../src/core/limits.js';
import {
  isBase64Url,
  isCompactJws,
  isListOf,
  isWhole,
  parseObject,
  type JsonObject,
} from '../../src/protocol/check.js';
import { isPublicKey } from '../../src/protocol/hasher.js';
import { isSite } from '../../src/protocol/url.js';
import type { Profile } from './port.js';

/** A visitor of the sender signals one of the receiver's; the pass was checked by the sender. */
export interface NodeSignal {
  readonly t: 'signal';
  readonly site: Site;
  readonly from: PeerId;
  readonly key: string;
  readonly admission?: string;
  readonly to: PeerId;
  readonly box: string;
}
/** A signal of `to`, a visitor of the receiver, did not reach `about`. */
export interface NodeFailed {
  readonly t: 'failed';
  readonly site: Site;
  readonly to: PeerId;
  readonly about: PeerId;
  readonly code: FailureCode;
}
/** These roots, which the receiver watches, have a new holder. */
export interface NodeNews {
  readonly t: 'news';
  readonly site: Site;
  readonly roots: readonly RootPrefix[];
}
/** A complaint about a visitor of the receiver, by one of the sender's that met it; first of that pair. */
export interface NodeReport {
  readonly t: 'report';
  readonly site: Site;
  readonly pid: PeerId;
  readonly bad: number;
  readonly slow: number;
}
export type NodeMessage = NodeSignal | NodeFailed | NodeNews | NodeReport;

export const FAILURE_CODES = ['gone', 'full', 'rate'] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** A full list of news; a signal with key and admission is less than half of it. */
const MAX_MESSAGE = 80 * 1024;
const MAX_COUNT = 2 ** 40;
/** Later ends of admissions are no times. */
const MAX_TIME = 2 ** 43;
const MAX_PROFILE = MAX_TOKEN_LENGTH + 1024;

/** Parses one message of another node; `undefined` when it is malformed, unknown or over a bound. */
export function parseNodeMessage(text: string): NodeMessage | undefined {
  const message = parseObject(text, MAX_MESSAGE);
  return message && isNodeMessage(message) ? message : undefined;
}

const checks: Record<NodeMessage['t'], (m: JsonObject) => boolean> = {
  signal: (m) =>
    isPeerId(m['from']) &&
    isPeerId(m['to']) &&
    isPublicKey(m['key']) &&
    isAdmission(m['admission']) &&
    isBase64Url(m['box'], MAX_SIGNAL_LENGTH),
  failed: (m) => isPeerId(m['to']) && isPeerId(m['about']) && isFailureCode(m['code']),
  news: (m) => isListOf(m['roots'], MAX_HAVE_ROOTS, isRootPrefix),
  report: (m) => isPeerId(m['pid']) && isWhole(m['bad'], 0, MAX_COUNT) && isWhole(m['slow'], 0, MAX_COUNT),
};

function isNodeMessage(m: JsonObject): m is JsonObject & NodeMessage {
  const kind = m['t'];
  return (
    typeof kind === 'string' &&
    Object.hasOwn(checks, kind) &&
    checks[kind as NodeMessage['t']](m) &&
    isSite(m['site'])
  );
}

/** A profile as it is kept, under the visitor's pid. */
export function writeProfile({ key, admission, until, upload, complaints }: Profile): string {
  return JSON.stringify({ key, admission, until, upload, complaints });
}

export function parseProfile(pid: PeerId, text: unknown): Profile | undefined {
  const kept = typeof text === 'string' ? parseObject(text, MAX_PROFILE) : undefined;
  if (!kept) return undefined;
  const { key, admission, until, upload, complaints } = kept;
  if (!isPublicKey(key) || !isAdmission(admission) || !isWhole(until, 0, MAX_TIME)) return undefined;
  if (!isWhole(upload, 0, 3) || !isComplaints(complaints)) return undefined;
  return { pid, key, ...(admission === undefined ? {} : { admission }), until, upload, complaints };
}

function isAdmission(value: unknown): value is string | undefined {
  return value === undefined || isCompactJws(value, MAX_TOKEN_LENGTH);
}

/** Quarters count: of a slow peer the complaint is a small one. */
function isComplaints(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_COUNT;
}

function isFailureCode(value: unknown): value is FailureCode {
  const codes: readonly unknown[] = FAILURE_CODES;
  return codes.includes(value);
}
