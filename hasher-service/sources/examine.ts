import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { DigestClaims } from '../../src/protocol/hasher.js';
import type { Environment } from '../environment.js';
import type { Digested, Hashing } from '../hashing/port.js';
import type { Assumptions } from '../judging/assumptions.js';
import { judgeResponse, judgeUrl, type Judgement } from '../judging/eligibility.js';
import { mediaType, type Headers } from '../judging/headers.js';
import type { QueryRules } from '../judging/queries.js';
import type { RefusalCode } from '../judging/refusals.js';
import type { OriginAnswer, OriginClient, OriginRequest } from '../origin/client.js';
import { OriginFault } from '../origin/fault.js';
import { Representation } from '../origin/representation.js';
import type { OriginRules } from '../origin/rules.js';
import { hasValidator, ifChanged, strongValidator, type Validator } from '../origin/validators.js';
import { Negotiation, isSame, type Probed } from './negotiation.js';
import type { Supplies } from './supplies.js';

/** What one look at the origin found; times in milliseconds since 1970. */
export type Finding =
  | {
      readonly kind: 'digest';
      readonly hashed: Digested;
      readonly hdr: DigestClaims['hdr'];
      readonly freshUntil: number;
    }
  | { readonly kind: 'unchanged'; readonly hdr: DigestClaims['hdr']; readonly freshUntil: number }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly cause?: unknown };

export interface ExaminerOptions {
  readonly client: OriginClient;
  readonly rules: OriginRules;
  readonly queries: QueryRules;
  readonly assumptions: Assumptions;
  readonly supplies: Supplies;
  readonly hashing: Hashing;
  readonly environment: Environment;
  readonly maxBytes: number;
  /** Whether what is behind a URL exists for seconds only. */
  readonly isLive: (url: CanonicalUrl) => boolean;
}

/** What a client without preferences sends. */
const ANY_ACCEPT = '*/*';

/**
 * Looks at URLs as an anonymous visitor of a site and finds out whether they may be shared. The public
 * origin alone decides that; who supplies the bytes must agree with it.
 */
export class Examiner {
  readonly #negotiation: Negotiation;

  constructor(private readonly options: ExaminerOptions) {
    this.#negotiation = new Negotiation(options.client);
  }

  /** What can be said about `url` without asking the origin. */
  prejudge(url: CanonicalUrl): RefusalCode | undefined {
    const { rules, queries } = this.options;
    if (!rules.publicTarget(url)) return 'foreign-origin';
    const { base, named } = queries.read(url);
    // That a URL is not public is more useful to hear than that it is not known.
    return base === undefined ? (judgeUrl(url, named) ?? 'query') : judgeUrl(base, named);
  }

  /**
   * Fetches and hashes; with `known`, an unchanged file need not be sent again. Never rejects for what an
   * origin does. `onRead` is told of all bytes that are read from origins for it.
   */
  async examine(
    site: Site,
    url: CanonicalUrl,
    {
      known,
      onRead,
    }: { readonly known?: DigestClaims | undefined; readonly onRead: (length: number) => void },
  ): Promise<Finding> {
    const target = this.options.rules.publicTarget(url);
    if (!target) return { kind: 'refused', code: 'foreign-origin' };
    const request: OriginRequest = { target, site, method: 'GET', accept: ANY_ACCEPT, onRead };
    try {
      if (known) return await this.#revalidate(request, url, known);
      return await this.#readAnswer(request, url, await this.options.client.send(request));
    } catch (error) {
      if (error instanceof OriginFault) return { kind: 'refused', code: error.code, cause: error.cause };
      throw error;
    }
  }

