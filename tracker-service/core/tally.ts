import type { ClientMessage, TrackerErrorCode } from '../../src/protocol/tracker.js';
import type { EndReason } from './refusal.js';

/** What the core counts; the labels are closed sets, so that strangers cannot make new ones. */
export interface Tally {
  message(kind: ClientMessage['t']): void;
  refusal(code: TrackerErrorCode): void;
  ended(reason: EndReason): void;
  welcome(resumed: boolean): void;
  /** Peers shown, in answer to a want or pushed later. */
  introductions(count: number, pushed: boolean): void;
  signal(): void;
  /** Verdicts of the hash service about announced roots. */
  verdicts(live: number, dead: number): void;
  /** Something failed that is the operator's to know, not a stranger's doing. */
  trouble(error: unknown): void;
}
