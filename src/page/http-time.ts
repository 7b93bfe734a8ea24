import type { TransferReport } from '../protocol/bridge.js';

/** Before anything was measured: an ordinary image over an ordinary link. */
const FIRST_GUESS = 300;
/** Transfers that count: enough to outvote odd ones, few enough to follow the origin within one page. */
const REMEMBERED = 9;
/** A body that was read slowly, or a laptop that slept, says nothing about the origin. */
const LONGEST = 5000;
/** Less than this comes in one part and says nothing about how fast bytes come. */
const LEAST_RATED = 32 * 1024;
/** How much one transfer counts for whether the origin fails, */
const WEIGHT = 0.25;
/** and from where on it does: after two failures in a row, until the next success or so. */
const FAILING = 0.4;

interface Sample {
  readonly bytes: number;
  /** Milliseconds from the request to the first byte, and from there for each byte. */
  readonly latency: number;
  readonly perByte: number;
}

/** What is known of one kind of resource. */
class Kind {
  samples: readonly Sample[] = [];
  failures = 0;

  median(of: (sample: Sample) => number): number {
    return median(this.samples.map(of)) ?? 0;
  }
}

/**
 * What HTTP fetches take at present, and whether they fail: for images and for the rest apart, by request
 * and by byte apart. Medians, so that one odd transfer changes little.
 */
export class HttpTime {
  readonly #images = new Kind();
  readonly #others = new Kind();

  /** To be told of every transfer; only those that asked the origin say something about it. */
  learn({ destination, bytes, origin, firstByte, duration }: TransferReport): void {
    if (!origin) return;
    const kind = this.#kind(destination);
    kind.failures += (Number(origin.failed) - kind.failures) * WEIGHT;
    if (origin.failed || bytes.http === 0 || bytes.peer + bytes.store + bytes.cache > 0) return;
    const latency = Math.min(firstByte - origin.after, LONGEST);
    const perByte = Math.min(duration - firstByte, LONGEST) / bytes.http;
    if (!(latency >= 0 && perByte >= 0)) return;
    kind.samples = [...kind.samples, { bytes: bytes.http, latency, perByte }].slice(-REMEMBERED);
  }

  /** Milliseconds that fetching `bytes` (as many as usual, when that is not known) would take. */
  expect(destination: string, bytes?: number): number {
    const kind = this.#kind(destination);
    if (kind.samples.length === 0) return FIRST_GUESS;
    const size = bytes ?? kind.median((sample) => sample.bytes);
    const time = kind.median(({ latency }) => latency) + size * kind.median(({ perByte }) => perByte);
    return Math.min(time, LONGEST);
  }

  /**
   * Bytes per second that such a fetch gives once it has begun: infinite where that takes no time that can be
   * measured, `undefined` before one was measured.
   */
  rate(destination: string): number | undefined {
    const rated = this.#kind(destination).samples.filter(({ bytes }) => bytes >= LEAST_RATED);
    const perByte = median(rated.map((sample) => sample.perByte));
    return perByte === undefined ? undefined : 1000 / perByte;
  }

  /** Whether the origin has been giving errors, or nothing, instead of such resources. */
  isFailing(destination: string): boolean {
    return this.#kind(destination).failures > FAILING;
  }

  #kind(destination: string): Kind {
    return destination === 'image' ? this.#images : this.#others;
  }
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
