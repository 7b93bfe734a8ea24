import { isRoot, prefixOf } from '../../core/brands.js';
import { matchesPattern } from '../../protocol/patterns.js';
import type { Judged, ResourcesSeen, Services, TransferSeen } from './examination.js';
import type { Fetched } from './in-page/look.js';
import { Visit, type VisitOptions } from './visit.js';

export interface Transferring extends VisitOptions {
  readonly url: string;
  /** Has the page open. */
  readonly first: Visit;
  readonly resources: ResourcesSeen;
  readonly services: Services;
}

type Eligible = Judged & { readonly is: 'eligible' };

/** Tried at once: of a hundred requests one goes to the origin all the same, to compare. */
const TRIED = 3;
/** Second visitors, at most: a busy machine or tracker may let the first ones go to the origin. */
const ATTEMPTS = 3;
/** Larger images are left to HTTP (bytes). */
const LARGEST_IMAGE = 4 * 1024 * 1024;
/** How long the first visitor may take to offer what it has (ms), before and after it was asked to get it. */
const OFFERED_BY_ITSELF = 3000;
const OFFERED = 10_000;

/** A second visitor asks for what the first one holds. */
export async function transfer(transferring: Transferring): Promise<TransferSeen> {
  const { first, resources, services, timeout } = transferring;
  const candidates = candidatesOf(resources, services).slice(0, TRIED);
  if (candidates.length === 0)
    return { is: 'none', why: 'the page has no image and no included file that may be shared' };
  let offered = await offeredOf(first, candidates, OFFERED_BY_ITSELF);
  if (offered.length === 0) {
    await first.request(candidates);
    offered = await offeredOf(first, candidates, Math.min(OFFERED, timeout));
  }
  if (offered.length === 0) return { is: 'failed', stage: 'announce', fetched: [] };
  let seen: TransferSeen = { is: 'failed', stage: 'page', fetched: [] };
  for (let attempt = 0; attempt < ATTEMPTS && seen.is === 'failed'; attempt++)
    seen = await attemptWith(transferring, offered);
  return seen;
}

/** Small ones first: they take the least time. */
function candidatesOf({ judged }: ResourcesSeen, { config }: Services): Eligible[] {
  return judged
    .filter((one): one is Eligible => one.is === 'eligible')
    .filter(({ url, destination, length }) =>
      destination === 'image'
        ? length <= LARGEST_IMAGE
        : (config?.include ?? []).some((pattern) => matchesPattern(pattern, new URL(url))),
    )
    .sort((a, b) => rank(a) - rank(b));
}

function rank({ destination, length }: Eligible): number {
  return destination === 'image' ? length : LARGEST_IMAGE + length;
}

/** Those of the candidates that `visit` has told the tracker it holds. */
async function offeredOf(
  visit: Visit,
  candidates: readonly Eligible[],
  timeout: number,
): Promise<Eligible[]> {
  const offered = (): Eligible[] =>
    candidates.filter(({ root }) => isRoot(root) && visit.announced.has(prefixOf(root)));
  await visit.until(() => offered().length > 0, timeout);
  return offered();
}

async function attemptWith(transferring: Transferring, offered: readonly Eligible[]): Promise<TransferSeen> {
  const second = await Visit.begin(transferring);
  try {
    const urls = offered.map(({ url }) => url);
    const opening = await second.open(transferring.url, urls);
    if (!opening.ok) return { is: 'failed', stage: 'page', fetched: [] };
    await second.decided();
    await second.until(({ sockets }) => sockets.some(({ welcomed }) => welcomed));
    const fetched = await second.request(offered);
    const { links } = await second.until(() => true);
    return outcome(fetched, links > 0 ? 'bytes' : unlinked([transferring.first, second]));
  } finally {
    await second.end();
  }
}

/** How far two visitors came who have no link. */
function unlinked(visits: readonly Visit[]): 'introduction' | 'signal' | 'link' {
  if (visits.some(({ heard }) => heard.has('signal'))) return 'link';
  return visits.some(({ heard }) => heard.has('peers')) ? 'signal' : 'introduction';
}

function outcome(fetched: readonly Fetched[], stage: 'bytes' | ReturnType<typeof unlinked>): TransferSeen {
  const got = fetched.find(({ peer }) => peer > 0);
  if (got) return { is: 'done', url: got.url, bytes: got.peer };
  if (fetched.length > 0 && fetched.every(({ fallback }) => fallback === 'head-start'))
    return { is: 'none', why: "a player is on the page, whose first seconds are the site's to give" };
  return { is: 'failed', stage, fetched };
}
