import os from 'node:os';
import type { BenchRow } from '../report.js';

/** Above this share of its processors a machine's timings are of a crowd. */
const CROWDED = 0.8;

/** How busy this machine's processors were since this was made, by whatever ran on it. */
export class HostBusy {
  readonly #before = processorTimes();

  /** Share of all processors, 0 to 1. */
  get share(): number {
    const { busy, all } = processorTimes();
    return (busy - this.#before.busy) / Math.max(1, all - this.#before.all);
  }

  row(): BenchRow {
    const { share } = this;
    const crowded = share > CROWDED;
    return {
      name: 'processors of the host, busy',
      value: Math.round(100 * share),
      unit: '%',
      ...(crowded ? { note: 'above 80: ratios count, figures are of a crowded machine' } : {}),
    };
  }
}

function processorTimes(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of os.cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}
