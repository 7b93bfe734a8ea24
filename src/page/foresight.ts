import type { CanonicalUrl } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import type { PageMessage, SiteConfig, WorkerMessage } from '../protocol/bridge.js';
import { Ahead } from './ahead.js';
import type { Digests } from './digests.js';
import { FileLinks } from './file-links.js';

export interface ForesightOptions {
  readonly config: SiteConfig;
  readonly clock: Clock;
  readonly view: { readonly document: Document };
  readonly idle: () => Promise<void>;
  readonly digests: Digests;
  readonly lengthOf: (url: CanonicalUrl) => number | undefined;
  readonly send: (message: PageMessage) => void;
}

/** What this page will request: looked up ahead of time, and files that are saved led past the worker. */
export class Foresight {
  readonly #ahead: Ahead;
  readonly #fileLinks: FileLinks;

  constructor(options: ForesightOptions) {
    const { digests, send, view } = options;
    const { document } = view;
    this.#ahead = new Ahead({
      ...options,
      document,
      found: (urls) => {
        const unknown = urls.filter((url) => !digests.has(url));
        digests.ask(unknown, false);
      },
    });
    this.#fileLinks = new FileLinks({
      ...options,
      document,
      ask: (url, name) => {
        send({ t: 'save', url, name });
      },
    });
  }

  /** The worker's answer about a file. */
  answered({ url, ok }: Extract<WorkerMessage, { t: 'saves' }>): void {
    this.#fileLinks.answered(url, ok);
  }

  close(): void {
    this.#ahead.close();
    this.#fileLinks.close();
  }
}
