import type { Root } from '../core/brands.js';
import type { Clock } from '../core/clock.js';
import { pieceCount, type Cut } from '../core/pieces.js';
import type { Bitfield } from '../core/bitfield.js';
import type { Allowance } from '../peer/contract.js';
import { MAX_HOLDINGS, type Holding } from './holdings.js';
import type { Memory } from './memory.js';
import type { PeerfoldOptions } from './options.js';
import type { BusyPage } from './quiet.js';
import { UploadCounts, type Counted } from './upload-counts.js';
import { networkOf, type Device } from './upload-network.js';
import { uploadCap } from './visitor-cap.js';

/** Why no more is uploaded: which bound, or that uploading makes way for the page's own requests. */
export type UploadLimit = 'network' | 'visitor' | 'ratio' | 'session' | 'month' | 'busy';

export interface UploadBudgetOptions {
  /** As the site set them. */
  readonly options: PeerfoldOptions;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly device: Device;
  readonly page: BusyPage;
  /** The rate has changed; see `rate`. */
  readonly changed: () => void;
}

/** 10 Mbit/s: useful to others, and below what home connections notice. */
export const DEFAULT_UPLOAD = 1_250_000;
/** 5 Mbit/s on a network that nobody knows, which may be anything. */
export const CAUTIOUS_UPLOAD = 640_000;
/** A quarter of an hour at the full rate. */
export const DEFAULT_SESSION = 2 ** 30;
/** A fiftieth of what fixed lines that have a volume cap commonly allow (1 TB). */
export const DEFAULT_MONTH = 20 * 2 ** 30;
/**
 * Of the rate, while the page's own requests are under way. Not nothing: with an overrun origin every page
 * has some under way all the time, and then it is uploads that help.
 */
export const BUSY_SHARE = 1 / 4;
/** Bytes counted at a time, before they are sent: a page that crashes has counted too many, never too few. */
export const RESERVE = 4 * 2 ** 20;
/**
 * Who has sent all that it may offers again once so much may be sent, or this share of what it received:
 * every peer is told, so it must not happen for every piece.
 */
const RESUME_BYTES = 2 ** 20;
const RESUME_SHARE = 1 / 8;

/**
 * How much this visitor uploads: at what rate now, and how many bytes in all. The rate follows from the
 * network and from what else the page is doing. The bytes are bounded by what this visit received of what
 * can be shared (pieces that the worker holds and the visit used, wherever they came from), and by caps
 * for visit and month. None is sent before it is counted.
 */
export class UploadBudget implements Allowance {
  readonly #options: UploadBudgetOptions;
  readonly #counts: UploadCounts;
  /** Bytes received of each root in this visit, and in all. */
  readonly #received = new Map<Root, number>();
  #total = 0;
  #visit = '';
  /** Counted, and not sent yet; void in another visit, and when the month ends (ms since 1970). */
  #reserved = 0;
  #lapses = 0;
  /** All is sent that may be, or no frame of `#refused` bytes fits in what is left. */
  #spent = true;
  #refused = 0;
  #busy = false;
  #rate = 0;
  #limit: UploadLimit | undefined;

