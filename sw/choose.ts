import { piecesOf } from '../src/core/pieces.js';
import type { PieceIndex } from '../src/core/brands.js';
import type { Clock } from '../src/core/clock.js';
import { firstByte, resolveRange } from '../src/core/ranges.js';
import type { FallbackReason, SiteConfig } from '../src/protocol/bridge.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import { PLACE_WAIT, SLOW_WAIT, type Bridge, type Placement } from './bridge.js';
import { representationOf, type Holdings } from './holdings.js';
import type { Asked, Origin } from './origin.js';
import { takesSlices, MIN_SLICE } from './readers.js';
import type { Route } from './route.js';
import type { Seen } from './seen.js';
import { within } from './timers.js';
import type { Tokens } from './tokens.js';
import type { Trust } from './trust.js';

/** Either the origin's own answer, and why, or gathering verified pieces. */
export type Choice =
  | { readonly kind: 'http'; readonly reason: FallbackReason }
  | ({ readonly kind: 'gather'; readonly digest: DigestClaims } & Patience);

/** How long peers may take (ms), and what the origin does meanwhile. */
type Patience = Omit<Placement, 'reason'>;

/** What is known before a token is waited for: a choice, or how long that wait may be. */
export type Outlook = Choice | ({ readonly kind: 'unsigned'; readonly since: number } & Patience);

/** What one look tells: at once, or after the page or the disk was asked. */
export type Look = Choice | Promise<Outlook>;

/** The part of a request that a choice depends on. */
type Wanted = Pick<Asked, 'route' | 'clientId'>;

export interface ChooserOptions {
  readonly config: SiteConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly bridge: Bridge;
  readonly trust: Trust;
  readonly tokens: Tokens;
  readonly holdings: Holdings;
  readonly seen: Seen;
  readonly origin: Origin;
}

/** Share of eligible requests that take the origin's bytes, to compare them with the signed ones. */
export const CANARY_SHARE = 0.01;
/** An image is answered only when complete; a larger one shows progress better over HTTP. */
export const MAX_IMAGE = 4 * 2 ** 20;
/** Checking a stored token takes a signature and perhaps the keys; a hung hash service is not waited for. */
const TOKEN_CHECK_WAIT = 60;
/** An origin that failed leaves only peers, if they are quick: a visitor who sees an error can try again (ms). */
const RESCUE_WAIT = 4_000;
/** Waiting for a token is time that peers no longer have; where they are still to get it, it comes from them, too. */
const TOKEN_WAIT = 1_500;

/** Decides where the bytes of an answer shall come from. Every wait in here is bounded. */
export class Chooser {
  readonly #options: ChooserOptions;

  constructor(options: ChooserOptions) {
    this.#options = options;
  }

  /**
   * The quick part, which can run while the HTTP cache is asked. It answers at once when there is
   * nothing to wait for: a request that ends at the origin anyway must not lose time here.
   */
  look(asked: Wanted): Look {
    const { trust, tokens } = this.#options;
    const { url } = asked.route;
    const permission = trust.decided;
    const digest = tokens.peek(url);
    if (permission === undefined || (!digest && tokens.isStored(url))) return this.#lookLonger(asked);
    return permission === 'yes' ? this.#decide(asked, digest) : over(permission);
  }

  /** The patient part: waits for a token as long as the page allows. */
  async choose(asked: Asked, outlook: Outlook): Promise<Choice> {
    if (outlook.kind !== 'unsigned') return outlook;
    const { bridge, clock, seen, tokens } = this.#options;
    const { url } = asked.route;
    seen.note(url);
    if (!bridge.leader) return over('no-engine');
    const { wait, since, ...patience } = outlook;
    const digest = await tokens.arrival(url, Math.min(wait, patience.lasting ?? TOKEN_WAIT));
    if (!digest) return over(tokens.refused(url) ? 'refused' : 'no-token');
    const obstacle = this.#obstacle(asked, digest);
    const left = wait - (clock.ticks() - since);
    if (obstacle) return over(obstacle);
    return left > 0 ? { ...patience, kind: 'gather', digest, wait: left } : over('deadline');
  }