  async #revalidate(request: OriginRequest, url: CanonicalUrl, known: DigestClaims): Promise<Finding> {
    const { client } = this.options;
    // Only strong validators: with a weak one "not modified" does not mean the same bytes.
    const validator = storedValidator(known);
    const answer = await client.send({ ...request, extra: validator ? ifChanged(validator) : {} });
    if (answer.status !== 304) return this.#readAnswer(request, url, answer);
    answer.discard();
    const isAnswerToUs = validator !== undefined && !contradicts(answer.headers, known);
    if (!isAnswerToUs) return this.#readAnswer(request, url, await client.send(request));
    // RFC 9111 section 4.3.4: headers of the 304 replace stored ones; the length is that of the stored bytes.
    const headers = { ...storedHeaders(known), ...answer.headers, 'content-length': [String(known.len)] };
    const judgement = this.#judge(request, url, { ...answer, status: 200, headers });
    if (!judgement.eligible) return { kind: 'refused', code: judgement.code };
    return { kind: 'unchanged', hdr: judgement.hdr, freshUntil: freshUntil(answer, judgement.freshFor) };
  }

  async #readAnswer(request: OriginRequest, url: CanonicalUrl, answer: OriginAnswer): Promise<Finding> {
    const judgement = this.#judge(request, url, answer);
    if (!judgement.eligible) {
      answer.discard();
      return { kind: 'refused', code: judgement.code };
    }
    const seen = this.#representation(request, answer);
    const probing: Promise<Probed> = this.#isLive(url, seen)
      ? Promise.resolve('same')
      : this.#negotiation.probe(seen);
    const [hashed, probed] = await Promise.all([this.options.supplies.digest(url, seen), probing]);
    if (!hashed) return { kind: 'refused', code: 'empty' };
    const code = probed === 'undecided' ? await this.#compareBytes(url, seen, hashed) : refusalFor(probed);
    if (code !== undefined) return { kind: 'refused', code };
    return { kind: 'digest', hashed, hdr: judgement.hdr, freshUntil: freshUntil(answer, judgement.freshFor) };
  }

  #judge(request: OriginRequest, url: CanonicalUrl, answer: OriginAnswer): Judgement {
    const { status, headers, receivedAt } = answer;
    const { maxBytes, assumptions } = this.options;
    const assumed = assumptions.secondsFor(url);
    return judgeResponse({
      site: request.site,
      url,
      status,
      headers,
      receivedAt,
      maxBytes,
      ...(assumed === undefined ? {} : { assumedFresh: assumed }),
    });
  }

  async #compareBytes(
    url: CanonicalUrl,
    seen: Representation,
    hashed: Digested,
  ): Promise<RefusalCode | undefined> {
    const answer = await this.#negotiation.again(seen);
    const judgement = this.#judge(seen.request, url, answer);
    if (!judgement.eligible) {
      answer.discard();
      return judgement.code;
    }
    const other = this.#representation(seen.request, answer);
    const digest = await this.options.hashing.hashStream(other.body(), mediaType(other.headers));
    return isSame(hashed, digest) ? undefined : 'negotiated';
  }

  /** Players fetch live segments by script, which has no preferences; a second probe would cost a round trip. */
  #isLive(url: CanonicalUrl, seen: Representation): boolean {
    const isImage = mediaType(seen.headers).startsWith('image/');
    return !isImage && this.options.isLive(url);
  }

  #representation(request: OriginRequest, answer: OriginAnswer): Representation {
    const { client, environment } = this.options;
    return new Representation(client, environment.clock, request, answer);
  }
}

function refusalFor(probed: 'same' | 'differs'): RefusalCode | undefined {
  return probed === 'differs' ? 'negotiated' : undefined;
}

/** Whether a 304 speaks of another representation than the one we know. */
function contradicts(headers: Headers, known: DigestClaims): boolean {
  const before = storedValidator(known);
  return before?.header === 'etag' && headers['etag'] !== undefined && !hasValidator(headers, before);
}

/** `ver` is the time of the fetch, except where it had to be ahead of the clock; then `iat` is nearer. */
function storedValidator(known: DigestClaims): Validator | undefined {
  return strongValidator(storedHeaders(known), Math.min(known.ver, known.iat * 1000));
}

function storedHeaders(known: DigestClaims): Headers {
  return Object.fromEntries(Object.entries(known.hdr).map(([name, value]) => [name, [value]]));
}

/** Counted from the request, so that the time of the answer's travel is not signed on top. */
function freshUntil(answer: OriginAnswer, freshFor: number): number {
  return answer.sentAt + freshFor * 1000;
}
