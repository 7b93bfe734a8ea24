import type { Bytes, FiguresResponse, Series } from '../../src/protocol/figures.js';
import { Chart, type Values } from './chart.js';
import { comparison } from './compared.js';
import { el } from './dom.js';
import { average, bytes, bytesPerSecond, count, percent } from './format.js';
import { counted, refusals, resources } from './lists.js';

/** Seconds by which the first figures of a step are divided at least. */
const SHORTEST = 60;
const SOURCES = ['peer', 'store', 'cache', 'http'] as const;

/** Everything below the head of the page. */
export class View {
  readonly element: HTMLElement;
  readonly #tiles = el('dl', { class: 'tiles' });
  readonly #compared = el('div');
  readonly #lists = el('div', { class: 'grid' });
  readonly #offload = new Chart({
    title: 'Offload',
    note: 'Share of all bytes that pages received which came from other visitors.',
    lines: [{ name: 'from peers', colour: '--peer' }],
    format: percent,
    most: 1,
  });
  readonly #bytes = new Chart({
    title: 'Bytes by source',
    note: 'Per second, of all pages. Only what comes from peers is saved; the store holds what came earlier.',
    lines: SOURCES.map((name) => ({ name, colour: `--${name}` })),
    format: bytesPerSecond,
    stacked: true,
  });
  readonly #wasted = new Chart({
    title: 'Uploaded and wasted',
    note: 'Per second. Wasted is what was fetched twice or thrown away.',
    lines: [
      { name: 'uploaded', colour: '--store' },
      { name: 'wasted', colour: '--bad' },
    ],
    format: bytesPerSecond,
  });
  readonly #visitors = new Chart({
    title: 'Visitors',
    note: 'Connected to the tracker, on average.',
    lines: [{ name: 'visitors', colour: '--accent' }],
    format: average,
  });
  readonly #links = new Chart({
    title: 'Links',
    note: 'That one page held at a time, at most; the average of pages.',
    lines: [{ name: 'links', colour: '--cache' }],
    format: average,
  });
  readonly #tracker = new Chart({
    title: 'Tracker',
    note: 'Per minute: questions for holders, peers shown in answer, messages refused.',
    lines: [
      { name: 'questions', colour: '--store' },
      { name: 'introductions', colour: '--peer' },
      { name: 'refused', colour: '--bad' },
    ],
    format: average,
  });
  readonly #charts = [this.#offload, this.#bytes, this.#wasted, this.#visitors, this.#links, this.#tracker];

  constructor() {
    const explained =
      'Visitors of the control group go without peers. The difference counts only when its interval does not hold zero.';
    const compared = el(
      'section',
      { class: 'card wide' },
      el('h2', {}, 'What visitors notice'),
      el('p', { class: 'note' }, explained),
      this.#compared,
    );
    const charts = el('div', { class: 'grid' }, ...this.#charts.map(({ element }) => element));
    this.element = el('div', {}, this.#tiles, compared, charts, this.#lists);
  }

  show(figures: FiguresResponse): void {
    const { series } = figures;
    this.#tiles.replaceChildren(...tilesOf(figures));
    this.#compared.replaceChildren(comparison(figures.comparison));
    const perSecond = (values: Values): Values =>
      values.map((value, i) => (value === null ? null : value / secondsAt(figures, i)));
    const perMinute = (values: Values): Values =>
      perSecond(values).map((value) => (value === null ? null : value * 60));
    const { at } = series;
    this.#offload.show(at, [offloadOf(series)]);
    this.#bytes.show(
      at,
      SOURCES.map((name) => perSecond(series[name])),
    );
    this.#wasted.show(at, [perSecond(series.uploaded), perSecond(series.wasted)]);
    this.#visitors.show(at, [series.visitors]);
    this.#links.show(at, [series.links]);
    this.#tracker.show(at, [series.wants, series.introductions, series.refused].map(perMinute));
    this.#lists.replaceChildren(...listsOf(figures));
  }

  /** The theme has changed. */
  redraw(): void {
    for (const chart of this.#charts) chart.draw();
  }
}

/** Of the step that goes on, what is over counts; but what is told in one moment took a while. */
function secondsAt({ series, step, to }: FiguresResponse, index: number): number {
  return Math.min(step, Math.max(SHORTEST, to - (series.at[index] ?? 0)));
}

function listsOf(figures: FiguresResponse): HTMLElement[] {
  return [
    card('Why bytes came over HTTP', 'Where peers were asked, or could have been.', [
      counted('Why bytes came over HTTP', figures.reasons, 'http', bytes),
    ]),
    card('Top resources', 'By bytes from peers and over HTTP.', [resources(figures.resources, figures.site)]),
    card('Refusals', 'What the hash service will not sign, and what would change that.', [
      refusals(figures.refusals, figures.site),
    ]),
    card('Errors', 'That pages told of.', [counted('Errors', figures.errors, 'fault', count)]),
  ];
}

function card(title: string, note: string, content: readonly HTMLElement[]): HTMLElement {
  return el('section', { class: 'card' }, el('h2', {}, title), el('p', { class: 'note' }, note), ...content);
}

function tilesOf({ bytes: sums, beacons, series }: FiguresResponse): HTMLElement[] {
  const all = receivedOf(sums);
  return [
    tile('Offload', all > 0 ? percent(sums.peer / all) : percent(null), 'of all bytes received'),
    tile('From peers', bytes(sums.peer), `of ${bytes(all)}`),
    tile('Wasted', all > 0 ? percent(sums.wasted / all) : percent(null), bytes(sums.wasted)),
    tile('Visitors', average(series.visitors.findLast((one) => one !== null)), 'connected, lately'),
    tile(
      'Pages that told',
      count(beacons.peers + beacons.control),
      `${count(beacons.control)} without peers`,
    ),
  ];
}

function tile(name: string, value: string, more: string): HTMLElement {
  const [shown, rest] = [el('dd', { class: 'value' }, value), el('dd', { class: 'more' }, more)];
  return el('div', { class: 'card' }, el('dt', {}, name), shown, rest);
}

function receivedOf(sums: Bytes): number {
  return SOURCES.reduce((sum, name) => sum + sums[name], 0);
}

function offloadOf(series: Series): Values {
  return series.at.map((_, i) => {
    const all = SOURCES.reduce((sum, name) => sum + (series[name][i] ?? 0), 0);
    return all > 0 ? (series.peer[i] ?? 0) / all : null;
  });
}
