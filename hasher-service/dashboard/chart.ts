import uPlot from 'uplot';
import { el, row, swatch, table } from './dom.js';
import { exact, moment, type Format } from './format.js';

export type Values = readonly (number | null)[];

export interface Line {
  readonly name: string;
  /** Name of a custom property of the style sheet. */
  readonly colour: string;
}

export interface ChartOptions {
  readonly title: string;
  readonly note: string;
  readonly lines: readonly Line[];
  readonly format: Format;
  /** One on top of the other, the first one lowest. */
  readonly stacked?: boolean;
  /** The highest value there can be. */
  readonly most?: number;
}

const HEIGHT = 200;
/** Pixels of the axes' labels. */
const LABELS = 64;
const TIMES = 32;

/** One chart with its legend, and a table of the same numbers for those who cannot see it. */
export class Chart {
  readonly element: HTMLElement;
  readonly #plot = el('div', { class: 'plot', role: 'img' });
  readonly #now: HTMLOutputElement[];
  readonly #details: HTMLDetailsElement;
  #uplot: uPlot | undefined;
  #at: readonly number[] = [];
  #values: readonly Values[] = [];

  constructor(private readonly options: ChartOptions) {
    const { title, note, lines } = options;
    this.#now = lines.map(() => el('output', {}));
    const keys = lines.map(({ name, colour }, i) => el('li', {}, swatch(colour), name, this.#now[i] ?? ''));
    this.#details = el('details', {}, el('summary', {}, 'As a table'));
    this.#details.addEventListener('toggle', () => {
      this.#fillTable();
    });
    const legend = el('ul', { class: 'keys' }, ...keys);
    const head = [el('h2', {}, title), el('p', { class: 'note' }, note)];
    this.element = el('section', { class: 'card' }, ...head, legend, this.#plot, this.#details);
    new ResizeObserver(() => {
      this.#uplot?.setSize({ width: this.#plot.clientWidth, height: HEIGHT });
    }).observe(this.#plot);
  }

  show(at: readonly number[], values: readonly Values[]): void {
    [this.#at, this.#values] = [at, values];
    this.draw();
    this.#point(null);
    this.#plot.setAttribute('aria-label', this.#inWords());
    this.#fillTable();
  }

  /** Anew: its colours are those of the theme. */
  draw(): void {
    this.#uplot?.destroy();
    this.#uplot = undefined;
    this.#plot.replaceChildren();
    if (this.#values.every((line) => line.every((value) => value === null))) {
      this.#plot.append(el('p', { class: 'none' }, 'Nothing is known of this time.'));
      return;
    }
    const drawn = this.options.stacked ? stacked(this.#values) : this.#values;
    // What lies on top is drawn first, so that the lower ones cover it.
    const data = [[...this.#at], ...drawn.map((line) => [...line]).reverse()] as uPlot.AlignedData;
    this.#uplot = new uPlot(this.#settings(), data, this.#plot);
  }

  #settings(): uPlot.Options {
    const { lines, stacked: isStacked = false, most } = this.options;
    const top = (max: number): number => most ?? (max > 0 ? max * 1.08 : 1);
    return {
      width: this.#plot.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      scales: { y: { range: (_, _min, max) => [0, top(max)] } },
      axes: this.#axes(),
      series: [{}, ...lines.map((line) => this.#series(line, isStacked)).reverse()],
      hooks: {
        setCursor: [
          ({ cursor }) => {
            this.#point(cursor.idx ?? null);
          },
        ],
      },
    };
  }

  #series({ name, colour }: Line, isStacked: boolean): uPlot.Series {
    const stroke = this.#colour(colour);
    const isAlone = this.options.lines.length === 1;
    const fill = isStacked ? stroke : `color-mix(in srgb, ${stroke} 18%, transparent)`;
    return { label: name, stroke, width: isStacked ? 0 : 2, ...(isStacked || isAlone ? { fill } : {}) };
  }

  #axes(): uPlot.Axis[] {
    const { format } = this.options;
    const common = { stroke: this.#colour('--quiet'), grid: { stroke: this.#colour('--line'), width: 1 } };
    const range = (this.#at.at(-1) ?? 0) - (this.#at[0] ?? 0);
    const times = (_: uPlot, splits: number[]): string[] => splits.map((at) => moment(at, range));
    return [
      { ...common, ticks: { show: false }, size: TIMES, values: times },
      { ...common, ticks: { show: false }, size: LABELS, values: (_, splits) => splits.map(format) },
    ];
  }

  #colour(name: string): string {
    return getComputedStyle(this.#plot).getPropertyValue(name);
  }

  /** The legend has the values under the pointer, and else the latest. */
  #point(index: number | null): void {
    this.#values.forEach((line, i) => {
      const value = index === null ? line.findLast((one) => one !== null) : line[index];
      const output = this.#now[i];
      if (output) output.value = this.options.format(value);
    });
  }

  #inWords(): string {
    const { title, lines, format } = this.options;
    const said = lines.map(({ name }, i) => {
      const known = (this.#values[i] ?? []).filter((value) => value !== null);
      if (known.length === 0) return `${name}: nothing known`;
      const [low, high] = [Math.min(...known), Math.max(...known)];
      return `${name}: from ${format(low)} to ${format(high)}, latest ${format(known.at(-1))}`;
    });
    return `${title}. ${said.join('; ')}.`;
  }

  #fillTable(): void {
    this.#details.querySelector('.scroll')?.remove();
    if (!this.#details.open) return;
    const { title, lines, format } = this.options;
    const rows = this.#at.map((at, i) => row(exact(at), ...this.#values.map((line) => format(line[i]))));
    this.#details.append(table(title, ['Time', ...lines.map(({ name }) => name)], rows.reverse()));
  }
}

function stacked(values: readonly Values[]): Values[] {
  const sums = (values[0] ?? []).map(() => 0);
  return values.map((line) => line.map((value, i) => (sums[i] = (sums[i] ?? 0) + (value ?? 0))));
}
