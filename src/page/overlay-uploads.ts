import type { Clock } from '../core/clock.js';
import { make, write } from './elements.js';
import type { Stats } from './engine-host.js';
import type { Memory } from './memory.js';
import type { PeerfoldOptions } from './options.js';
import { formatBytes } from './overlay-model.js';
import { UPLOAD_LIMITS } from './overlay-reasons.js';
import { DEFAULT_MONTH, DEFAULT_SESSION } from './upload-budget.js';
import { uploadChoice, type UploadLimits } from './upload-choice.js';
import { UploadCounts } from './upload-counts.js';

const CHOICE_TEXTS = { limit: 'Give at most', nothing: 'nothing', unlimited: 'what the site allows' };

export interface UploadViewOptions {
  readonly options: PeerfoldOptions;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly limits?: UploadLimits | undefined;
}

/** What this visitor gives to others: now, in this visit and in this month, and how to give less. */
export class UploadView {
  readonly element = make('div');
  readonly #now = make('p');
  readonly #counts: UploadCounts;
  readonly #visit: Gauge;
  readonly #month: Gauge;

  constructor({ options, memory, clock, limits }: UploadViewOptions) {
    const { uploadSession = DEFAULT_SESSION, uploadMonth = DEFAULT_MONTH } = options;
    this.#counts = new UploadCounts(memory, clock);
    this.#visit = new Gauge('This visit', uploadSession);
    this.#month = new Gauge('This month', uploadMonth);
    if (limits) this.element.append(uploadChoice(limits, CHOICE_TEXTS));
    this.element.append(this.#now, this.#visit.element, this.#month.element);
  }

  show({ uploadRate, uploadLimit }: Stats): void {
    const rate = uploadRate > 0 ? `Now at most ${formatBytes(Math.round(uploadRate))}/s` : 'Nothing now';
    write(this.#now, uploadLimit ? `${rate}: ${UPLOAD_LIMITS[uploadLimit]}.` : `${rate}.`);
    const { inVisit, inMonth } = this.#counts.read();
    this.#visit.show(inVisit);
    this.#month.show(inMonth);
  }
}

/** How much of a bound (bytes) is used up. */
class Gauge {
  readonly element = make('div');
  readonly #text = make('p');
  readonly #meter: HTMLMeterElement;

  constructor(
    private readonly name: string,
    private readonly cap: number,
  ) {
    this.#meter = make('meter', { 'aria-label': name, max: cap });
    this.element.append(this.#text, this.#meter);
  }

  show(used: number): void {
    this.#meter.value = Math.min(used, this.cap);
    write(this.#text, `${this.name}: ${formatBytes(used)} of ${formatBytes(this.cap)}`);
  }
}
