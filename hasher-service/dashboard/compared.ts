import type { Compared, Difference, Estimate } from '../../src/protocol/figures.js';
import { el, svg } from './dom.js';
import { count, fraction, signed, time, type Format } from './format.js';

interface Measure {
  readonly name: string;
  readonly explained: string;
  readonly format: Format;
  /** What is said when there is less of it with peers, or more. */
  readonly words: readonly [better: string, worse: string];
}

const SOONER = ['faster', 'slower'] as const;
const MEASURES: Readonly<Record<Compared['name'], Measure>> = {
  paint: {
    name: 'Largest contentful paint',
    explained: 'median',
    format: time,
    words: SOONER,
  },
  images: {
    name: 'Wait for an image',
    explained: 'one of ten takes longer, from when it could be seen',
    format: time,
    words: SOONER,
  },
  starts: {
    name: 'Start of a player',
    explained: 'median, from play to the first picture',
    format: time,
    words: SOONER,
  },
  stalls: {
    name: 'Stalls',
    explained: 'per hour of playing',
    format: fraction,
    words: ['fewer', 'more'],
  },
};
const WIDTH = 160;

/** The comparison of both groups. Only what the interval proves has a colour. */
export function comparison(all: readonly Compared[]): HTMLElement {
  const heads = ['', 'With peers', 'Without', 'Difference, 95 % interval', '', 'So peers are'];
  const head = el(
    'tr',
    {},
    ...heads.map((text) => (text === '' ? el('td') : el('th', { scope: 'col' }, text))),
  );
  const body = el('tbody', {}, ...all.map(rowOf));
  return el('table', { class: 'compared' }, el('thead', {}, head), body);
}

function rowOf({ name, peers, control, difference, verdict }: Compared): HTMLTableRowElement {
  const { name: title, explained, format, words } = MEASURES[name];
  const said = {
    better: words[0],
    worse: words[1],
    unclear: 'not proven either way',
    'too-few': 'too few pages',
  };
  return el(
    'tr',
    {},
    el('th', { scope: 'row' }, title, el('div', { class: 'small' }, explained)),
    el('td', { 'data-name': 'With peers' }, ...estimate(peers, format)),
    el('td', { 'data-name': 'Without' }, ...estimate(control, format)),
    el('td', { class: 'across' }, difference ? inWords(difference, format) : '–'),
    el('td', { class: `across ${verdict}` }, difference ? interval(difference) : ''),
    el('td', { class: `across verdict ${verdict}` }, said[verdict]),
  );
}

function estimate({ value, pages }: Estimate, format: Format): (Node | string)[] {
  return [format(value), el('div', { class: 'small' }, `${count(pages)} pages`)];
}

function inWords({ value, low, high }: Difference, format: Format): HTMLElement {
  const write = signed(format);
  return el('span', {}, write(value), el('div', { class: 'small' }, `${write(low)} to ${write(high)}`));
}

/** The interval on a line with 0 in its middle. */
function interval({ value, low, high }: Difference): SVGElement {
  const reach = Math.max(Math.abs(low), Math.abs(high)) * 1.1 || 1;
  const x = (of: number): string => String(WIDTH / 2 + (of / reach) * (WIDTH / 2));
  const middle = String(WIDTH / 2);
  return svg(
    'svg',
    { class: 'interval', viewBox: `0 0 ${WIDTH} 24`, 'aria-hidden': 'true' },
    svg('line', { class: 'zero', x1: middle, x2: middle, y1: '2', y2: '22' }),
    svg('line', { class: 'span', x1: x(low), x2: x(high), y1: '12', y2: '12' }),
    svg('circle', { class: 'value', cx: x(value), cy: '12', r: '5' }),
  );
}
