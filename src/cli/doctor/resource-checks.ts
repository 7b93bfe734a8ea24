import type { Examination, Judged, LeftReason, ResourcesSeen } from './examination.js';
import { longKept } from './page-checks.js';
import { fine, skipped, wrong, type Finding } from './finding.js';

/** Addresses named of each kind: who wants them all takes `--json`, which has no more, either. */
const NAMED = 3;

/** What headers decide, and so the site's owner by configuring a web server. */
const BY_HEADERS: readonly string[] = [
  'private',
  'stale',
  'set-cookie',
  'vary',
  'encoded',
  'undelimited',
  'negotiated',
];

/** Refusals stand for a while; nobody is to think that a change did not help. */
const AGAIN =
  'the hash service looks again five minutes after it refused, or after peerfold policy purge --all';

const LEFT: Readonly<Record<LeftReason, string>> = {
  'other-origin':
    'lie on another origin; name it in origins of the worker file if it allows the site by CORS',
  excluded: 'are excluded by the worker file',
  'not-included': 'are fetched by script; name them in include of the worker file if they may be shared',
};

/** What of the page may be shared, and why the rest may not. */
export function checkResources(seen: Examination): Finding[] {
  const { resources } = seen;
  if (!resources) {
    const why = 'the hash service cannot be asked';
    return [skipped('resources', why), skipped('cache-headers', why)];
  }
  return [checkEligible(resources), checkHeaders(seen, resources)];
}

function checkEligible({ judged, left, problem }: ResourcesSeen): Finding {
  if (problem !== undefined)
    return wrong('resources', `the hash service does not say: ${problem}`, 'look into its log');
  const details = [...refusals(judged), ...others(left)];
  const eligible = judged.filter(({ is }) => is === 'eligible').length;
  const pending = judged.filter(({ is }) => is === 'pending').length;
  if (judged.length === 0) {
    if (left.length === 0) return skipped('resources', 'the page shows no images, video or audio');
    const change = 'see what is named below, or examine a page with images, video or audio of the site';
    return wrong('resources', 'nothing on this page is for Peerfold', change, details);
  }
  const says = `${eligible} of ${judged.length} may be shared`;
  if (eligible > 0) return fine('resources', pending > 0 ? `${says}, ${pending} undecided` : says, details);
  if (pending === judged.length)
    return skipped('resources', 'the hash service is still looking at them: ask again in a minute');
  if (judged.every(isSpoilt))
    return skipped('resources', 'their headers keep all from being shared: see cache-headers');
  return wrong(
    'resources',
    'nothing on this page may be shared',
    `change what is named below; ${AGAIN}`,
    details,
  );
}

function isSpoilt(one: Judged): boolean {
  return one.is === 'refused' && BY_HEADERS.includes(one.code);
}

/** Reasons with their sentences, as the hash service signed them, and some addresses of each. */
function refusals(judged: readonly Judged[]): string[] {
  const byCode = new Map<string, { why: string; urls: string[] }>();
  for (const one of judged) {
    if (one.is !== 'refused') continue;
    const { urls } = byCode.get(one.code) ?? { urls: [] };
    byCode.set(one.code, { why: one.why, urls: [...urls, one.url] });
  }
  return [...byCode].flatMap(([code, { why, urls }]) => [`${urls.length} × ${code}: ${why}`, ...some(urls)]);
}

function others(left: ResourcesSeen['left']): string[] {
  return (Object.keys(LEFT) as LeftReason[]).flatMap((reason) => {
    const urls = left.filter(({ why }) => why === reason).map(({ url }) => url);
    return urls.length === 0 ? [] : [`${urls.length} × ${reason}: they ${LEFT[reason]}`, ...some(urls)];
  });
}

function some(urls: readonly string[]): string[] {
  const named = urls.slice(0, NAMED).map((url) => `  ${url}`);
  return urls.length > NAMED ? [...named, `  and ${urls.length - NAMED} more`] : named;
}

function checkHeaders({ page }: Examination, { judged }: ResourcesSeen): Finding {
  const asked = judged.filter(({ is }) => is !== 'pending');
  const spoilt = asked.filter(isSpoilt);
  const kept = page ? longKept(page) : [];
  const details = [
    ...refusals(spoilt).filter((line) => !line.startsWith(' ')),
    ...(kept.length > 0 ? ['browsers keep these for more than a day, so upgrades come late:'] : []),
    ...kept.map((line) => `  ${line}`),
  ];
  if (asked.length === 0) return skipped('cache-headers', 'the hash service has looked at nothing');
  if (spoilt.length === 0) return fine('cache-headers', 'they keep nothing from being shared', details);
  const says = `${spoilt.length} of ${asked.length} are kept from being shared by their headers`;
  if (spoilt.length < asked.length) return fine('cache-headers', says, details);
  const change = `send Cache-Control: public, max-age=3600 or the like with media, and no cookies; ${AGAIN}`;
  return wrong('cache-headers', says, change, details);
}
