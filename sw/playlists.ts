import type { CanonicalUrl } from '../src/core/brands.js';
import { MAX_PLAYLIST_LENGTH } from '../src/core/limits.js';
import type { SiteConfig } from '../src/protocol/bridge.js';
import { isInScope, isPlaylist } from '../src/protocol/patterns.js';
import { canonicalUrl } from '../src/protocol/url.js';
import { readUpTo } from './body.js';
import type { Bridge } from './bridge.js';
import type { Answerer, Passage } from './intake.js';
import { playlistOf, type RequestFacts } from './route.js';
import type { Trust } from './trust.js';

export interface PlaylistsOptions {
  readonly config: SiteConfig;
  readonly trust: Pick<Trust, 'decided' | 'permission' | 'permitted' | 'settled'>;
  readonly bridge: Pick<Bridge, 'to' | 'isOff'>;
  readonly fetch: typeof globalThis.fetch;
}

/**
 * Playlists pass through to the network, whatever it answers. A copy of the text goes to the page that asked, whose
 * engine so knows the coming segments. Nobody waits for that, and nothing that goes wrong in it is seen.
 */
export class Playlists {
  readonly #options: PlaylistsOptions;

  constructor(options: PlaylistsOptions) {
    this.#options = options;
  }

  /** How to pass it; `undefined` leaves the request to the browser, when its page has no use for the text. */
  route(facts: RequestFacts, clientId: string): Answerer | undefined {
    const { config, trust, bridge } = this.#options;
    const asked = playlistOf(facts, clientId, config);
    // As long as it is not known whether peers may be used, the text may turn out to be wanted.
    const { decided = 'yes' } = trust;
    if (!asked || decided !== 'yes' || bridge.isOff(clientId)) return undefined;
    return (passage) => this.#pass(asked, clientId, passage);
  }

  /**
   * Reads a playlist that a page got before this worker was there; the HTTP cache may have it still. False when
   * `asked` is none.
   */
  again(asked: CanonicalUrl, clientId: string): boolean {
    const { config, fetch } = this.#options;
    const address = new URL(asked);
    if (!isPlaylist(address)) return false;
    const read = async (): Promise<void> => {
      if (!isInScope(config, address) || !(await this.#mayRead())) return;
      const response = await fetch(asked, { cache: 'force-cache' });
      if (isReadable(response)) await this.#tell(clientId, asked, response);
    };
    read().catch(() => undefined);
    return true;
  }

  async #pass(asked: CanonicalUrl, clientId: string, { untouched, waitUntil }: Passage): Promise<Response> {
    const response = await untouched();
    if (isReadable(response)) waitUntil(this.#read(asked, clientId, response.clone()).catch(() => undefined));
    return response;
  }

  async #read(asked: CanonicalUrl, clientId: string, copy: Response): Promise<void> {
    if (await this.#mayRead()) await this.#tell(clientId, asked, copy);
    else await copy.body?.cancel();
  }

  async #mayRead(): Promise<boolean> {
    const { trust } = this.#options;
    // First what was so in earlier visits, then what the hash service says now.
    await trust.permitted(() => true);
    await trust.settled();
    return trust.permission === 'yes';
  }

  async #tell(clientId: string, asked: CanonicalUrl, { body, url }: Response): Promise<void> {
    const bytes = body && (await readUpTo(body, MAX_PLAYLIST_LENGTH));
    if (!bytes) return;
    const text = new TextDecoder().decode(bytes);
    this.#options.bridge.to(clientId, { t: 'playlist', asked, url: canonicalUrl(url) ?? asked, text });
  }
}

/** Opaque answers have status 0. */
function isReadable({ status, headers }: Response): boolean {
  return status === 200 && Number(headers.get('content-length') ?? 0) <= MAX_PLAYLIST_LENGTH;
}
