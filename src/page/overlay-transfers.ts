import type { TransferReport } from '../protocol/bridge.js';
import { make } from './elements.js';
import { formatBytes, formatTime, nameOf, received, shareOf, SOURCES } from './overlay-model.js';
import { FALLBACKS } from './overlay-reasons.js';

/** Rows shown: a page's worth. */
const MAX_ROWS = 100;

/** The latest transfers of the page, newest first: where from, and why not from peers. */
export class TransferTable {
  readonly element: HTMLTableElement;
  readonly #head: HTMLElement;

  constructor(private readonly refusals: () => ReadonlyMap<string, string> | undefined) {
    const titles = ['Name', 'Size', 'Source', 'Time'].map((title) => make('th', { scope: 'col' }, title));
    this.#head = make('thead', {}, make('tr', {}, ...titles));
    this.element = make('table', {}, make('caption', {}, 'Latest first'), this.#head);
  }

  add(report: TransferReport): void {
    const { bytes, duration, url } = report;
    const chips = SOURCES.filter((source) => bytes[source] > 0).map((source) => {
      const share = shareOf(source, bytes);
      return make('span', { class: `chip ${source}` }, share === 100 ? source : `${source} ${share} %`);
    });
    const name = make('th', { scope: 'row', title: url }, titleOf(report));
    const cells = [[formatBytes(received(bytes))], chips, [formatTime(duration)]];
    const group = make('tbody', {}, make('tr', {}, name, ...cells.map((cell) => make('td', {}, ...cell))));
    const why = this.#whyNot(report);
    if (why) group.append(make('tr', {}, make('td', { colspan: 4, class: 'why' }, why)));
    this.#head.after(group);
    if (this.element.tBodies.length > MAX_ROWS) this.element.tBodies[MAX_ROWS]?.remove();
  }

  #whyNot({ fallback, url }: TransferReport): string | undefined {
    if (!fallback) return undefined;
    const said = fallback === 'refused' ? this.refusals()?.get(url) : undefined;
    return said === undefined
      ? `Why not peers? ${FALLBACKS[fallback]}`
      : `Why not peers? The hash service refuses it: ${said}`;
  }
}

function titleOf({ url, start = 0 }: TransferReport): string {
  return start > 0 ? `${nameOf(url)} from ${formatBytes(start)}` : nameOf(url);
}
