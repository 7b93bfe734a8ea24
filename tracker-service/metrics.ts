import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Tally } from './core/tally.js';
import type { Census } from './core/tracker.js';

/** What `/metrics` shows. `trouble` hears each failure that is the operator's to know. */
export class Metrics implements Tally {
  readonly registry = new Registry();
  readonly #messages = this.#counter('messages', 'Well-formed messages from visitors', ['kind']);
  readonly #refusals = this.#counter('refusals', 'Messages that were not acted on', ['code']);
  readonly #ends = this.#counter('ends', 'Sessions ended by the tracker', ['reason']);
  readonly #welcomes = this.#counter('welcomes', 'Visitors welcomed', ['resumed']);
  readonly #introductions = this.#counter('introductions', 'Peers shown to visitors', ['pushed']);
  readonly #signals = this.#counter('signals', 'Signals relayed', []);
  readonly #verdicts = this.#counter('roots_checked', 'Verdicts of the hash service on roots', ['live']);
  readonly #turnedAway = this.#counter('turned_away', 'Sockets turned away at the door', ['status']);
  readonly #failures = this.#counter('failures', 'Failures on our side, hash service included', []);

  constructor(
    private readonly report: (error: unknown) => void,
    processMetrics = true,
  ) {
    if (processMetrics) collectDefaultMetrics({ register: this.registry });
  }

  /** Gauges are read when somebody asks. */
  watch(census: () => Census): void {
    const kinds = ['sessions', 'sites', 'visitors', 'roots', 'entries'] as const;
    for (const kind of kinds) {
      new Gauge({
        name: `peerfold_tracker_${kind}`,
        help: `Number of ${kind} now`,
        registers: [this.registry],
        collect() {
          this.set(census()[kind]);
        },
      });
    }
  }

  message(kind: string): void {
    this.#messages.inc({ kind });
  }

  refusal(code: string): void {
    this.#refusals.inc({ code });
  }

  ended(reason: string): void {
    this.#ends.inc({ reason });
  }

  welcome(resumed: boolean): void {
    this.#welcomes.inc({ resumed: String(resumed) });
  }

  introductions(count: number, pushed: boolean): void {
    this.#introductions.inc({ pushed: String(pushed) }, count);
  }

  signal(): void {
    this.#signals.inc();
  }

  verdicts(live: number, dead: number): void {
    this.#verdicts.inc({ live: 'true' }, live);
    this.#verdicts.inc({ live: 'false' }, dead);
  }

  turnedAway(status: number): void {
    this.#turnedAway.inc({ status: String(status) });
  }

  trouble(error: unknown): void {
    this.#failures.inc();
    this.report(error);
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    const full = `peerfold_tracker_${name}_total`;
    return new Counter({ name: full, help, labelNames, registers: [this.registry] });
  }
}
