import { make } from './elements.js';
import { NOTICE_STYLE } from './notice-style.js';
import { ownTexts, wordingFor, type NoticeTexts } from './notice-texts.js';
import { styleShadow } from './shadow-style.js';
import { uploadChoice, type UploadLimits } from './upload-choice.js';

export const NOTICE_TAG = 'peerfold-notice';

/** What the notice asks for and tells. */
export interface NoticeHost {
  /** The visitor has chosen. */
  choose(granted: boolean): void;
  /** What they chose before; `undefined` when they have not. */
  readonly chosen?: boolean | undefined;
  /** Language of the page, as a BCP 47 tag; empty when it does not say. */
  readonly language: string;
  /** Address of the site's privacy text. */
  readonly policyUrl?: string | undefined;
  readonly limits?: UploadLimits;
}

/**
 * `<peerfold-notice>`: asks the visitor, or shows again what they chose. It is no dialog: the page goes on behind it,
 * focus goes where the visitor puts it, and nothing but the two buttons counts as a choice. The site may put the
 * element where it likes, with attributes and contents of its own.
 */
export class PeerfoldNotice extends HTMLElement {
  readonly #root = this.attachShadow({ mode: 'open' });
  #before: Element | null = null;
  #box: HTMLElement | undefined;
  #close: (() => void) | undefined;

  /** Shows the notice; asked for again (`chosen`), the focus goes to it, and back when it is closed. */
  show(host: NoticeHost): void {
    this.close();
    const language = this.lang || host.language;
    const wording = wordingFor(language, ownTexts(this), hasContents(this));
    const box = make('section', { part: 'box', tabindex: -1, lang: wording.language });
    box.setAttribute('aria-label', wording.texts.label);
    box.append(...this.#contents(host, wording.texts));
    styleShadow(this.#root, NOTICE_STYLE);
    this.#root.append(box);
    this.#box = box;
    this.hidden = false;
    this.#watch(host.chosen !== undefined);
    if (host.chosen === undefined) return;
    this.#before = document.activeElement;
    box.focus();
  }

  /** Safe to call twice. */
  close(): void {
    const hadFocus = this.#root.activeElement !== null;
    this.#close?.();
    this.#close = undefined;
    this.hidden = true;
    this.#root.replaceChildren();
    if (hadFocus && this.#before instanceof HTMLElement) this.#before.focus();
    this.#before = null;
  }

  disconnectedCallback(): void {
    this.close();
  }

  #contents(host: NoticeHost, texts: NoticeTexts): Node[] {
    const { chosen, policyUrl, limits } = host;
    const button = (granted: boolean): HTMLElement => {
      const part = granted ? 'accept' : 'decline';
      const element = make('button', { part: `button ${part}` }, texts[part]);
      if (chosen !== undefined) element.setAttribute('aria-pressed', String(chosen === granted));
      element.addEventListener('click', () => {
        this.close();
        host.choose(granted);
      });
      return element;
    };
    const url = this.getAttribute('policy') ?? policyUrl;
    const link = url ? [' ', make('a', { part: 'policy', href: url }, texts.privacy)] : [];
    return [
      make('p', { part: 'text' }, hasContents(this) ? make('slot') : texts.text, ...link),
      ...(limits ? [uploadChoice(limits, texts)] : []),
      make('div', { part: 'buttons' }, button(false), button(true)),
    ];
  }

  /** Keeps out of the way of what has the focus. Escape only puts away what was chosen before. */
  #watch(mayLeave: boolean): void {
    const dodge = (): void => {
      requestAnimationFrame(this.#dodge);
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && mayLeave) this.close();
    };
    document.addEventListener('focusin', dodge);
    document.addEventListener('scroll', dodge, { passive: true, capture: true });
    this.#box?.addEventListener('keydown', onKey);
    this.#close = () => {
      document.removeEventListener('focusin', dodge);
      document.removeEventListener('scroll', dodge, true);
    };
  }

  /** To the other edge of the window, if that is where the focused element is not. */
  readonly #dodge = (): void => {
    const focused = document.activeElement;
    const box = this.#box;
    if (!box || !focused || focused === this || focused === document.body) return;
    if (!areOver(box, focused)) return;
    box.classList.toggle('up');
    if (areOver(box, focused)) box.classList.toggle('up');
  };
}

/** White space between the tags would take the place of our text, too. */
function hasContents(element: Element): boolean {
  return element.childElementCount > 0 || element.textContent.trim() !== '';
}

function areOver(one: Element, other: Element): boolean {
  const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