  /** The origin has failed. What peers may be asked for instead, if they may be asked at all. */
  rescue(asked: Wanted): (Choice & { kind: 'gather' }) | undefined {
    const { bridge, tokens, trust } = this.#options;
    const digest = trust.decided === 'yes' ? tokens.peek(asked.route.url) : undefined;
    if (!digest || !bridge.leader || this.#obstacle(asked, digest)) return undefined;
    return { kind: 'gather', digest, wait: RESCUE_WAIT };
  }

  /** While the worker is starting, or when a stored token has to be checked first. */
  async #lookLonger(asked: Wanted): Promise<Outlook> {
    const { clock, tokens, trust } = this.#options;
    const { url } = asked.route;
    const permission = await trust.permitted(() => tokens.isStored(url));
    if (permission !== 'yes') return over(permission);
    return this.#decide(asked, await within(clock, TOKEN_CHECK_WAIT, tokens.find(url)));
  }

  #decide(asked: Wanted, digest: DigestClaims | undefined): Look {
    const { bridge, tokens } = this.#options;
    if (tokens.refused(asked.route.url)) return over('refused');
    const obstacle = digest && this.#obstacle(asked, digest);
    if (obstacle) return over(obstacle);
    if (digest && this.#covers(asked, digest)) return this.#fromStore(asked, digest);
    if (!digest && tokens.isUnsigned(asked.route.url)) return over('no-token');
    const whyNot = bridge.whyNotAsk(asked.clientId);
    return whyNot ? over(whyNot) : this.#askPage(asked, digest);
  }

  /** Nothing has to be waited for; but what a player fetches may have to go out slowly. */
  #fromStore({ clientId, route }: Wanted, digest: DigestClaims): Look {
    const { bridge } = this.#options;
    const choice: Choice = { kind: 'gather', digest, wait: 0 };
    if (route.destination !== '' || bridge.whyNotAsk(clientId)) return choice;
    return bridge.place(clientId, placeOf(route)).then(({ rate }) => ({ ...choice, rate }));
  }

  async #askPage({ clientId, route }: Wanted, digest: DigestClaims | undefined): Promise<Outlook> {
    const { bridge, origin } = this.#options;
    const hurry = route.destination === 'image' ? PLACE_WAIT : undefined;
    const wait = origin.traffic.isSlow ? SLOW_WAIT : hurry;
    return this.#weigh(digest, await bridge.place(clientId, placeOf(route), wait));
  }

  #weigh(digest: DigestClaims | undefined, { reason, ...patience }: Placement): Outlook {
    if (patience.wait <= 0) return over(reason ?? 'no-answer');
    if (!digest) return { kind: 'unsigned', ...patience, since: this.#options.clock.ticks() };
    return this.#options.bridge.leader ? { kind: 'gather', digest, ...patience } : over('no-engine');
  }

  #obstacle({ route }: Wanted, digest: DigestClaims): FallbackReason | undefined {
    if (digest.len < this.#options.config.minSize) return 'too-small';
    if (route.kind === 'image' && digest.len > MAX_IMAGE) return 'too-large';
    // Only the origin says what becomes of a range it cannot satisfy.
    if (route.range && !resolveRange(route.range, digest.len)) return 'refused';
    return this.#options.random() < CANARY_SHARE ? 'canary' : undefined;
  }

  #covers(asked: Wanted, digest: DigestClaims): boolean {
    return this.#options.holdings.covers(digest, neededPieces(asked, digest));
  }
}

/** The pieces that the first answer takes: all, or those of the range (of its first slice, for media). */
export function neededPieces(asked: Wanted, digest: DigestClaims): PieceIndex[] {
  const cut = representationOf(digest).cut;
  const { range } = asked.route;
  const span = range ? resolveRange(range, digest.len) : { start: 0, end: digest.len };
  if (!span) return [];
  const end = takesSlices(asked) ? Math.min(span.end, span.start + MIN_SLICE) : span.end;
  return piecesOf(cut, { start: span.start, end });
}

/** What the page is asked about: parts of one file may be different segments. */
function placeOf({ range, ...route }: Route): Parameters<Bridge['place']>[1] {
  return { ...route, start: firstByte(range) };
}

/** The origin's own answer, for this reason. */
export function over(reason: FallbackReason): Choice {
  return { kind: 'http', reason };
}
