import type { Sha256 } from '../src/core/bytes.js';
import type { Clock } from '../src/core/clock.js';
import { reasonOf } from '../src/core/errors.js';
import { piecesOf, type Span } from '../src/core/pieces.js';
import { resolveRange } from '../src/core/ranges.js';
import type { DigestClaims } from '../src/protocol/hasher.js';
import { Tally } from './account.js';
import type { Bridge } from './bridge.js';
import { neededPieces, type Choice, type Chooser } from './choose.js';
import { isDifferent } from './fill.js';
import { representationOf, type Holdings } from './holdings.js';
import type { Layers } from './layers.js';
import type { Needs } from './needs.js';
import type { Asked, Origin } from './origin.js';
import type { PassThrough } from './pass-through.js';
import { MAX_SLICE, takesSlices, type Readers } from './readers.js';
import type { Tokens } from './tokens.js';
import { Transfer } from './transfer.js';
import { VerifiedBody } from './verified-body.js';

export interface ResponderOptions {
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly bridge: Bridge;
  readonly chooser: Chooser;
  readonly holdings: Holdings;
  readonly layers: Layers;
  readonly needs: Needs;
  readonly origin: Origin;
  readonly passThrough: PassThrough;
  readonly readers: Readers;
  readonly tokens: Tokens;
  readonly onOver: (asked: Asked, tally: Tally) => void;
  readonly onDiffers: (digest: DigestClaims) => void;
}

/**
 * Answers requests. The commit rule lives here: until the first byte is handed out, every failure
 * ends in the origin's own answer; after it, only verified bytes follow, or the body errors.
 */
export class Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** Rejects only as the browser's own fetch would have. */
  async answer(asked: Asked): Promise<Response> {
    const { clock, bridge, readers } = this.#options;
    const tally = new Tally(clock, asked.route);
    try {
      if (await readers.isForeign(asked, bridge)) return await asked.untouched();
      return asFile(asked, this.#withoutUrl(asked, await this.#answer(asked, tally)));
    } catch (error) {
      bridge.to(asked.clientId, { t: 'fault', code: 'worker-failed', message: reasonOf(error) });
      return asFile(asked, this.#withoutUrl(asked, await asked.untouched()));
    }
  }

  /**
   * Chromium fails a media element whose parts name different origins, and an answer that we make names
   * none. So what the origin gave a media element is made anew as well, unless that cannot be: then all that
   * follow are the browser's own, too.
   */
  #withoutUrl(asked: Asked, response: Response): Response {
    const { readers } = this.#options;
    if (!takesSlices(asked) || response.type === 'default' || response.type === 'error') return response;
    if (!readers.isOpaque(asked) && isReadable(response)) return new Response(response.body, response);
    readers.setOpaque(asked);
    return response;
  }

  async #answer(asked: Asked, tally: Tally): Promise<Response> {
    const { chooser, passThrough, origin } = this.#options;
    const look = asked.look ?? chooser.look(asked);
    // It may fail while nobody waits for it; after a cache hit nobody ever does.
    Promise.resolve(look).catch(() => undefined);
    const cached = await origin.probe(asked);
    if (cached) return passThrough.handOn(asked, cached, 'cache', tally);
    const choice = await chooser.choose(asked, await look);
    if (choice.kind === 'gather') return this.#gather(asked, choice, tally);
    const begun = this.#begun(asked);
    const same = begun && (await passThrough.continue(asked, begun, tally));
    tally.fellBack(choice.reason);
    if (begun && !same) return this.#gather(asked, { kind: 'gather', digest: begun, wait: 0 }, tally);
    this.#takeOver(asked);
    return same ?? passThrough.answer(asked, tally, () => this.#rescue(asked, tally));
  }

  /** What comes over HTTP need not come from peers ahead of requests. */
  #takeOver(asked: Asked): void {
    const { tokens, needs } = this.#options;
    const digest = tokens.peek(asked.route.url);
    if (digest) needs.taken(digest.root, neededPieces(asked, digest));
  }

  async #rescue(asked: Asked, tally: Tally): Promise<Response | undefined> {
    const choice = this.#options.chooser.rescue(asked);
    return choice && this.#assemble(asked, choice, tally);
  }

  /** What a media element was given bytes of, and must get no others after. */
  #begun(asked: Asked): DigestClaims | undefined {
    const { readers, tokens } = this.#options;
    const { range, url } = asked.route;
    const digest = range && readers.isMixed(asked) ? tokens.peek(url) : undefined;
    return digest && range && resolveRange(range, digest.len) ? digest : undefined;
  }

  async #gather(asked: Asked, choice: Choice & { kind: 'gather' }, tally: Tally): Promise<Response> {
    return (
      (await this.#assemble(asked, choice, tally)) ?? (await this.#options.passThrough.answer(asked, tally))
    );
  }

  /** An answer of verified pieces; `undefined` when the origin's own has to do. */
  async #assemble(
    asked: Asked,
    { digest, rate, ...patience }: Choice & { kind: 'gather' },
    tally: Tally,
  ): Promise<Response | undefined> {
    const { readers } = this.#options;
    const { range, kind } = asked.route;
    const wanted = range ? resolveRange(range, digest.len) : { start: 0, end: digest.len };
    if (!wanted) return undefined;
    const part = patience.wait > 0 ? wanted : this.#storedPart(asked, digest, wanted);
    const span = range ? readers.slice(asked, part, digest.piece) : wanted;
    const pieces = piecesOf(representationOf(digest).cut, span);
    const mayPass = !readers.isMixed(asked);
    const plan = { ...patience, digest, pieces, mayPass };
    const transfer = new Transfer(this.#options, asked, plan, tally);
    try {
      if ((await transfer.opening()) === 'ready') {
        const verified = new VerifiedBody(this.#options, { asked, digest, span, transfer, tally, rate });
        return kind === 'image' ? await verified.atOnce() : verified.streamed();
      }
    } catch (error) {
      if (isDifferent(error)) return await this.#different(asked, digest, transfer, tally);
      tally.fellBack('deadline');
    }
    transfer.close();
    return undefined;
  }

  /** Nobody is asked for what the store lacks: a slice that begins in it ends there, and the next request may ask. */
  #storedPart(asked: Asked, digest: DigestClaims, { start, end }: Span): Span {
    const limit = Math.min(end, start + MAX_SLICE);
    const stored = this.#options.holdings.storedTo(digest, start, limit);
    return takesSlices(asked) && stored > start ? { start, end: stored } : { start, end };
  }

  /** The origin's bytes are not the signed ones, and none were handed out in this answer yet. */
  #different(asked: Asked, digest: DigestClaims, transfer: Transfer, tally: Tally): Promise<Response> {
    transfer.close();
    tally.fellBack('mismatch');
    tally.judged('mismatch');
    this.#options.onDiffers(digest);
    const mixed = this.#options.readers.isMixed(asked);
    this.#options.readers.forget(asked);
    // Earlier answers to this media element held the old file: it has to start again.
    if (mixed) return Promise.resolve(Response.error());
    return this.#options.passThrough.answer(asked, tally);
  }
}

/** Whether one made of it says as much. CORS keeps from us where a part lies, unless the origin exposes that. */
function isReadable({ type, status, headers }: Response): boolean {
  return (type === 'basic' || type === 'cors') && (status !== 206 || headers.has('content-range'));
}

/** What a browser is to save and not to show. An error it had better show. */
function asFile({ route }: Asked, response: Response): Response {
  if (route.saveAs === undefined || !response.ok) return response;
  const headers = new Headers(response.headers);
  headers.set('content-disposition', route.saveAs);
  return new Response(response.body, { headers });
}
