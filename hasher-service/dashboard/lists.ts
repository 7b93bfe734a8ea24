import type { Counted, Refused, TopResource } from '../../src/protocol/figures.js';
import { el, row, table } from './dom.js';
import { bytes, count, percent, type Format } from './format.js';

const EMPTY = 'None in this time.';

export function resources(all: readonly TopResource[], site: string): HTMLElement {
  const most = Math.max(...all.map(({ peer, http }) => peer + http));
  const rows = all.map(({ url, peer, http }) =>
    row(
      el('span', {}, shortOf(url, site), bar(most, { peer, http })),
      bytes(peer),
      bytes(http),
      percent(peer / (peer + http)),
    ),
  );
  return filled(rows, 'Top resources', ['Resource', 'Peers', 'HTTP', 'Share']);
}

/** `kind` is the class of the bars. */
export function counted(name: string, all: readonly Counted[], kind: string, format: Format): HTMLElement {
  const sum = all.reduce((total, one) => total + one.count, 0);
  const most = Math.max(...all.map((one) => one.count));
  const rows = all.map((one) =>
    row(
      el('span', {}, one.name, bar(most, { [kind]: one.count })),
      format(one.count),
      percent(one.count / sum),
    ),
  );
  return filled(rows, name, ['', format === bytes ? 'Bytes' : 'Times', 'Share']);
}

export function refusals(all: readonly Refused[], site: string): HTMLElement {
  const rows = all.map(({ code, why, urls, examples }) => {
    const lines = examples.map((url) => el('div', { class: 'small url' }, shortOf(url, site)));
    return row(el('span', {}, el('code', {}, code), ` ${why}`, ...lines), count(urls));
  });
  return filled(rows, 'Refusals', ['Why, and examples', 'URLs']);
}

function filled(rows: readonly HTMLTableRowElement[], name: string, heads: readonly string[]): HTMLElement {
  return rows.length > 0 ? table(name, heads, rows) : el('p', { class: 'none' }, EMPTY);
}

/** Parts of a whole, by class. */
function bar(whole: number, parts: Readonly<Record<string, number>>): HTMLElement {
  const shown = Object.entries(parts).map(([kind, value]) => {
    const part = el('span', { class: kind });
    part.style.width = `${(100 * value) / whole}%`;
    return part;
  });
  return el('span', { class: 'bar', 'aria-hidden': 'true' }, ...shown);
}

/** The path alone where it is of the site, and never the scheme. */
function shortOf(url: string, site: string): string {
  return url.startsWith(`${site}/`) ? url.slice(site.length) : url.replace(/^https?:\/\//, '');
}
