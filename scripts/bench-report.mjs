/** Benchmark reports as text: see bench/report.ts for their shape. */

const number = (value) => value.toLocaleString('en-US', { maximumSignificantDigits: 4 });

function line({ name, value, unit, ratio, note }) {
  return `| ${name} | ${number(value)} | ${unit} | ${ratio === undefined ? '' : number(ratio)} | ${note ?? ''} |`;
}

/** One report as a Markdown section. */
export function sectionOf({ title, about, rows }) {
  const head = ['| | value | unit | ratio | |', '| --- | ---: | --- | ---: | --- |'];
  return [`## ${title}`, '', about, '', ...head, ...rows.map(line)].join('\n');
}

/** The whole of docs/benchmarks.md. `facts` are lines about machine and time. */
export function pageOf(reports, facts) {
  const head = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`. Ratios carry over to other machines, absolute figures do not.',
    '',
    ...facts.map((fact) => `- ${fact}`),
  ];
  return `${[head.join('\n'), ...reports.map(sectionOf)].join('\n\n')}\n`;
}
