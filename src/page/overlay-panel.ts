import type { TransferReport } from '../protocol/bridge.js';
import type { EngineStats, Stats } from './engine-host.js';
import { describe, formatBytes, mainSource, nameOf, peerShare, received, SOURCES } from './overlay-model.js';

/** Segments shown: ten minutes of four-second segments. */
const MAX_SEGMENTS = 150;
/** Below this width (CSS pixels) the panel would cover what it describes, and starts closed. */
const ROOM = 700;

/** The box in the corner: a button with the share from peers, and behind it the totals. */
export class OverlayPanel {
  readonly #box: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #panel: HTMLElement;
  readonly #segments: HTMLElement;

  constructor(
    parent: ShadowRoot,
    private readonly document: Document,
  ) {
    this.#box = this.#make('div', 'box');
    this.#button = this.#box.appendChild(document.createElement('button'));
    this.#button.type = 'button';
    this.#button.setAttribute('aria-controls', 'panel');
    this.#panel = this.#box.appendChild(this.#make('div', 'panel'));
    this.#panel.id = 'panel';
    this.#segments = document.createElement('ol');
    this.#segments.setAttribute('aria-label', 'Segments and files, by source');
    this.#button.addEventListener('click', () => {
      this.#open(this.#panel.hidden === true);
    });
    this.#open((document.defaultView?.innerWidth ?? 0) >= ROOM);
    parent.append(this.#box);
  }

  show({ bytes, uploaded, uploadRate, uploadLimit }: Stats, { links, leading }: EngineStats): void {
    this.#button.classList.toggle('live', links > 0);
    const label = received(bytes) === 0 ? 'Peerfold' : `${peerShare(bytes)} % from peers`;
    this.#button.replaceChildren(
      this.#make('span', 'dot'),
      this.#make('span', '', label),
      this.#make('span', 'arrow', this.#panel.hidden ? '▴' : '▾'),
    );
    const other = leading ? '' : ' · links are in another tab';
    const limit = uploadRate > 0 || !uploadLimit ? '' : `, no more now (${uploadLimit})`;
    this.#panel.replaceChildren(
      this.#bar(bytes),
      this.#totals(bytes),
      this.#segments,
      this.#make(
        'p',
        'foot',
        `${links} ${links === 1 ? 'link' : 'links'} · ${formatBytes(uploaded)} given to others${limit}${other}`,
      ),
    );
  }

  /** Adds a square for what has no place on the page to be marked at. */
  add(report: TransferReport): void {
    if (report.destination === 'image') return;
    const text = `${nameOf(report.url)}: ${describe(report)}`;
    const item = this.#make('li', mainSource(report.bytes) ?? '');
    item.title = text;
    item.append(this.#make('span', '', text));
    this.#segments.append(item);
    if (this.#segments.childElementCount > MAX_SEGMENTS) this.#segments.firstElementChild?.remove();
  }

  #open(open: boolean): void {
    this.#panel.hidden = !open;
    this.#box.classList.toggle('closed', !open);
    this.#button.setAttribute('aria-expanded', String(open));
    const arrow = this.#button.querySelector('.arrow');
    if (arrow) arrow.textContent = open ? '▾' : '▴';
  }

  #bar(bytes: Stats['bytes']): HTMLElement {
    const bar = this.#make('div', 'bar');
    bar.setAttribute('aria-hidden', 'true');
    for (const source of SOURCES) {
      const part = bar.appendChild(this.#make('span', source));
      part.style.flexGrow = String(bytes[source]);
    }
    return bar;
  }

  #totals(bytes: Stats['bytes']): HTMLElement {
    const list = this.#make('dl', '');
    for (const source of SOURCES) this.#row(list, source, bytes[source]);
    if (bytes.wasted > 0) this.#row(list, 'wasted', bytes.wasted);
    return list;
  }

  #row(list: HTMLElement, name: string, bytes: number): void {
    const term = this.#make('dt', name);
    term.append(this.document.createElement('i'), name);
    list.append(term, this.#make('dd', '', formatBytes(bytes)));
  }

  #make(tag: string, className: string, text = ''): HTMLElement {
    const element = this.document.createElement(tag);
    if (className !== '') element.className = className;
    if (text !== '') element.textContent = text;
    return element;
  }
}
