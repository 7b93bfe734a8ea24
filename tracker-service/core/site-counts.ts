import type { Tally } from './tally.js';

/** What happened at one site since somebody asked. */
export interface SiteFigures {
  /** Connected now. */
  readonly visitors: number;
  /** Peers shown to visitors, questions for holders, and messages that were refused. */
  readonly introductions: number;
  readonly wants: number;
  readonly refused: number;
}

/** Counts what one site's visitors ask and get. */
export class SiteCounts {
  introductions = 0;
  wants = 0;
  refused = 0;

  /** A tally that counts introductions here as well. */
  beside(tally: Tally): Pick<Tally, 'introductions' | 'trouble'> {
    return {
      introductions: (count, pushed) => {
        this.introductions += count;
        tally.introductions(count, pushed);
      },
      trouble: (error) => {
        tally.trouble(error);
      },
    };
  }

  /** What was counted since the last time. */
  take(): Omit<SiteFigures, 'visitors'> {
    const { introductions, wants, refused } = this;
    [this.introductions, this.wants, this.refused] = [0, 0, 0];
    return { introductions, wants, refused };
  }
}
