import { forbiddenBy, parsePolicies, type Need } from './csp.js';
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
  const ofPage = wantedOf(seen).flatMap(({ need, url }) =>
    policies.flatMap((policy) => complaint(forbiddenBy(policy, need, url, opening.url), url)),
  );
  const all = [...new Set([...violationsOf(seen, page), ...ofPage, ...ofWorker(seen)])];
  if (all.length === 0)
    return [
      fine(
        'csp',
        policies.length === 0
          ? 'the page has no content security policy'
          : 'the content security policy forbids nothing that is needed',
      ),
    ];
  const change = 'allow it in the header Content-Security-Policy (or the meta element) of the page:';
  return [
    wrong(
      'csp',
      `the content security policy forbids ${all.length === 1 ? 'what is' : 'things that are'} needed`,
      change,
      all,
    ),
  ];
}

function complaint(directive: string | undefined, url: string, whose = ''): string[] {
  if (directive === undefined) return [];
  return [`${whose}${directive} ${originOf(url)}`];
}

/** Addresses of services by their origin: that is what one writes into a policy. */
function originOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return pathname.endsWith('.js') ? url : `${protocol}//${host}`;
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
function violationsOf({ services }: Examination, { violations }: PageSeen): string[] {
  const origins = services ? [services.hasher, services.tracker].map(originOf) : [];
  return violations
    .filter(({ blocked }) => URL.canParse(blocked))
    .filter(({ blocked }) => /peerfold[\w-]*\.js/.test(blocked) || origins.includes(originOf(blocked)))
    .map(({ directive, blocked }) => `${directive.replace('-elem', '')} ${originOf(blocked)}`);
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
  return parsePolicies(file.policy).flatMap((policy) =>
    wanted.flatMap(({ need, url }) => complaint(forbiddenBy(policy, need, url, file.url), url, whose)),
  );
}
