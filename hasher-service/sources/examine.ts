import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { MerkleStream, type Hashed } from '../../src/core/merkle-stream.js';
import type { Bytes } from '../../src/core/bytes.js';
import type { DigestClaims } from '../../src/protocol/hasher.js';
import { judgeResponse, judgeUrl, type Judgement } from '../judging/eligibility.js';
import type { Environment } from '../environment.js';
import { dateHeader, mediaType, strongETag, type Headers } from '../judging/headers.js';
import type { OriginAnswer, OriginClient, OriginRequest } from '../origin/client.js';
import { OriginFault } from '../origin/fault.js';
import type { OriginRules } from '../origin/rules.js';
import type { RefusalCode } from '../judging/refusals.js';

/** What one look at the origin found; times in milliseconds since 1970. */
export type Finding =
  | {
      readonly kind: 'digest';
      readonly hashed: Hashed;
      readonly hdr: DigestClaims['hdr'];
      readonly freshUntil: number;
    }
  | { readonly kind: 'unchanged'; readonly hdr: DigestClaims['hdr']; readonly freshUntil: number }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly cause?: unknown };

export interface ExaminerOptions {
  readonly client: OriginClient;
  readonly rules: OriginRules;
  readonly environment: Environment;
  readonly maxBytes: number;
}

/** What a client without preferences sends, and what browsers send for `<img>` (they agree but for details). */
const ANY_ACCEPT = '*/*';
const IMAGE_ACCEPT = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
/** A Last-Modified this much older than the fetch is a strong validator (RFC 9110 section 8.8.2.2), ms. */
const SETTLED_AGE = 60_000;

/** Looks at URLs as an anonymous visitor of a site and finds out whether they may be shared. */
export class Examiner {
  constructor(private readonly options: ExaminerOptions) {}

  /** What can be said about `url` without asking the origin. */
  prejudge(url: CanonicalUrl): RefusalCode | undefined {
    return this.options.rules.targetOf(url) ? judgeUrl(url) : 'foreign-origin';
  }

  /** Fetches and hashes; with `known`, an unchanged file need not be sent again. Never rejects for what an origin does. */
  async examine(site: Site, url: CanonicalUrl, known?: DigestClaims): Promise<Finding> {
    const target = this.options.rules.targetOf(url);
    if (!target) return { kind: 'refused', code: 'foreign-origin' };
    const request: OriginRequest = { target, site, method: 'GET', accept: ANY_ACCEPT };
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
    const conditions = conditionsFor(known);
    const answer = await client.send({ ...request, conditions });
    if (answer.status !== 304) return this.#readAnswer(request, url, answer);
    answer.discard();
    const isAnswerToUs = Object.keys(conditions).length > 0 && !contradicts(answer.headers, known);
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
    const [hashed, variant] = await this.#hashBesideProbe(request, answer);
    if (!hashed) return { kind: 'refused', code: 'empty' };
    const code = variant === 'undecided' ? await this.#compareBytes(request, url, hashed) : variant;
    if (code !== undefined) return { kind: 'refused', code };
    return { kind: 'digest', hashed, hdr: judgement.hdr, freshUntil: freshUntil(answer, judgement.freshFor) };
  }

  #judge(request: OriginRequest, url: CanonicalUrl, answer: OriginAnswer): Judgement {
    const { status, headers, receivedAt } = answer;
    return judgeResponse({
      site: request.site,
      url,
      status,
      headers,
      receivedAt,
      maxBytes: this.options.maxBytes,
    });
  }

  async #hashBesideProbe(request: OriginRequest, answer: OriginAnswer) {
    const isImage = mediaType(answer.headers).startsWith('image/');
    return Promise.all([
      this.#hash(answer.body),
      // A probe that fails leaves the question open; comparing bytes then meets the same fault, or not.
      isImage ? this.#probeVariant(request, answer.headers).catch(undecided) : undefined,
    ]);
  }

  /** Asks for the head of what browsers would get for `<img>`, and compares. */
  async #probeVariant(
    request: OriginRequest,
    first: Headers,
  ): Promise<RefusalCode | 'undecided' | undefined> {
    const head = await this.options.client.send({ ...request, method: 'HEAD', accept: IMAGE_ACCEPT });
    head.discard();
    if (head.status !== 200) return 'undecided';
    if (mediaType(head.headers) !== mediaType(first)) return 'negotiated';
    const tags = [strongETag(first), strongETag(head.headers)];
    if (tags.includes(undefined)) return 'undecided';
    return tags[0] === tags[1] ? undefined : 'negotiated';
  }

  async #compareBytes(
    request: OriginRequest,
    url: CanonicalUrl,
    hashed: Hashed,
  ): Promise<RefusalCode | undefined> {
    const answer = await this.options.client.send({ ...request, accept: IMAGE_ACCEPT });
    const judgement = this.#judge(request, url, answer);
    if (!judgement.eligible) {
      answer.discard();
      return judgement.code;
    }
    const other = await this.#hash(answer.body);
    return other?.root === hashed.root && other.cut.length === hashed.cut.length ? undefined : 'negotiated';
  }

  async #hash(body: AsyncIterable<Bytes>): Promise<Hashed | undefined> {
    const stream = new MerkleStream(this.options.environment.sha256);
    for await (const chunk of body) stream.add(chunk);
    return stream.finish();
  }
}

function undecided(error: unknown): 'undecided' {
  if (error instanceof OriginFault) return 'undecided';
  throw error;
}

/** Only strong validators: with a weak one "not modified" does not mean the same bytes. */
function conditionsFor(known: DigestClaims): Readonly<Record<string, string>> {
  const stored = storedHeaders(known);
  const tag = strongETag(stored);
  if (tag !== undefined) return { 'if-none-match': tag };
  const modified = dateHeader(stored, 'last-modified');
  const text = known.hdr['last-modified'];
  if (modified === undefined || text === undefined || modified > known.ver - SETTLED_AGE) return {};
  return { 'if-modified-since': text };
}

/** Whether a 304 speaks of another representation than the one we know. */
function contradicts(headers: Headers, known: DigestClaims): boolean {
  const before = strongETag(storedHeaders(known));
  return before !== undefined && headers['etag'] !== undefined && strongETag(headers) !== before;
}

function storedHeaders(known: DigestClaims): Headers {
  return Object.fromEntries(Object.entries(known.hdr).map(([name, value]) => [name, [value]]));
}

/** Counted from the request, so that the time of the answer's travel is not signed on top. */
function freshUntil(answer: OriginAnswer, freshFor: number): number {
  return answer.sentAt + freshFor * 1000;
}
