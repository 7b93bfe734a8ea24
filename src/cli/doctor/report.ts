import { CHECKS, type Finding } from './finding.js';

const MARKS = { ok: '✓', note: '!', wrong: '✗', skipped: '–' } as const;

/** Of the longest name, and a gap. */
const WIDTH = Math.max(...CHECKS.map((id) => id.length)) + 2;

/** One line for each check; below notes and what is wrong what to change, and what was seen. */
export function inLines(url: string, findings: readonly Finding[]): string {
  const count = findings.filter(({ status }) => status === 'wrong').length;
  const wrongs =
    count === 0 ? 'Nothing is wrong.' : `${count === 1 ? 'One thing is' : `${count} things are`} wrong.`;
  const hasNotes = findings.some(({ status }) => status === 'note');
  const end = hasNotes ? `${wrongs} See what is marked ${MARKS.note}, too.` : wrongs;
  return [`peerfold doctor ${url}`, '', ...findings.map(lineOf), '', end].join('\n');
}

function lineOf({ id, status, says, change, details = [] }: Finding): string {
  return [
    `${MARKS[status]} ${id.padEnd(WIDTH)}${says}`,
    ...(change === undefined ? [] : [`    → ${change}`]),
    ...details.map((detail) => `      ${detail}`),
  ].join('\n');
}

/** The same for programs; see docs/doctor.md. */
export function inJson(url: string, findings: readonly Finding[]): string {
  return JSON.stringify({ url, ok: isHealthy(findings), findings }, undefined, 2);
}

export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== 'wrong');
}
