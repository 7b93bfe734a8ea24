import { reasonOf } from '../core/errors.js';
import type { BeaconsModule } from './beacons.js';
import type { Engine, Fault, Stats } from './engine-host.js';
import { listens } from './listens.js';
import type { PeerfoldOptions } from './options.js';
import type { Bundles, PageEnvironment } from './page-environment.js';
import type { Status } from './readiness.js';
import type { Policy, Refusal } from './policy.js';
import type { UploadLimits } from './upload-choice.js';
import { uploadCap } from './visitor-cap.js';

/** Beacons of a tenth of the pages tell as much, and cost a tenth. */
const DEFAULT_SHARE = 0.1;

export interface CompanionsOptions {
  readonly options: PeerfoldOptions;
  readonly page: Pick<PageEnvironment, 'memory' | 'random' | 'load' | 'site' | 'language'>;
  readonly policy: Pick<Policy, 'choice' | 'refusal'>;
  readonly ready: () => Promise<Status>;
  /** The engine, once it runs. */
  readonly engine: () => Engine | undefined;
  /** Comes when the page is idle. */
  readonly idle: () => Promise<void>;
  readonly stats: () => Stats;
  readonly events: EventTarget;
  readonly fault: (fault: Fault) => void;
  readonly choose: (granted: boolean) => void;
  readonly capUpload: (bytesPerSecond: number | undefined) => void;
}

/** What few pages have, each in a bundle of its own: the overlay, the notice, and beacons. */
export class Companions {
  readonly #options: CompanionsOptions;
  /** Of this page's beacons; 0 when it sends none, or has begun. */
  #share: number;
  #group: 'peers' | 'control' | undefined;
  #endBeacons: (() => void) | undefined;
  #endNotice: (() => void) | undefined;
  #endOverlay: (() => void) | undefined;
  /** Whether the visitor is being asked. */
  #asks = false;
  #stopped = false;

  constructor(options: CompanionsOptions) {
    this.#options = options;
    const { beacons, beaconShare = DEFAULT_SHARE } = options.options;
    this.#share = beacons !== undefined && options.page.random() < beaconShare ? beaconShare : 0;
  }

  /** The page is looked at: shows the overlay where it is wanted, whether or not there is anything to show. */
  async begin(): Promise<void> {
    if (!this.#options.options.overlay) return;
    await this.#options.idle();
    this.#load('overlay', ({ showOverlay }) => {
      const { options, page, policy, stats, events, ready, engine } = this.#options;
      this.#endOverlay = showOverlay({
        ...{ options, stats, ready, engine, memory: page.memory, limits: this.#limits },
        refusal: () => policy.refusal,
        onTransfer: listens(events, 'transfer'),
        onFault: listens(events, 'error'),
      });
    });
  }

  get #limits(): UploadLimits {
    const { page, capUpload } = this.#options;
    return { get: () => uploadCap(page.memory), set: capUpload };
  }

  /** The policy is this now. Figures of a page that changed sides would say nothing about either. */
  apply(refusal: Refusal | undefined): void {
    const group = refusal === undefined ? 'peers' : refusal === 'control' ? refusal : undefined;
    const { options, policy } = this.#options;
    this.#ask(options.notice === true && refusal === 'consent' && policy.choice === undefined);
    if (group === this.#group) return;
    this.#endBeacons?.();
    this.#endBeacons = undefined;
    this.#group = group;
    if (!group || this.#share === 0) return;
    const share = this.#share;
    this.#share = 0;
    void this.#options.idle().then(() => {
      if (this.#group === group)
        this.#load('beacons', (module) => {
          this.#beacon(module, group, share);
        });
    });
  }

  /** Once: a notice shown anew would lose the focus. It goes when the visitor chooses in another tab. */
  #ask(asks: boolean): void {
    if (asks === this.#asks) return;
    this.#asks = asks;
    if (asks) this.notice();
    else this.#endNotice?.();
  }

  /** Asks the visitor, or shows what they chose. */
  notice(): void {
    this.#load('notice', ({ startNotice }) => {
      const { options, page, policy, choose } = this.#options;
      this.#endNotice?.();
      this.#endNotice = startNotice({
        ...{ choose, language: page.language, policyUrl: options.privacy, chosen: policy.choice },
        limits: this.#limits,
      });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#group = undefined;
    this.#endBeacons?.();
    this.#endNotice?.();
    this.#endOverlay?.();
  }

  #beacon({ startBeacons }: BeaconsModule, group: 'peers' | 'control', share: number): void {
    const { options, page, stats, events } = this.#options;
    // It may have ended while the bundle was on its way.
    if (this.#group !== group) return;
    this.#endBeacons = startBeacons({
      ...{ group, stats, share, site: page.site, address: options.beacons ?? '' },
      onError: listens(events, 'error'),
    });
  }

  #load<Name extends keyof Bundles>(name: Name, use: (module: Bundles[Name]) => void): void {
    const { page, fault } = this.#options;
    page
      .load(name)
      .then((module) => {
        if (!this.#stopped) use(module);
      })
      .catch((error: unknown) => {
        fault({ code: 'not-supported', message: `no ${name}: ${reasonOf(error)}` });
      });
  }
}