  constructor(options: UploadBudgetOptions) {
    this.#options = options;
    this.#counts = new UploadCounts(options.memory, options.clock);
    const review = this.review.bind(this);
    if (this.#isLoading) options.page.addEventListener('load', review, { once: true });
    review();
  }

  /** Bytes per second; at 0 nothing is offered. */
  get rate(): number {
    return this.#rate;
  }

  /** What keeps the rate down; `undefined` while nothing does. */
  get limit(): UploadLimit | undefined {
    return this.#limit;
  }

  /** Whether pages of the site have requests of their own under way at the origin. */
  set busy(busy: boolean) {
    this.#busy = busy;
    this.review();
  }

  /** The worker holds these, and this visit used them. */
  receive({ root, cut, bits, layer }: Holding): void {
    this.#count();
    const bytes = bytesOf(cut, bits) + (layer?.byteLength ?? 0);
    const before = this.#received.get(root) ?? 0;
    if (bytes <= before || (before === 0 && this.#received.size >= MAX_HOLDINGS)) return;
    this.#received.set(root, bytes);
    this.#total += bytes - before;
    this.review();
  }

  take(bytes: number): boolean {
    if (this.#reserved < bytes || this.#options.clock.now() >= this.#lapses) this.#reserve(bytes);
    const fits = this.#reserved >= bytes;
    if (fits) this.#reserved -= bytes;
    else [this.#spent, this.#refused] = [true, bytes];
    // Not at once: whoever asks is in the middle of sending.
    if (!fits || this.#reserved === 0) queueMicrotask(this.review.bind(this));
    return fits;
  }

  /** Nothing is sent for now: gives back what was counted and not sent. Safe to call twice. */
  release(): void {
    this.#count();
    if (this.#reserved > 0) this.#counts.add(-this.#reserved);
    this.#reserved = 0;
  }

  /** Looks again at all that may have changed: the network, the time, what other tabs counted. */
  review(): void {
    const [rate, limit] = this.#judge();
    this.#limit = limit;
    if (rate === this.#rate) return;
    this.#rate = rate;
    this.#options.changed();
  }

  get #isLoading(): boolean {
    return this.#options.page.document.readyState !== 'complete';
  }

  #judge(): [rate: number, limit: UploadLimit | undefined] {
    const network = networkOf(this.#options.device);
    const { upload } = this.#options.options;
    const [left, bound] = this.#left();
    const least = this.#spent
      ? Math.max(this.#refused, Math.min(RESUME_BYTES, this.#total * RESUME_SHARE))
      : 1;
    this.#spent = left < Math.max(1, least);
    if (network === 'metered') return [0, 'network'];
    if (this.#spent) return [0, bound];
    this.#refused = 0;
    const isUnknown = network === 'unknown' && upload === undefined;
    const usual = isUnknown ? CAUTIOUS_UPLOAD : (upload ?? DEFAULT_UPLOAD);
    const rate = Math.min(usual, uploadCap(this.#options.memory) ?? usual);
    if (rate > 0 && (this.#busy || this.#isLoading)) return [rate * BUSY_SHARE, 'busy'];
    return [rate, rate < usual ? 'visitor' : isUnknown ? 'network' : undefined];
  }

  /** Bytes that may still be sent, and by which bound. */
  #left(): [bytes: number, bound: UploadLimit] {
    const { inVisit, inMonth } = this.#count();
    const {
      uploadRatio = 1,
      uploadSession = DEFAULT_SESSION,
      uploadMonth = DEFAULT_MONTH,
    } = this.#options.options;
    const bounds: [number, UploadLimit][] = [
      [uploadRatio * this.#total - inVisit, 'ratio'],
      [uploadSession - inVisit, 'session'],
      [uploadMonth - inMonth, 'month'],
    ];
    const [bytes, bound] = bounds.reduce((least, one) => (one[0] < least[0] ? one : least));
    return [Math.floor(bytes) + this.#reserved, bound];
  }

  #reserve(bytes: number): void {
    const more = Math.min(RESERVE, this.#left()[0] - this.#reserved);
    if (this.#reserved + more < bytes) return;
    this.#counts.add(more);
    this.#reserved += more;
    this.#lapses = monthEnd(this.#options.clock.now());
  }

  /** What all tabs have counted. In another visit or month, what was before in this page is void. */
  #count(): Counted {
    const counted = this.#counts.read();
    if (this.#options.clock.now() >= this.#lapses) this.#reserved = 0;
    if (counted.visit !== this.#visit) {
      this.#visit = counted.visit;
      this.#received.clear();
      this.#total = this.#reserved = 0;
    }
    return counted;
  }
}

function bytesOf(cut: Cut, bits: Bitfield): number {
  const count = pieceCount(cut);
  const missing = bits.has(count - 1) ? count * cut.piece - cut.length : 0;
  return bits.count * cut.piece - missing;
}

function monthEnd(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
