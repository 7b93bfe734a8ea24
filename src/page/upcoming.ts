import type { CanonicalUrl } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import { MAX_UPCOMING } from '../core/limits.js';
import type { PageMessage, TransferReport, Upcoming as Item } from '../protocol/bridge.js';
import { canonicalUrl } from '../protocol/url.js';
import { ComingBytes } from './coming-bytes.js';
import { ComingSegments, type ComingSegmentsOptions } from './coming-segments.js';
import { bufferedAhead, isFedByScript, onPlayers, type Player } from './media.js';
import type { Placer } from './place.js';
import { networkOf, type Device } from './upload-network.js';

/** A media element, with what tells whether it goes on. */
export interface ActivePlayer extends Player {
  readonly paused: boolean;
  readonly ended: boolean;
}

export interface UpcomingOptions extends ComingSegmentsOptions {
  readonly clock: Clock;
  readonly view: {
    readonly document: EventTarget & { querySelectorAll(selector: 'video,audio'): Iterable<ActivePlayer> };
  };
  readonly placer: Pick<Placer, 'headStartOf' | 'lengthOf'>;
  readonly device: Device;
  readonly send: (message: PageMessage) => void;
}

const EVENTS = ['play', 'pause', 'seeking', 'timeupdate', 'ratechange', 'ended', 'emptied'] as const;
/** A pause that is shorter (ms) belongs to a seek. */
export const MOMENT = 1000;
/** While playback goes on, it is looked at so often (ms). */
export const PERIOD = 1000;
/** After a change so soon (ms): the request that tells exactly where it leads is on its way. */
export const SOON = 60;
/** A list that is the same is said again after so long (ms): the worker forgets those of pages that are silent. */
export const RENEW = 10_000;
/** The most bytes listed, and how many for each GiB of memory. */
const MAX_BYTES = 32 * 2 ** 20;
const BYTES_PER_GIB = 8 * 2 ** 20;
/** What a segment is taken to have while nothing is signed about it. */
const USUAL_SEGMENT = 2 ** 20;

/**
 * Tells the worker what the players of this page will want, so that peers are asked for it before the players ask.
 * A list is sent when something joins it, when playback jumps or stops, and now and then as a sign of life.
 */
export class UpcomingMedia {
  readonly #bytes: ComingBytes;
  readonly #segments: ComingSegments;
  readonly #pausedAt = new WeakMap<object, number>();
  readonly #options: UpcomingOptions;
  readonly #deaf: () => void;
  /** Where each part that was listed began. */
  readonly #said = new Map<string, number>();
  #saidAt = 0;
  #isAllowed = false;
  #hasJumped = false;
  #timer: Timer;
  #due = Infinity;

  constructor(options: UpcomingOptions) {
    this.#options = options;
    this.#bytes = new ComingBytes(options.clock);
    this.#segments = new ComingSegments(options);
    this.#deaf = onPlayers(options.view.document, EVENTS, this.#heard.bind(this));
  }

  /** Whether peers may be asked for anything at present. When not, what was listed is given up at once. */
  allow(mayAsk: boolean): void {
    // Bytes that may never be watched are not for links that are paid for by volume.
    const isAllowed = mayAsk && networkOf(this.#options.device) !== 'metered';
    if (isAllowed === this.#isAllowed) return;
    this.#isAllowed = isAllowed;
    this.#review();
  }

  /** The worker has forgotten what it was told. */
  again(): void {
    this.#said.clear();
    this.#soon(SOON);
  }

  /** The worker was asked for this, from byte `start` on. */
  requested(url: CanonicalUrl, destination: string, start?: number): void {
    if (destination === '') this.#segments.requested(url, start);
    else if (isMedia(destination)) this.#bytes.requested(url, start);
    else return;
    this.#soon(this.#said.size > 0 ? PERIOD : SOON);
  }

  /** To be told of every transfer of this page. */
  learn(report: TransferReport): void {
    if (!isMedia(report.destination)) return;
    this.#bytes.ended(report);
    this.#soon(PERIOD);
  }

  close(): void {
    this.allow(false);
    this.#options.clock.clearTimeout(this.#timer);
    this.#deaf();
  }

  #heard(name: (typeof EVENTS)[number], player: HTMLMediaElement): void {
    if (name === 'pause') this.#pausedAt.set(player, this.#options.clock.ticks());
    if (name === 'emptied') this.#segments.forget();
    if (name === 'seeking') this.#moved(player);
    if (name === 'timeupdate') this.#soon(PERIOD);
    else {
      this.#hasJumped ||= name !== 'pause';
      this.#soon(name === 'pause' ? MOMENT : SOON);
    }
  }

  /** What is buffered where it goes is read on from where it was. */
  #moved(player: ActivePlayer): void {
    if (bufferedAhead(player) > 0) return;
    const url = canonicalUrl(player.currentSrc);
    if (isFedByScript(player)) this.#segments.moved(player.currentTime);
    else if (url) this.#bytes.moved(url);
  }

