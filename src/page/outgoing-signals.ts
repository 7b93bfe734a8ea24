import { MAX_SIGNALS } from '../core/limits.js';
import type { Signals, SignalTo } from '../protocol/tracker.js';

/** Characters of signals in one message: with what is around them, below the tracker's limit. */
const MAX_LENGTH = 48 * 1024;

/** Signals that wait to be sent together: a page offers links to several peers in one moment. */
export class OutgoingSignals {
  #waiting: SignalTo[] = [];

  add(signal: SignalTo): void {
    this.#waiting.push(signal);
  }

  /** All that wait, in the order in which they came, in as few messages as the tracker takes. */
  take(): Signals[] {
    const lists: SignalTo[][] = [];
    let length = 0;
    for (const signal of this.#waiting) {
      const last = lists.at(-1);
      length += signal.box.length;
      if (last && last.length < MAX_SIGNALS && length <= MAX_LENGTH) last.push(signal);
      else {
        lists.push([signal]);
        length = signal.box.length;
      }
    }
    this.#waiting = [];
    return lists.map((list) => ({ t: 'signal', list }));
  }
}
