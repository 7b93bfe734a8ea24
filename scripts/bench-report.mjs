/** Benchmark reports as text: see bench/report.ts for their shape. */

const number = (value) => value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
const spreadOf = (spread) => (spread ? `${number(spread[0])}–${number(spread[1])}` : '');

function line({ name, value, unit, spread, ratio, note }) {
  const cells = [
    name,
    number(value),
    spreadOf(spread),
    unit,
    ratio === undefined ? '' : ratio.toFixed(2),
    note,
  ];
  return `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
}

/** The command of a section is what tells it from others: a new run of it takes the place of the old. */
const COMMAND = /^`npm run bench -- ([\w-]+)`/m;

/** One report as a Markdown section. `name` is what `npm run bench -- name` runs; `facts` are about this run. */
export function sectionOf(name, { title, about, rows }, facts) {
  const head = ['| | value | middle half | unit | ratio | |', '| --- | ---: | ---: | --- | ---: | --- |'];
  const run = `\`npm run bench -- ${name}\` ${facts.join(', ')}.`;
  return [`## ${title}`, '', about, '', run, '', ...head, ...rows.map(line)].join('\n');
}

/**
 * The whole of docs/benchmarks.md: `sections`, and those of `before`, the page as it was, that were not run
 * again. `facts` are lines about the machine.
 */
export function pageOf(sections, facts, before = '') {
  const head = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`, or one section at a time by the command it names. Ratios carry over to other',
    'machines, absolute figures do not. Values are medians; the middle half lies between their first and third',
    'quartile.',
    '',
    ...facts.map((fact) => `- ${fact}`),
  ];
  const byName = new Map([...sectionsOf(before), ...sections].map((section) => [nameOf(section), section]));
  const sorted = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, section]) => section);
  return `${[head.join('\n'), ...sorted].join('\n\n')}\n`;
}

/** Whether all figures of the page `before` are of a machine with the same `facts`. */
export function isOfSameMachine(before, facts) {
  return facts.every((fact) => before.includes(`\n- ${fact}\n`));
}

function sectionsOf(page) {
  return page
    .split(/\n(?=## )/)
    .slice(1)
    .map((section) => section.trimEnd())
    .filter((section) => nameOf(section) !== undefined);
}

function nameOf(section) {
  return COMMAND.exec(section)?.[1];
}
