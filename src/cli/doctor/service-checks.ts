import type { Answer, Examination, HasherSeen, PageSeen, Services } from './examination.js';
import { fine, HASHER_CHECKS, skipped, wrong, type Finding } from './finding.js';

/** Whether hash service and tracker are there, and there for this site. */
export function checkServices(seen: Examination): Finding[] {
  const { services, hasher, tracker, page } = seen;
  if (!services || !hasher) {
    const why = 'nothing says where it is';
    return [...HASHER_CHECKS.map((id) => skipped(id, why)), skipped('tracker', why)];
  }
  const site = siteOf(seen);
  return [
    checkHasher(services, hasher),
    checkSite(services, hasher, site),
    checkCors(services, hasher, site),
    checkPolicy(hasher),
    checkRollout(hasher, page),
    checkAdmission(services, hasher),
    checkTracker(seen, services, tracker, page),
  ];
}

function siteOf({ asked, opening }: Examination): string {
  return new URL(opening.ok ? opening.url : asked).origin;
}

/** Why there is no value, in words. */
function trouble(answer: Exclude<Answer<unknown>, { is: 'given' }>): string {
  if (answer.is === 'silent') return answer.problem;
  return `HTTP ${answer.status}${answer.message === '' ? '' : `, "${answer.message}"`}`;
}

function checkHasher({ hasher: address, static: isStatic }: Services, { keys }: HasherSeen): Finding {
  const what = `${address}/v1/jwks.json`;
  if (keys.is !== 'given') {
    const change = isStatic
      ? 'publish what peerfold sign has written, names that begin with a dot included'
      : 'start it (peerfold hasher), or correct its address in the worker file';
    return wrong('hasher', `no keys from ${what}: ${trouble(keys)}`, change);
  }
  if (keys.value === 0)
    return wrong(
      'hasher',
      `${what} holds no key that can be used`,
      'look whether another server answers there',
    );
  return fine('hasher', `${address}, ${keys.value === 1 ? 'one key' : `${keys.value} keys`}`);
}

function isUnknownSite(answer: Answer<unknown> | undefined): boolean {
  return answer?.is === 'refused' && ['unknown-site', 'wrong-origin'].includes(answer.code);
}

function checkSite(
  { static: isStatic }: Services,
  { keys, policy, admission }: HasherSeen,
  site: string,
): Finding {
  if (keys.is !== 'given') return skipped('hasher-site', 'the hash service does not answer');
  if (isUnknownSite(policy) || isUnknownSite(admission)) {
    const change = `start it with --site ${site} as well, or name the hash service of this site in the worker file`;
    return wrong('hasher-site', `the hash service does not serve ${site}`, change);
  }
  if (policy.is === 'given' && policy.value.aud !== site) {
    const change = isStatic ? `sign with --site ${site}` : `start it with --site ${site}`;
    return wrong('hasher-site', `its policy is for ${policy.value.aud}, not for ${site}`, change);
  }
  return policy.is === 'given'
    ? fine('hasher-site', site)
    : skipped('hasher-site', 'there is no policy to tell');
}

function checkCors({ hasher }: Services, seen: HasherSeen, site: string): Finding {
  if (new URL(hasher).origin === site) return fine('hasher-cors', 'not needed: it is part of the site');
  if (seen.keys.is !== 'given') return skipped('hasher-cors', 'the hash service does not answer');
  if (seen.keys.cors) return fine('hasher-cors', `pages of ${site} may read its answers`);
  if (isUnknownSite(seen.policy)) return skipped('hasher-cors', 'it does not serve this site');
  const change = `let Access-Control-Allow-Origin: ${site} through; a proxy or CDN before it may take it away`;
  return wrong('hasher-cors', `its answers do not allow pages of ${site} to read them`, change);
}

function checkPolicy({ keys, policy }: HasherSeen): Finding {
  if (keys.is !== 'given' || isUnknownSite(policy))
    return skipped('policy', 'the hash service does not answer for this site');
  if (policy.is !== 'given') {
    const change = 'look into its log; without a signed policy nothing is shared';
    return wrong('policy', `no valid policy: ${trouble(policy)}`, change);
  }
  if (policy.value.enabled) return fine('policy', 'sharing is switched on');
  return wrong('policy', 'the kill switch is on: nothing is shared', 'switch it off: peerfold policy enable');
}

function checkRollout({ policy }: HasherSeen, page: PageSeen | undefined): Finding {
  if (policy.is !== 'given') return skipped('rollout', 'there is no policy to tell');
  const signed = policy.value.rollout;
  const tagged = Number(page?.tags[0]?.attributes['data-rollout'] ?? 1);
  const share = Math.min(signed, Number.isNaN(tagged) ? 1 : tagged);
  if (share === 0) {
    const change = signed === 0 ? 'raise it: peerfold policy rollout 1' : 'raise data-rollout in the tag';
    return wrong('rollout', 'no visitor takes part', change);
  }
  if (share === 1) return fine('rollout', 'every visitor takes part');
  return fine('rollout', `${(100 * share).toFixed(1)} % of visitors take part; the doctor's are among them`);
}

function checkAdmission({ static: isStatic }: Services, { keys, policy, admission }: HasherSeen): Finding {
  if (isStatic) return fine('admission', 'not needed: the tracker is open to the pages of a static site');
  if (keys.is !== 'given' || !admission || isUnknownSite(admission))
    return skipped('admission', 'the hash service does not answer for this site');
  if (policy.is === 'given' && !policy.value.enabled) return skipped('admission', 'the kill switch is on');
  if (admission.is === 'given') return fine('admission', 'visitors are admitted');
  const change = 'look into the log of the hash service, and at its option admit';
  return wrong('admission', `visitors are not admitted: ${trouble(admission)}`, change);
}

function checkTracker(
  { hasher }: Examination,
  { tracker: address }: Services,
  tracker: Examination['tracker'],
  page: PageSeen | undefined,
): Finding {
  if (page?.sockets.some(({ url, welcomed }) => welcomed && url === new URL(address).href))
    return fine('tracker', `${address} welcomed the page`);
  if (!tracker) {
    const { policy } = hasher ?? {};
    const isOff = policy?.is === 'given' && !policy.value.enabled;
    return skipped('tracker', isOff ? 'the kill switch is on' : 'without an admission it lets nobody in');
  }
  if (!tracker.ok) return wrong('tracker', ...refusal(address, tracker.problem));
  const fault = page?.faults.findLast(({ code }) => code === 'tracker-unreachable');
  if (!fault) return fine('tracker', `${address} welcomes visitors; the page has not asked it`);
  if (page?.violations.some(({ directive }) => directive === 'connect-src'))
    return skipped('tracker', 'the page is forbidden to ask for it: see csp');
  const change = 'look at what lies between browsers and the tracker';
  return wrong('tracker', `${address} works, but not for the page: ${fault.message}`, change);
}

/** What a tracker says that is up and cannot check an admission, or does not believe it. */
const UNCHECKED: readonly string[] = ['full', 'bad-admission'];

function refusal(address: string, problem: string): [says: string, change: string] {
  if (UNCHECKED.includes(problem))
    return [
      `${address} answers "${problem}" to an admission of the hash service`,
      "look at its --hasher: is that hash service up, is it this site's?",
    ];
  const change =
    'start it (peerfold tracker), or correct its address in the worker file or what lies before it';
  return [`${address}: ${problem}`, change];
}
