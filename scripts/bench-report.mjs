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

/** One report as a Markdown section. `facts` are lines about its run. */
export function sectionOf({ title, about, rows }, facts = []) {
  const head = ['| | value | middle half | unit | ratio | |', '| --- | ---: | ---: | --- | ---: | --- |'];
  const run = facts.length === 0 ? [] : ['', facts.join(' ')];
  return [`## ${title}`, '', about, ...run, '', ...head, ...rows.map(line)].join('\n');
}

/** The whole of docs/benchmarks.md. `facts` are lines about machine and time. */
export function pageOf(sections, facts) {
  const head = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`. Ratios carry over to other machines, absolute figures do not. Values are',
    'medians; the middle half lies between their first and third quartile.',
    '',
    ...facts.map((fact) => `- ${fact}`),
  ];
  return `${[head.join('\n'), ...sections].join('\n\n')}\n`;
}