  /** Within `ms`, or earlier if that was planned. */
  #soon(ms: number): void {
    const { clock } = this.#options;
    const due = clock.ticks() + ms;
    if (!this.#isAllowed || due >= this.#due) return;
    clock.clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = clock.setTimeout(() => {
      this.#review();
    }, ms);
  }

  #review(): void {
    const { clock, send } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#due = Infinity;
    const items = this.#isAllowed ? this.#list() : [];
    // A player that waits for data, or is gone, tells nothing; nor does one when its pause has become a longer one.
    if (items.length > 0) this.#soon(this.#players().some(({ paused }) => paused) ? MOMENT : RENEW);
    if (!this.#isWorthSaying(items)) return;
    this.#hasJumped = false;
    this.#saidAt = clock.ticks();
    this.#said.clear();
    for (const item of items) this.#said.set(keyOf(item), item.start ?? 0);
    send({ t: 'ahead', items });
  }

  #isWorthSaying(items: readonly Item[]): boolean {
    if (items.length === 0) return this.#said.size > 0;
    const isOld = this.#options.clock.ticks() - this.#saidAt >= RENEW;
    const isMore = (item: Item): boolean => (item.start ?? 0) < (this.#said.get(keyOf(item)) ?? Infinity);
    return this.#hasJumped || isOld || items.some(isMore);
  }

  /** What all players want, soonest first, as far as it is to be had ahead. */
  #list(): Item[] {
    const { device, placer } = this.#options;
    const players = this.#players().filter((player) => placer.headStartOf(player) !== 'filling');
    const [neediest] = players.filter(isFedByScript).sort((a, b) => bufferedAhead(a) - bufferedAhead(b));
    const items = neediest ? this.#segments.next(neediest) : [];
    for (const player of players) {
      const url = canonicalUrl(player.currentSrc);
      const length = url && placer.lengthOf(url);
      if (url && length) items.push(...this.#bytes.next(url, length, player));
    }
    let bytes = Math.min(MAX_BYTES, (device.deviceMemory ?? Infinity) * BYTES_PER_GIB);
    return items
      .sort((a, b) => a.due - b.due)
      .slice(0, MAX_UPCOMING)
      .filter(
        ({ url, start = 0, end = placer.lengthOf(url) ?? USUAL_SEGMENT }) => (bytes -= end - start) >= 0,
      );
  }

  /** Those that play, or will go on soon. */
  #players(): ActivePlayer[] {
    const { clock, view } = this.#options;
    return [...view.document.querySelectorAll('video,audio')].filter((player) => {
      const pause = clock.ticks() - (this.#pausedAt.get(player) ?? -Infinity);
      return (!player.paused || pause < MOMENT) && !player.ended && player.playbackRate > 0;
    });
  }
}

function isMedia(destination: string): boolean {
  return destination === 'video' || destination === 'audio';
}

/** Parts are known by their ends: where they begin changes as they are read. */
function keyOf({ url, end }: Item): string {
  return `${end ?? ''} ${url}`;
}
