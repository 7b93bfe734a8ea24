import type { Clock } from '../core/clock.js';
import type { Memory } from './memory.js';
import { visitName } from './visit.js';

/** Bytes uploaded so far, and in what. */
export interface Counted {
  /** Name of the visit. */
  readonly visit: string;
  readonly inVisit: number;
  /** Calendar month in UTC, as in `2026-01`. */
  readonly month: string;
  readonly inMonth: number;
}

const NAME = 'uploaded';
const SHAPE = /^(\S*) (\d{1,15}) (\d{4}-\d\d) (\d{1,15})$/;

/**
 * What was uploaded in this visit and this month, counted by all tabs of the site together: so it is read
 * anew on each use, and changed by differences. What is unreadable counts as nothing and is written over;
 * it is the visitor's own protection, and theirs to erase.
 */
export class UploadCounts {
  constructor(
    private readonly memory: Memory,
    private readonly clock: Clock,
  ) {}

  read(): Counted {
    const visit = visitName(this.memory);
    const month = new Date(this.clock.now()).toISOString().slice(0, 7);
    const [, ofVisit, inVisit, ofMonth, inMonth] = SHAPE.exec(this.memory.get(NAME) ?? '') ?? [];
    return {
      visit,
      inVisit: ofVisit === visit ? Number(inVisit) : 0,
      month,
      inMonth: ofMonth === month ? Number(inMonth) : 0,
    };
  }

  /** Whole bytes; negative ones were counted and not uploaded. */
  add(bytes: number): void {
    const { visit, inVisit, month, inMonth } = this.read();
    const [ofVisit, ofMonth] = [inVisit, inMonth].map((count) => Math.max(0, count + bytes));
    this.memory.set(NAME, `${visit} ${ofVisit} ${month} ${ofMonth}`);
  }
}
