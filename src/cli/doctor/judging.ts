import type { CanonicalUrl, Site } from '../../core/brands.js';
import { chunksOf } from '../../core/chunks.js';
import type { Clock } from '../../core/clock.js';
import { MAX_DIGEST_URLS } from '../../core/limits.js';
import type { SiteConfig } from '../../protocol/bridge.js';
import { parseDigestsResponse, type DigestAnswer } from '../../protocol/hasher.js';
import { isOurs, isPlaylist, matchesPattern } from '../../protocol/patterns.js';
import { canonicalUrl, hashOf } from '../../protocol/url.js';
import { RemoteKeys } from '../../verify/keys.js';
import { verifyDigest, verifyRefusal, type Verification } from '../../verify/statements.js';
import type { Answer, Judged, LeftReason, ResourcesSeen, Services } from './examination.js';
import type { ResourceSeen } from './in-page/look.js';
import type { Probe } from './probe.js';

export interface Judging {
  readonly found: readonly ResourceSeen[];
  readonly services: Services;
  readonly site: Site;
  readonly probe: Probe;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** How long undecided ones are asked for again (ms). */
  readonly patience: number;
}

type Rules = Pick<SiteConfig, 'site' | 'include' | 'exclude' | 'origins' | 'minSize'>;
type Signed = ResourceSeen & { readonly url: CanonicalUrl };

/** Ours by their names though a script fetched them; the rest of what scripts fetch is nobody's concern here. */
const MEDIA_NAME = /\.(m4s|cmf[va]|ts|aac|mp4|m4[av]|webm|mp3|jpe?g|png|webp|avif|gif)$/i;
/** Between two questions about what is undecided (ms). */
const ASK_AGAIN = 400;

/** What the hash service says about what a page shows. */
export async function judge(judging: Judging): Promise<ResourcesSeen> {
  const { services, site, found } = judging;
  const rules = services.config ?? { site, include: [], exclude: [], origins: [], minSize: 0 };
  const left: (ResourceSeen & { why: LeftReason })[] = [];
  const asked: Signed[] = [];
  for (const one of found) {
    const url = canonicalUrl(one.url);
    if (url === undefined || isPlaylist(new URL(url))) continue;
    const why = leftBecause(rules, new URL(url), one.destination);
    if (why === undefined) asked.push({ ...one, url });
    else if (why !== 'nothing') left.push({ ...one, why });
  }
  try {
    return { judged: await statements(judging, asked, rules.minSize), left };
  } catch (error) {
    return { judged: [], left, problem: error instanceof Error ? error.message : String(error) };
  }
}

function leftBecause(rules: Rules, url: URL, destination: string): LeftReason | 'nothing' | undefined {
  if (isOurs(rules, url, destination)) return undefined;
  const isMedia = destination !== '' || MEDIA_NAME.test(url.pathname);
  if (!isMedia) return 'nothing';
  if (url.origin !== rules.site && !rules.origins.includes(url.origin)) return 'other-origin';
  return rules.exclude.some((pattern) => matchesPattern(pattern, url)) ? 'excluded' : 'not-included';
}

async function statements(judging: Judging, asked: readonly Signed[], minSize: number): Promise<Judged[]> {
  const { services, clock, fetch, site } = judging;
  const keys = new RemoteKeys({ hasher: services.hasher, fetch, clock });
  const using = { keys, clock };
  const judged: Judged[] = [];
  for (const some of chunksOf(asked, MAX_DIGEST_URLS)) {
    const answers = await (services.static ? signedFiles(judging, some) : settled(judging, some));
    for (const [i, one] of some.entries())
      judged.push(await judgedBy(one, answers[i], { site, using, minSize }));
  }
  return judged;
}

/** Answers of the hash service, asked again until all are decided or patience ends. */
async function settled(judging: Judging, asked: readonly Signed[]): Promise<readonly DigestAnswer[]> {
  const { services, site, probe, clock, patience } = judging;
  const end = clock.ticks() + patience;
  for (;;) {
    const answer = await probe.ask({
      url: `${services.hasher}/v1/digests`,
      site,
      body: { site, urls: asked.map(({ url }) => url) },
      read: (text) => {
        const { answers } = parseDigestsResponse(JSON.parse(text), asked.length) ?? {};
        if (!answers) throw new Error('the answer is malformed');
        return answers;
      },
    });
    const answers = valueOf(answer);
    const isDecided = answers.every((one) => typeof one === 'string');
    if (isDecided || clock.ticks() > end) return answers;
    await new Promise<void>((resolve) => clock.setTimeout(resolve, ASK_AGAIN));
  }
}

function valueOf<T>(answer: Answer<T>): T {
  if (answer.is === 'given') return answer.value;
  throw new Error(answer.is === 'silent' ? answer.problem : `HTTP ${answer.status} ${answer.message}`);
}

/** What `peerfold sign` has put beside the site; `undefined` where there is nothing. */
async function signedFiles(judging: Judging, asked: readonly Signed[]): Promise<(string | undefined)[]> {
  const { services, probe } = judging;
  const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const read = async ({ url }: Signed): Promise<string | undefined> => {
    const { text } = await probe.file(`${services.hasher}/v1/d/${await hashOf(url, sha256)}`);
    return text.trim() || undefined;
  };
  return Promise.all(asked.map(read));
}

interface By {
  readonly site: Site;
  readonly using: Verification;
  readonly minSize: number;
}

async function judgedBy(
  { url, destination }: Signed,
  answer: DigestAnswer | undefined,
  { site, using, minSize }: By,
): Promise<Judged> {
  const refused = (code: string, why: string): Judged => ({ url, destination, is: 'refused', code, why });
  if (answer === undefined) return refused('not-signed', 'Nothing is signed about it; sign the site again.');
  if (typeof answer !== 'string') return { url, destination, is: 'pending' };
  const digest = await verifyDigest(answer, site, using);
  if (digest.verdict === 'verified') {
    const { len: length, root } = digest.claims;
    if (length < minSize) return refused('too-small', `It has less than ${minSize} bytes (minSize).`);
    return { url, destination, is: 'eligible', length, root };
  }
  const refusal = await verifyRefusal(answer, site, using);
  if (refusal.verdict === 'verified') return refused(refusal.claims.code, refusal.claims.why);
  return refused(digest.verdict, 'What is signed about it is not valid here: expired, or by another key.');
}
