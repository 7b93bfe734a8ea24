import { amended, governing, parsePolicies, forbiddenBy, type Need, type Policy } from './csp.js';
import type { Examination, PageSeen } from './examination.js';
import { fine, skipped, wrong, type Finding } from './finding.js';

interface Wanted {
  readonly need: Need;
  readonly url: string;
}

/** What the browser said it forbade, and what the policies' text forbids of what was not tried. */
export function checkCsp(seen: Examination): Finding[] {
  const { page, opening } = seen;
  if (!page || !opening.ok) return [skipped('csp', 'the page did not load')];
  const policies = [page.policy, ...page.policies].flatMap(parsePolicies);
  const heard = violationsOf(seen, page);
  const ofPage = directives(policies, wantedOf(seen), opening.url, heard);
  const all = [...new Set([...ofPage, ...ofWorker(seen)])];
  if (all.length === 0)
    return [
      fine(
        'csp',
        policies.length === 0
          ? 'the page has no content security policy'
          : 'the content security policy forbids nothing that is needed',
      ),
    ];
  const change =
    'let the header Content-Security-Policy (or the meta element) of the page say, in place of what it says of these:';
  const says = 'the content security policy forbids what is needed';
  return [wrong('csp', says, change, all)];
}

/** The directives that have to be other ones, as they should be, each policy by itself. */
function directives(
  policies: readonly Policy[],
  wanted: readonly Wanted[],
  self: string,
  heard: readonly Wanted[] = [],
): string[] {
  const isRead = ({ need, url }: Wanted): boolean =>
    policies.some((policy) => forbiddenBy(policy, need, url, self) !== undefined);
  // What the browser forbade for another reason than an address may be of any of them.
  const unread = heard.filter((one) => !isRead(one));
  const unseen = unread.filter(
    ({ need }) => !policies.some((policy) => governing(policy, need) !== undefined),
  );
  // What a policy forbade that is not there to be read any more is amended as if it said nothing else.
  return [...policies, new Map()].flatMap((policy: Policy) => {
    const missing = [
      ...[...heard, ...wanted].filter(({ need, url }) => forbiddenBy(policy, need, url, self) !== undefined),
      ...(policy.size > 0 ? unread.filter(({ need }) => governing(policy, need) !== undefined) : unseen),
    ];
    return NEEDS.flatMap((need) => {
      const sources = missing.filter((one) => one.need === need).map(({ url }) => sourceOf(url, self));
      return sources.length === 0 ? [] : [amended(policy, need, sources)];
    });
  });
}

const NEEDS: readonly Need[] = ['script-src', 'worker-src', 'connect-src'];

/** How a policy names where `url` comes from. */
function sourceOf(url: string, self: string): string {
  const { protocol, host, origin } = new URL(url);
  return origin === new URL(self).origin ? "'self'" : `${protocol}//${host}`;
}

function wantedOf({ page, worker, services }: Examination): Wanted[] {
  const [tag] = page?.tags ?? [];
  return [
    ...(tag ? [tag.src, new URL('peerfold-engine.js', tag.src).href] : []).map((url): Wanted => ({
      need: 'script-src',
      url,
    })),
    ...(worker ? [{ need: 'worker-src', url: worker.file.url } as const] : []),
    ...(services ? [services.hasher, services.tracker] : []).map((url): Wanted => ({
      need: 'connect-src',
      url,
    })),
  ];
}

/** Only what concerns Peerfold: a site's own policy may forbid other things on purpose. */
function violationsOf({ services }: Examination, { violations }: PageSeen): Wanted[] {
  const origins = services ? [services.hasher, services.tracker].map((url) => new URL(url).origin) : [];
  return violations
    .filter(({ blocked }) => URL.canParse(blocked))
    .filter(({ blocked }) => /peerfold[\w-]*\.js/.test(blocked) || origins.includes(new URL(blocked).origin))
    .flatMap(({ directive, blocked }) => {
      const need = NEEDS.find((one) => one === directive.replace('-elem', ''));
      return need ? [{ need, url: blocked }] : [];
    });
}

/** A worker has the policy that its own file came with. */
function ofWorker({ worker, services }: Examination): string[] {
  const file = worker?.file;
  if (!file?.ok) return [];
  const wanted: Wanted[] = [
    ...(worker?.imported ? [{ need: 'script-src', url: worker.imported.url } as const] : []),
    ...(services ? [{ need: 'connect-src', url: services.hasher } as const] : []),
  ];
  const whose = `in the answer to ${new URL(file.url).pathname}: `;
  return directives(parsePolicies(file.policy), wanted, file.url).map((line) => whose + line);
}
