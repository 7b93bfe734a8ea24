import type { CanonicalUrl } from '../src/core/brands.js';
import { DOWNLOAD_WAIT } from '../src/core/deadline.js';
import type { FallbackReason, PageMessage, SiteConfig } from '../src/protocol/bridge.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import type { Bridge } from './bridge.js';
import { over, type Choice, type Chooser } from './choose.js';
import type { Asked } from './origin.js';
import type { Page } from './page.js';
import type { Playlists } from './playlists.js';
import { takesSlices, type Readers } from './readers.js';
import type { Responder } from './respond.js';
import { fileRouteOf, routeOf, type RequestFacts, type Route } from './route.js';
import { dispositionOf, type Saves } from './saves.js';
import type { Tokens } from './tokens.js';
import type { Trust } from './trust.js';
import { faultMessage } from './worker-messages.js';

/** What the platform does with a request. */
export type Passage = Pick<Asked, 'signal' | 'untouched' | 'waitUntil'>;

/** Answers one request that is ours. Rejects only as the browser's own fetch would have. */
export type Answerer = (passage: Passage) => Promise<Response>;

export interface IntakeOptions {
  readonly config: SiteConfig;
  readonly bridge: Bridge;
  readonly trust: Trust;
  readonly tokens: Tokens;
  readonly chooser: Chooser;
  readonly saves: Saves;
  readonly readers: Readers;
  /** Media elements ask on after an answer with less than they asked for. */
  readonly playsParts: boolean;
  readonly playlists: Playlists;
  readonly responder: Responder;
}

/** A request that is ours, and what was seen of it when that was decided. */
type Taken = Pick<Asked, 'route' | 'look'> & Partial<Pick<Asked, 'clientId'>>;

/**
 * Decides at once whether a request is ours to answer. One that would get the origin's answer anyway
 * is left to the browser, which is faster alone (measured); its page counts it.
 */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** How to answer a request; `undefined` leaves it to the browser. Never throws. */
  route(facts: RequestFacts, clientId: string): Answerer | undefined {
    const { bridge, playlists, responder } = this.#options;
    try {
      const taken = this.#take(facts, clientId);
      if (!taken) return playlists.route(facts, clientId);
      return (passage) => responder.answer({ facts, clientId, ...taken, ...passage });
    } catch (error) {
      bridge.to(clientId, faultMessage(error));
      return undefined;
    }
  }

  /** A page wants to navigate to a file, to have it saved. */
  save(page: Page, { url, name }: PageMessage & { t: 'save' }): void {
    const ok = this.#digestOfFile(url) !== undefined;
    if (ok) this.#options.saves.expect(url, { name, clientId: page.clientId });
    page.post({ t: 'saves', url, ok });
  }

  #take(facts: RequestFacts, clientId: string): Taken | undefined {
    const { config } = this.#options;
    const file = fileRouteOf(facts, config);
    if (file) return this.#takeFile(file);
    const route = routeOf(facts, clientId, config);
    if (!route) return undefined;
    return takesSlices({ route }) ? this.#takeSlice(route, clientId) : this.#takeWhole(route, clientId);
  }

  /** A page has just said that it is to be saved, or its signed header does. */
  #takeFile(route: Route): Taken | undefined {
    const save = this.#options.saves.take(route.url);
    const digest = this.#digestOfFile(route.url);
    if (!save && !digest?.hdr['content-disposition']?.startsWith('attachment')) return undefined;
    const look: Choice = digest
      ? { kind: 'gather', digest, wait: DOWNLOAD_WAIT, together: true }
      : over('no-token');
    if (!save) return { route, look };
    return { route: { ...route, saveAs: dispositionOf(save.name) }, look, clientId: save.clientId };
  }

  #digestOfFile(url: CanonicalUrl): DigestClaims | undefined {
    const { trust, tokens } = this.#options;
    return trust.decided === 'yes' ? tokens.peek(url) : undefined;
  }

  /** An element that was given answers of ours takes no others after them, whatever was decided since. */
  #takeSlice(route: Route, clientId: string): Taken | undefined {
    const { bridge, trust, readers, playsParts } = this.#options;
    const isOff = bridge.isOff(clientId) || trust.decided === 'not-allowed';
    if (isOff && readers.leave({ route, clientId })) return undefined;
    if (playsParts) return { route };
    this.#leave(route, clientId, 'unsupported');
    return undefined;
  }

  #takeWhole(route: Route, clientId: string): Taken | undefined {
    const { bridge, chooser } = this.#options;
    const look = bridge.isOff(clientId) ? over('not-allowed') : chooser.look({ route, clientId });
    // Canaries are looked at on the way.
    const isLeft = !(look instanceof Promise) && look.kind === 'http' && look.reason !== 'canary';
    if (!isLeft) return { route, look };
    this.#leave(route, clientId, look.reason);
    return undefined;
  }

  #leave({ url, destination }: Route, clientId: string, reason: FallbackReason): void {
    this.#options.bridge.to(clientId, { t: 'left', url, destination, reason });
  }
}
