import type { CanonicalUrl } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import type { SiteConfig } from '../protocol/bridge.js';
import { isOurs } from '../protocol/patterns.js';
import { canonicalUrl } from '../protocol/url.js';

export interface FileLinksOptions {
  readonly config: SiteConfig;
  readonly document: Document;
  readonly clock: Clock;
  /** Length (bytes) of what is signed about a URL; `undefined` while nothing is. */
  readonly lengthOf: (url: CanonicalUrl) => number | undefined;
  /** Asks the worker to answer the navigation to `url` that follows, as a file to be saved as `name`. */
  readonly ask: (url: CanonicalUrl, name: string) => void;
}

/** Smaller files are there before peers have been asked (bytes). */
export const LEAST_FILE = 4 * 2 ** 20;
/** The worker says whether it will answer within a round trip; then the browser saves the file itself (ms). */
const PATIENCE = 500;

interface Saving {
  readonly link: HTMLAnchorElement;
  readonly url: CanonicalUrl;
  timer: Timer;
}

/**
 * Files that the visitor saves by a link with a `download` attribute. Browsers fetch those past service
 * workers (Chromium), but let workers answer a navigation that turns out to be a file, and show its
 * progress like any other. So a hidden frame navigates there instead.
 */
export class FileLinks {
  readonly #document: Document;
  #frame: HTMLIFrameElement | undefined;
  #saving: Saving | undefined;
  /** The link whose click is ours, and the browser's to act on. */
  #released: HTMLAnchorElement | undefined;

  constructor(private readonly options: FileLinksOptions) {
    this.#document = options.document;
    this.#document.addEventListener('click', this.#clicked);
    this.#document.addEventListener('securitypolicyviolation', this.#refused);
  }

  close(): void {
    this.#document.removeEventListener('click', this.#clicked);
    this.#document.removeEventListener('securitypolicyviolation', this.#refused);
    this.options.clock.clearTimeout(this.#saving?.timer);
    this.#frame?.remove();
  }

  /** The worker's answer: whether it will. */
  answered(url: CanonicalUrl, isOn: boolean): void {
    const saving = this.#saving;
    if (saving?.url !== url) return;
    if (isOn) this.#navigate(saving);
    else this.#giveUp();
  }

  #navigate(saving: Saving): void {
    const { clock } = this.options;
    clock.clearTimeout(saving.timer);
    // By then the policy would have spoken.
    saving.timer = clock.setTimeout(() => {
      this.#saving = undefined;
    }, PATIENCE);
    const frame = this.#frame ?? this.#document.createElement('iframe');
    frame.hidden = true;
    frame.src = saving.url;
    // A frame that is put in its place again loads again.
    if (!this.#frame) this.#document.documentElement.append(frame);
    this.#frame = frame;
  }

  /** After the site's own listeners, which may have other plans for the click. */
  readonly #clicked = (event: MouseEvent): void => {
    const link = (event.target as Partial<Element> | null)?.closest?.('a[download]');
    const { defaultPrevented, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (defaultPrevented || altKey || ctrlKey || metaKey || shiftKey) return;
    if (!(link instanceof HTMLAnchorElement) || link === this.#released) return;
    const url = canonicalUrl(link.href);
    if (!url || !this.#isWorthIt(url)) return;
    event.preventDefault();
    if (this.#saving) return;
    const timer = this.options.clock.setTimeout(() => {
      this.#giveUp();
    }, PATIENCE);
    this.#saving = { link, url, timer };
    this.options.ask(url, link.download);
  };

  /** The site's policy forbids frames. */
  readonly #refused = ({ blockedURI }: SecurityPolicyViolationEvent): void => {
    if (blockedURI === this.#saving?.url) this.#giveUp();
  };

  #isWorthIt(url: CanonicalUrl): boolean {
    const { config, lengthOf } = this.options;
    const address = new URL(url);
    // Across origins browsers ignore the attribute.
    if (address.origin !== config.site || !isOurs(config, address, '')) return false;
    return (lengthOf(url) ?? 0) >= LEAST_FILE;
  }

  /** Lets the browser save the file as if we were not there. */
  #giveUp(): void {
    const saving = this.#saving;
    this.#saving = undefined;
    if (!saving) return;
    this.options.clock.clearTimeout(saving.timer);
    this.#released = saving.link;
    saving.link.click();
    this.#released = undefined;
  }
}
