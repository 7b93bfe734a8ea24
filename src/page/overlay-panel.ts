import { BoundedMap } from '../core/bounded-map.js';
import type { TransferReport } from '../protocol/bridge.js';
import { make, write } from './elements.js';
import type { EngineStats, Fault, Stats } from './engine-host.js';
import { LinkMap } from './overlay-links.js';
import { formatBytes, received, shareOf, SOURCES, summaryOf, type Situation } from './overlay-model.js';
import { TransferTable } from './overlay-transfers.js';
import { UploadView, type UploadViewOptions } from './overlay-uploads.js';

/** Below this width (CSS pixels) the panel would cover what it describes, and starts closed. */
const ROOM = 700;
/** Different errors listed, the latest. */
const MAX_FAULTS = 10;

export interface OverlayPanelOptions extends UploadViewOptions {
  /** What the hash service said of URLs it will not sign; absent before the engine runs. */
  readonly refusals: () => ReadonlyMap<string, string> | undefined;
}

/** The box in the corner: a button with the share from peers, and behind it everything else. */
export class OverlayPanel {
  readonly #label = make('span');
  readonly #arrow = make('span', { class: 'arrow', 'aria-hidden': 'true' });
  readonly #button = make('button', { type: 'button', 'aria-controls': 'panel' });
  readonly #panel = make('section', { id: 'panel', 'aria-label': 'Peerfold, details' });
  readonly #box = make('div', { class: 'box' }, this.#button, this.#panel);
  readonly #summary = make('p');
  readonly #bar = make('div', { class: 'bar', 'aria-hidden': 'true' });
  readonly #totals = make('dl');
  readonly #linksTitle = make('summary');
  readonly #links = new LinkMap();
  readonly #transfers: TransferTable;
  readonly #uploadsTitle = make('summary');
  readonly #uploads: UploadView;
  readonly #faults = new BoundedMap<string, number>(MAX_FAULTS);
  readonly #faultList = make('ul');
  readonly #errors = make('details', {}, make('summary', {}, 'Errors'), this.#faultList);
  readonly #foot = make('p', { class: 'foot' });

  constructor(parent: ShadowRoot, options: OverlayPanelOptions) {
    this.#uploads = new UploadView(options);
    this.#transfers = new TransferTable(options.refusals);
    this.#button.append(make('span', { class: 'dot' }), this.#label, this.#arrow);
    this.#errors.hidden = true;
    const links = make('details', { open: '' }, this.#linksTitle, this.#links.element);
    const transfers = make('details', {}, make('summary', {}, 'Transfers'), this.#transfers.element);
    const uploads = make('details', {}, this.#uploadsTitle, this.#uploads.element);
    this.#panel.append(this.#summary, this.#bar, this.#totals);
    this.#panel.append(links, transfers, uploads, this.#errors, this.#foot);
    this.#button.addEventListener('click', () => {
      this.#open(this.#panel.hidden === true);
    });
    this.#box.addEventListener('keydown', this.#onKey);
    this.#open(innerWidth >= ROOM);
    parent.append(this.#box);
  }

  show(situation: Situation): void {
    const { stats, engine } = situation;
    const { bytes, links, peers, uploaded } = stats;
    this.#button.classList.toggle('live', links > 0);
    write(this.#label, received(bytes) === 0 ? 'Peerfold' : `${shareOf('peer', bytes)} % from peers`);
    write(this.#summary, summaryOf(situation));
    this.#showBytes(bytes);
    write(this.#linksTitle, `Links: ${links}`);
    this.#links.show(peers);
    write(this.#uploadsTitle, `Given to others: ${formatBytes(uploaded)}`);
    this.#uploads.show(stats);
    write(this.#foot, engine ? stateOf(engine) : '');
  }

  add(report: TransferReport): void {
    this.#transfers.add(report);
  }

  fail({ code, message }: Fault): void {
    const text = `${code}: ${message}`;
    this.#faults.set(text, (this.#faults.get(text) ?? 0) + 1);
    const items = [...this.#faults].reverse();
    this.#faultList.replaceChildren(
      ...items.map(([what, times]) => make('li', {}, times > 1 ? `${what} (${times} times)` : what)),
    );
    this.#errors.hidden = false;
  }

  /** Escape closes, as people expect of panels; the site's own dialogs do not hear of it. */
  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || this.#panel.hidden) return;
    event.stopPropagation();
    this.#open(false);
    this.#button.focus();
  };

  #open(open: boolean): void {
    this.#panel.hidden = !open;
    this.#box.classList.toggle('closed', !open);
    this.#button.setAttribute('aria-expanded', String(open));
    write(this.#arrow, open ? '▾' : '▴');
  }

  #showBytes(bytes: Stats['bytes']): void {
    const names = bytes.wasted > 0 ? ([...SOURCES, 'wasted'] as const) : SOURCES;
    const parts = SOURCES.map((source) => {
      const part = make('span', { class: source });
      part.style.flexGrow = String(bytes[source]);
      return part;
    });
    const rows = names.flatMap((name) => [
      make('dt', { class: name }, make('i'), name),
      make('dd', {}, formatBytes(bytes[name])),
    ]);
    this.#bar.replaceChildren(...parts);
    this.#totals.replaceChildren(...rows);
  }
}

function stateOf({ leading, tracker }: EngineStats): string {
  const tab = leading ? 'This tab holds the links' : 'Another tab holds the links';
  return leading ? `${tab} · tracker ${tracker ? 'connected' : 'not connected'}` : tab;
}
