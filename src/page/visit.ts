import type { Memory } from './memory.js';

/** A visit ends after this long without a page being opened or left, as web analytics count it. */
export const VISIT_GAP = 30 * 60_000;

const NAME = 'visit';
const SHAPE = /^([0-9a-z]{4,40})@(\d{1,16})$/;

/**
 * The name of the current visit, shared by the visitor's tabs; counts as activity. Pieces of earlier
 * visits serve this visitor but are not offered to others, so the name must change when a visit ends.
 */
export function currentVisit(memory: Memory, now: number, random: () => number): string {
  const [, kept, at] = SHAPE.exec(memory.get(NAME) ?? '') ?? [];
  const age = now - Number(at);
  const visit = kept !== undefined && age >= 0 && age < VISIT_GAP ? kept : newVisit(now, random);
  memory.set(NAME, `${visit}@${now}`);
  return visit;
}

/** The name as it was given last; empty before any. */
export function visitName(memory: Memory): string {
  return SHAPE.exec(memory.get(NAME) ?? '')?.[1] ?? '';
}

/** Unique to this visitor's browser, which is all that is asked of it. */
function newVisit(now: number, random: () => number): string {
  return now.toString(36) + Math.floor(random() * 2 ** 48).toString(36);
}
