import type { Setting } from './settings.js';

const INDENT = 2;
const GAP = 2;
/** Lines are kept within what a terminal shows by default. */
const WIDTH = 100;

/** Two columns; the right one is broken between words. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length)) + GAP;
  const margin = ' '.repeat(INDENT);
  return rows
    .map(([name, text]) => {
      const [first = '', ...rest] = broken(text, WIDTH - INDENT - left);
      const hanging = rest.map((line) => margin + ' '.repeat(left) + line);
      return [margin + name.padEnd(left) + first, ...hanging].join('\n');
    })
    .join('\n');
}

/** The help of one command: how to call it, what it does, every flag with its variable and default. */
export function commandHelp(usage: string, summary: string, settings: readonly Setting[]): string {
  const rows = settings.map((setting) => [flagOf(setting), describe(setting)] as const);
  const common = [
    ['--config FILE', 'read settings from a JSON file; flags and environment come first'],
    ['-h, --help', 'show this help'],
  ] as const;
  return `Usage: ${usage}\n\n${summary}\n\n${columns([...rows, ...common])}`;
}

function flagOf({ flag, kind }: Setting): string {
  const value = { text: ' TEXT', number: ' N', switch: '', list: ' TEXT ...' }[kind];
  return `--${flag}${value}`;
}

function describe({ fallback, meaning, required, variable }: Setting): string {
  const shown = Array.isArray(fallback) && fallback.length === 0 ? undefined : fallback;
  const note = required
    ? 'needed'
    : shown === undefined
      ? ''
      : `default ${typeof shown === 'string' ? shown : JSON.stringify(shown)}`;
  return `${meaning} [${[note, variable].filter(Boolean).join('; ')}]`;
}

function broken(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
