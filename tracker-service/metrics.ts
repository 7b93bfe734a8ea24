import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Tally } from './core/tally.js';
import type { Census } from './core/tracker.js';
import type { Turned } from './server/turned.js';

/** What is read of the server when somebody asks. */
export interface Gauges extends Census {
  readonly sockets: number;
  readonly addresses: number;
  readonly pressure: number;
  /** This one among them. */
  readonly nodes: number;
}

const HELP: Readonly<Record<keyof Gauges, string>> = {
  sessions: 'Sockets whose conversation goes on',
  sites: 'Sites with visitors, federated ones counted as one',
  visitors: 'Visitors who are connected, or dropped and may come back',
  roots: 'Roots that somebody holds',
  entries: 'Roots summed over the visitors who hold them',
  sockets: 'Open sockets',
  addresses: 'Addresses remembered for their limits',
  pressure: 'What overload sheds: 0 nothing, 1 pushes, 2 introductions, 3 wants, 4 new sockets',
  nodes: 'Nodes that are alive, this one among them',
};
const GAUGES = Object.keys(HELP) as (keyof Gauges)[];

/** What `/metrics` shows. `trouble` hears each failure that is the operator's to know. */
export class Metrics implements Tally {
  readonly registry = new Registry();
  readonly #messages = this.#sums('messages', 'Well-formed messages from visitors', 'kind');
  readonly #refusals = this.#counter('refusals', 'Messages that were not acted on', ['code']);
  readonly #ends = this.#counter('ends', 'Sessions ended by the tracker', ['reason']);
  readonly #welcomes = this.#counter('welcomes', 'Visitors welcomed', ['resumed']);
  readonly #introductions = this.#sums('introductions', 'Peers shown to visitors', 'pushed');
  readonly #signals = this.#sums('signals', 'Signals relayed');
  readonly #verdicts = this.#counter('roots_checked', 'Verdicts of the hash service on roots', ['live']);
  readonly #turnedAway = this.#counter('turned_away', 'Sockets turned away at the door', ['limit']);
  readonly #failures = this.#counter('failures', 'Failures on our side, hash service included', []);

  constructor(
    private readonly report: (error: unknown) => void,
    processMetrics = true,
  ) {
    if (processMetrics) collectDefaultMetrics({ register: this.registry });
  }

  /** Gauges are read when somebody asks. */
  watch(read: () => Gauges): void {
    for (const name of GAUGES) {
      new Gauge({
        name: `peerfold_tracker_${name}`,
        help: HELP[name],
        registers: [this.registry],
        collect() {
          this.set(read()[name]);
        },
      });
    }
  }

  message(kind: string): void {
    this.#messages.add(kind);
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
    this.#introductions.add(String(pushed), count);
  }

  signal(): void {
    this.#signals.add('');
  }

  verdicts(live: number, dead: number): void {
    this.#verdicts.inc({ live: 'true' }, live);
    this.#verdicts.inc({ live: 'false' }, dead);
  }

  turnedAway(limit: Turned): void {
    this.#turnedAway.inc({ limit });
  }

  trouble(error: unknown): void {
    this.#failures.inc();
    this.report(error);
  }

  /** For what happens thousands of times a second: counting is adding. */
  #sums(name: string, help: string, label?: string): Sums {
    const sums = new Sums();
    const full = `peerfold_tracker_${name}_total`;
    const labelNames = label === undefined ? [] : [label];
    new Counter({
      name: full,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        sums.handOver((value, sum) => {
          this.inc(label === undefined ? {} : { [label]: value }, sum);
        });
      },
    });
    return sums;
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    const full = `peerfold_tracker_${name}_total`;
    return new Counter({ name: full, help, labelNames, registers: [this.registry] });
  }
}

/** Sums by the value of a label, until Prometheus asks for them. */
class Sums {
  readonly #sums = new Map<string, number>();

  add(value: string, count = 1): void {
    this.#sums.set(value, (this.#sums.get(value) ?? 0) + count);
  }

  handOver(take: (value: string, sum: number) => void): void {
    for (const [value, sum] of this.#sums) take(value, sum);
    this.#sums.clear();
  }
}
