import type { FiguresResponse } from '../../src/protocol/figures.js';
import { byId, el } from './dom.js';
import { exact } from './format.js';
import { View } from './view.js';

const HOUR = 3600;
const RANGES = [
  { name: '1 h', seconds: HOUR },
  { name: '24 h', seconds: 24 * HOUR },
  { name: '7 d', seconds: 7 * 24 * HOUR },
  { name: '30 d', seconds: 30 * 24 * HOUR },
];
const FIRST_RANGE = 24 * HOUR;
/** How often (ms) a page that is looked at asks anew. */
const REFRESH = 60_000;
/** In this tab only, and gone with it. */
const KEPT = 'peerfold-operator-token';

/** The page: asks for the token, then for figures, again and again. */
class Dashboard {
  readonly #view = new View();
  readonly #site = byId('site', HTMLSelectElement);
  readonly #news = byId('news', HTMLElement);
  readonly #signIn = byId('sign-in', HTMLFormElement);
  readonly #token = byId('token', HTMLInputElement);
  readonly #shown = [byId('controls', HTMLElement), byId('figures', HTMLElement)];
  #range = FIRST_RANGE;
  /** Only the latest question's answer is shown. */
  #asked = 0;

  constructor() {
    byId('figures', HTMLElement).append(this.#view.element);
    byId('ranges', HTMLElement).append(...RANGES.map((range) => this.#choice(range)));
    this.#signIn.addEventListener('submit', (event) => {
      event.preventDefault();
      sessionStorage.setItem(KEPT, this.#token.value.trim());
      this.#token.value = '';
      void this.#load();
    });
    byId('leave', HTMLButtonElement).addEventListener('click', () => {
      this.#leave('');
    });
    this.#site.addEventListener('change', () => void this.#load());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#view.redraw();
    });
    setInterval(() => {
      if (document.visibilityState === 'visible' && !this.#shown[0]?.hidden) void this.#load();
    }, REFRESH);
    if (sessionStorage.getItem(KEPT) === null) this.#leave('');
    else void this.#load();
  }

  #choice({ name, seconds }: (typeof RANGES)[number]): HTMLElement {
    const input = el('input', { type: 'radio', name: 'range', value: String(seconds) });
    input.checked = seconds === this.#range;
    input.addEventListener('change', () => {
      this.#range = seconds;
      void this.#load();
    });
    return el('label', {}, input, name);
  }

  async #load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const figures = await this.#figures();
      if (asked !== this.#asked) return;
      if (figures) this.#show(figures);
      else this.#leave('That is not the operator’s token.');
    } catch (error) {
      if (asked === this.#asked) this.#say(`The figures cannot be had: ${String(error)}`);
    }
  }

  /** `undefined` when the token is not accepted. */
  async #figures(): Promise<FiguresResponse | undefined> {
    const from = Math.floor(Date.now() / 1000) - this.#range;
    const query = new URLSearchParams({ from: String(from) });
    if (this.#site.value !== '') query.set('site', this.#site.value);
    const authorization = `Bearer ${sessionStorage.getItem(KEPT) ?? ''}`;
    const response = await fetch(`v1/figures?${query.toString()}`, { headers: { authorization } });
    if (response.status === 401) return undefined;
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return (await response.json()) as FiguresResponse;
  }

  #show(figures: FiguresResponse): void {
    const { sites, site, beacons, from, to } = figures;
    if (this.#site.options.length === 0)
      this.#site.append(...sites.map((name) => new Option(name.replace(/^https?:\/\//, ''), name)));
    this.#site.value = site;
    this.#signIn.hidden = true;
    for (const element of this.#shown) element.hidden = false;
    this.#view.show(figures);
    const isEmpty = beacons.peers + beacons.control === 0;
    const hint = 'No page has told anything in this time: has its script tag data-beacons?';
    this.#say(isEmpty ? hint : `${exact(from)} to ${exact(to)}`);
  }

  #leave(why: string): void {
    // What was asked for before is not to be shown any more.
    this.#asked++;
    sessionStorage.removeItem(KEPT);
    for (const element of this.#shown) element.hidden = true;
    this.#signIn.hidden = false;
    this.#token.focus();
    this.#say(why);
  }

  #say(text: string): void {
    this.#news.textContent = text;
  }
}

new Dashboard();
