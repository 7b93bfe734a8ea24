import type { Page } from 'playwright';
import { noise } from './pictures.js';

/** One movement of a reader: so far down the page (px), then a rest (ms). */
export interface Step {
  readonly down: number;
  readonly rest: number;
}

/** How somebody goes down a page: least and most of a step. */
export interface Pace {
  readonly down: readonly [number, number];
  readonly rest: readonly [number, number];
}

/** Half a screen or less at a time, and a look at what came into view: some 300 pixels a second. */
export const READING: Pace = { down: [150, 450], rest: [300, 1100] };
/** Through to the end without reading, some 1500 pixels a second: what takes longer than that is waiting. */
export const SKIMMING: Pace = { down: [400, 700], rest: [50, 200] };

/** How long (ms) a movement takes: wheels and fingers do not jump. */
const MOVE = 240;
const MOVES = 12;

/** More than any page here has. */
const MOST_STEPS = 500;

/** The same for the same seed on every machine. */
export function stepsOf({ down, rest }: Pace, seed: number): Step[] {
  const draws = noise(8 * MOST_STEPS, seed);
  return Array.from({ length: MOST_STEPS }, (_, i) => ({
    down: between(down, draws.readUInt32LE(8 * i)),
    rest: between(rest, draws.readUInt32LE(8 * i + 4)),
  }));
}

function between([least, most]: readonly [number, number], draw: number): number {
  return Math.round(least + ((most - least) * draw) / 2 ** 32);
}

/** Goes down the page to its end. */
export async function readThrough(page: Page, pace: Pace, seed: number): Promise<void> {
  for (const step of stepsOf(pace, seed)) {
    if (await page.evaluate(move, { ...step, moves: MOVES, every: MOVE / MOVES })) return;
  }
}

/** Runs in the page; true at its end. */
async function move({
  down,
  rest,
  moves,
  every,
}: Step & { readonly moves: number; readonly every: number }): Promise<boolean> {
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  for (let i = 0; i < moves; i++) {
    scrollBy({ top: down / moves, behavior: 'instant' });
    await wait(every);
  }
  await wait(rest);
  return scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
}
