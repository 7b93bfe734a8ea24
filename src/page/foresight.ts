import type { CanonicalUrl } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import type { PageMessage, SiteConfig, WorkerMessage } from '../protocol/bridge.js';
import { Ahead } from './ahead.js';
import { PEER_PATIENCE, type Digests } from './digests.js';
import { FileLinks } from './file-links.js';
import { StuckImages } from './stuck-images.js';

export interface ForesightOptions {
  readonly config: SiteConfig;
  /** Whether the worker saw all requests of this page. */
  readonly controlled: boolean;
  readonly clock: Clock;
  readonly view: { readonly document: Document };
  readonly idle: () => Promise<void>;
  readonly digests: Digests;
  readonly lengthOf: (url: CanonicalUrl) => number | undefined;
  /** How many links there are. */
  readonly links: () => number;
  readonly send: (message: PageMessage) => void;
}

/**
 * What this page will request: looked up ahead of time, files that are saved led through the worker, and images
 * that do not come asked for anew.
 */
export class Foresight {
  readonly #ahead: Ahead;
  readonly #fileLinks: FileLinks;
  readonly #stuckImages: StuckImages | undefined;

  constructor(options: ForesightOptions) {
    const { digests, send, view } = options;
    const { document } = view;
    this.#ahead = new Ahead({
      ...options,
      document,
      found: (urls) => {
        const unknown = urls.filter((url) => !digests.has(url));
        digests.ask(unknown, () => PEER_PATIENCE);
      },
    });
    this.#fileLinks = new FileLinks({
      ...options,
      document,
      ask: (url, name) => {
        send({ t: 'save', url, name });
      },
    });
    // On a page that the worker controls from its beginning, the browser loads nothing by itself.
    this.#stuckImages = options.controlled ? undefined : new StuckImages({ ...options, document });
  }

  /** The worker has been asked for `url`. */
  led(url: CanonicalUrl): void {
    this.#stuckImages?.led(url);
  }

  /** The worker's answer about a file. */
  answered({ url, ok }: Extract<WorkerMessage, { t: 'saves' }>): void {
    this.#fileLinks.answered(url, ok);
  }

  close(): void {
    this.#ahead.close();
    this.#fileLinks.close();
    this.#stuckImages?.close();
  }
}
