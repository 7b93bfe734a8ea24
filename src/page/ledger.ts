import type { ByteCounts, TransferReport } from '../protocol/bridge.js';

/** Transfers kept for `stats()`: an hour of four-second segments, or a very long gallery. */
export const MAX_RESOURCES = 1000;

/** Adds up what this page received. */
export class Ledger {
  #bytes: ByteCounts = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 };
  readonly #resources: TransferReport[] = [];

  add(report: TransferReport): void {
    const { peer, store, cache, http, wasted } = report.bytes;
    const sum = this.#bytes;
    this.#bytes = {
      peer: sum.peer + peer,
      store: sum.store + store,
      cache: sum.cache + cache,
      http: sum.http + http,
      wasted: sum.wasted + wasted,
    };
    if (this.#resources.push(report) > MAX_RESOURCES) this.#resources.shift();
  }

  get bytes(): ByteCounts {
    return this.#bytes;
  }

  /** A copy, oldest first. */
  get resources(): TransferReport[] {
    return this.#resources.slice();
  }
}
