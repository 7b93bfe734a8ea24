import type { SitePolicy } from '../protocol/bridge.js';
import type { Memory } from './memory.js';
import type { ConsentMode } from './options.js';

/** Why Peerfold stays away from the network for this visitor. */
export type Refusal =
  /** This page was opened with `?peerfold=off`. */
  | 'off'
  | 'consent'
  | 'privacy-control'
  | 'save-data'
  | 'metered'
  | 'rollout'
  /** Drawn to go without, for comparison. */
  | 'control'
  /** The site's signed policy is not known yet, or switched Peerfold off. */
  | 'disabled';

/** The parts of `navigator` that say how the visitor wants to be treated; all are missing somewhere. */
export interface VisitorSignals {
  readonly globalPrivacyControl?: boolean;
  readonly connection?: { readonly saveData?: boolean; readonly type?: string };
}

export interface PolicyOptions {
  readonly consent: ConsentMode;
  /** Shares of visitors, 0 to 1: that take part, and of those, that go without for comparison. */
  readonly rollout: number;
  readonly control: number;
  /** For this page alone. */
  readonly off: boolean;
  readonly memory: Memory;
  readonly signals: VisitorSignals;
  /** A number in [0, 1); drawn once per visitor. */
  readonly random: () => number;
}

/** The names under which this visitor's own choice and lots are kept. */
export const CHOICE = 'consent';
const LOT = 'lot';
const CONTROL_LOT = 'control-lot';

/** Links that are paid for by volume (Network Information API); elsewhere the type is unknown. */
const METERED: readonly string[] = ['cellular', 'wimax'];

/**
 * Decides whether anything may be contacted. Each gate is read afresh on every question, since all
 * of them can change while the page is open.
 */
export class Policy {
  /** Unknown until the worker has verified it, and then nothing is contacted either. */
  #site: SitePolicy = {};
  readonly #lots = new Map<string, number>();

  constructor(private readonly options: PolicyOptions) {}

  /** The first gate that is shut; `undefined` when all are open. */
  get refusal(): Refusal | undefined {
    return this.known ?? (this.#site.enabled ? undefined : 'disabled');
  }

  /** The same, while the site's side is not known: no gate that is known is shut. */
  get known(): Refusal | undefined {
    const refusal = this.visitorRefusal;
    const { enabled, rollout = 1 } = this.#site;
    if (refusal || enabled === undefined) return refusal;
    if (!enabled) return 'disabled';
    return this.#lot(LOT) < rollout ? undefined : 'rollout';
  }

  /** What the visitor has chosen, if they have. */
  get choice(): boolean | undefined {
    const choice = this.options.memory.get(CHOICE);
    return choice === 'granted' ? true : choice === 'denied' ? false : undefined;
  }

  /**
   * The first gate on the visitor's side, whatever the site's signed policy says at the moment: while
   * this side is open the worker may ask the hash service for that policy, and so learn of its change.
   */
  get visitorRefusal(): Refusal | undefined {
    const { off, rollout, control, signals } = this.options;
    const { connection } = signals;
    const choice = off ? 'off' : this.#choiceRefusal();
    if (choice) return choice;
    if (connection?.saveData) return 'save-data';
    if (METERED.includes(connection?.type ?? '')) return 'metered';
    if (this.#lot(LOT) >= rollout) return 'rollout';
    return control > 0 && this.#lot(CONTROL_LOT) < control ? 'control' : undefined;
  }

  /** Keeps the visitor's choice until they make another. */
  choose(granted: boolean): void {
    this.options.memory.set(CHOICE, granted ? 'granted' : 'denied');
  }

  /** What the site's signed policy says, as the worker verified it. */
  heed(site: SitePolicy): void {
    this.#site = site;
  }

  #choiceRefusal(): Refusal | undefined {
    const { choice } = this;
    if (choice) return undefined;
    if (choice === false || this.options.consent === 'required') return 'consent';
    return this.options.signals.globalPrivacyControl ? 'privacy-control' : undefined;
  }

  /**
   * Sticky, so that a visitor is in or out for good and the owner can compare the two groups. Drawn once a page: where
   * another tab has forgotten the visitor, nothing is written down again.
   */
  #lot(name: string): number {
    const { memory, random } = this.options;
    const kept = this.#lots.get(name) ?? Number(memory.get(name) ?? NaN);
    const isKept = kept >= 0 && kept < 1;
    const lot = isKept ? kept : random();
    if (!isKept) memory.set(name, String(lot));
    this.#lots.set(name, lot);
    return lot;
  }
}
