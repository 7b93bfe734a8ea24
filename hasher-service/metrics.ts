import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { BEACON_BYTES, type Beacon } from '../src/protocol/beacon.js';
import type { Limit } from './catalogue/budget.js';
import type { Finding } from './sources/examine.js';

/** What the gauges read when they are asked. */
export interface Levels {
  readonly fetching: () => number;
  readonly waiting: () => number;
  readonly liveRoots: () => number;
}

/** What one look at an origin cost. */
export interface Look {
  /** Milliseconds, without the time it waited for its turn. */
  readonly duration: number;
  /** Bytes read. */
  readonly read: number;
}

export type AnswerKind = 'digest' | 'refusal' | 'pending';

/** Seconds: from a conditional request next door to a large file far away. */
const LOOK_SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600];
/** Seconds: from a live segment to the longest life of a token. */
const AGE_SECONDS = [1, 10, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600];

/** Of so many requests, one token's age is measured. */
const MEASURE_EACH = 16;

/** Prometheus metrics of one service; no label holds a URL or an address. */
export class Metrics {
  readonly registry = new Registry();
  readonly #answered = { digest: 0, refusal: 0, pending: 0 };
  readonly #answers = this.#counter('digest_answers_total', 'Answers to digest look-ups', ['answer'], () => {
    this.#handOver();
  });
  /** Requests whose token's age was not looked at since one was. */
  #unmeasured = MEASURE_EACH;
  readonly #age = this.#histogram('token_age_seconds', 'Age of answered tokens', AGE_SECONDS, []);
  readonly #findings = this.#counter('origin_findings_total', 'What looks at the origin found', ['finding']);
  readonly #bytes = this.#counter('origin_bytes_total', 'Bytes read by looks at the origin', ['outcome']);
  readonly #looks = this.#histogram('look_duration_seconds', 'Looks at the origin', LOOK_SECONDS, [
    'outcome',
  ]);
  readonly #refused = this.#counter('budget_refusals_total', 'Looks beyond a limit', ['limit']);
  readonly #admissions = this.#counter('admissions_total', 'Admissions asked for', ['outcome']);
  readonly #reports = this.#counter('reports_total', 'Reports of differing bytes', ['outcome']);
  readonly #beacons = this.#counter('beacons_total', 'Beacons of pages', ['group']);
  readonly #visitorBytes = this.#counter('visitor_bytes_total', 'What beacons say, scaled to all pages', [
    'source',
  ]);
  readonly #errors = this.#counter('error_answers_total', 'Requests answered with an error', ['code']);
  readonly #failures = this.#counter('failures_total', 'Unexpected failures', []);

  constructor(levels: Levels) {
    this.#gauge('origin_fetches_running', 'Origin fetches under way', levels.fetching);
    this.#gauge('origin_fetches_waiting', 'Origin fetches waiting for their turn', levels.waiting);
    this.#gauge('live_roots', 'Roots that tokens vouch for', levels.liveRoots);
  }

  /** Only counts, since this happens for every URL: Prometheus gets it when it asks. */
  answered(answer: AnswerKind): void {
    this.#answered[answer]++;
  }

  /** A token was answered that was signed so many seconds ago. A sample is enough. */
  tokenAge(seconds: number): void {
    if (++this.#unmeasured < MEASURE_EACH) return;
    this.#unmeasured = 0;
    this.#age.observe(Math.max(0, seconds));
  }

  found(finding: Finding, { duration, read }: Look): void {
    const outcome = finding.kind;
    this.#findings.inc({ finding: finding.kind === 'refused' ? finding.code : outcome });
    this.#looks.observe({ outcome }, duration / 1000);
    this.#bytes.inc({ outcome }, read);
  }

  refused(limit: Limit): void {
    this.#refused.inc({ limit });
  }

  admission(outcome: 'granted' | 'denied'): void {
    this.#admissions.inc({ outcome });
  }

  report(outcome: 'counted' | 'withdrawn' | 'ignored'): void {
    this.#reports.inc({ outcome });
  }

  beacon({ group, share, bytes }: Beacon): void {
    this.#beacons.inc({ group });
    for (const source of BEACON_BYTES) this.#visitorBytes.inc({ source }, bytes[source] / share);
  }

  /** `code` is one of ours, never the client's words. */
  errorAnswered(code: string): void {
    this.#errors.inc({ code });
  }

  failed(): void {
    this.#failures.inc();
  }

  #handOver(): void {
    for (const answer of ['digest', 'refusal', 'pending'] as const) {
      this.#answers.inc({ answer }, this.#answered[answer]);
      this.#answered[answer] = 0;
    }
  }

  #counter(name: string, help: string, labelNames: string[], collect = (): void => undefined): Counter {
    const registers = [this.registry];
    return new Counter({ name: `peerfold_hasher_${name}`, help, labelNames, registers, collect });
  }

  #histogram(name: string, help: string, buckets: number[], labelNames: string[]): Histogram {
    const registers = [this.registry];
    return new Histogram({ name: `peerfold_hasher_${name}`, help, buckets, labelNames, registers });
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
