import { Counter, Gauge, Registry } from 'prom-client';
import type { Finding } from './sources/examine.js';

/** What the gauges read when they are asked. */
export interface Levels {
  readonly fetching: () => number;
  readonly waiting: () => number;
  readonly liveRoots: () => number;
}

/** Prometheus metrics of one service; no label holds a URL or an address. */
export class Metrics {
  readonly registry = new Registry();
  readonly #answers = this.#counter('digest_answers_total', 'Answers to digest look-ups', ['answer']);
  readonly #findings = this.#counter('origin_findings_total', 'What looks at the origin found', ['finding']);
  readonly #hashed = this.#counter('hashed_bytes_total', 'Bytes fetched from origins and hashed', []);
  readonly #admissions = this.#counter('admissions_total', 'Admissions asked for', ['outcome']);
  readonly #reports = this.#counter('reports_total', 'Reports of differing bytes', ['outcome']);
  readonly #failures = this.#counter('failures_total', 'Unexpected failures', []);

  constructor(levels: Levels) {
    this.#gauge('origin_fetches_running', 'Origin fetches under way', levels.fetching);
    this.#gauge('origin_fetches_waiting', 'Origin fetches waiting for their turn', levels.waiting);
    this.#gauge('live_roots', 'Roots that tokens vouch for', levels.liveRoots);
  }

  answered(answer: 'digest' | 'refusal' | 'pending'): void {
    this.#answers.inc({ answer });
  }

  found(finding: Finding): void {
    this.#findings.inc({ finding: finding.kind === 'refused' ? finding.code : finding.kind });
    if (finding.kind === 'digest') this.#hashed.inc(finding.hashed.cut.length);
  }

  admission(outcome: 'granted' | 'denied'): void {
    this.#admissions.inc({ outcome });
  }

  report(outcome: 'counted' | 'withdrawn' | 'ignored'): void {
    this.#reports.inc({ outcome });
  }

  failed(): void {
    this.#failures.inc();
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name: `peerfold_hasher_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge = new Gauge({
      name: `peerfold_hasher_${name}`,
      help,
      registers: [this.registry],
      collect: () => {
        gauge.set(read());
      },
    });
  }
}
