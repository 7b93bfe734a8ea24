import type { FallbackReason } from '../protocol/bridge.js';
import type { UploadLimit } from './upload-budget.js';
import type { Status } from './readiness.js';

/** Why a page goes without Peerfold. */
export type Inactivity = (Status & { readonly active: false })['reason'];

/** Why peers did not bring a resource, or not all of it, and what the site's owner may do. */
export const FALLBACKS: Readonly<Record<FallbackReason, string>> = {
  'above-fold': 'It was in view at once, and what is in view never waits for peers.',
  'before-worker': 'It was asked for before the service worker ran; loading="lazy" leaves more for peers.',
  'head-start':
    'A film comes over HTTP at first, to start at once; headStart in the worker file sets how long.',
  'live-edge': 'It was new, and this visitor fetched it first for others to have it from here.',
  'no-answer':
    'The page could not say where it is shown (backgrounds, preloads); prefer <img loading="lazy">.',
  'no-engine': 'No tab was ready to ask peers, as is usual while pages load.',
  'no-peers': 'Nobody who could be asked holds it so far; try a second browser profile.',
  deadline: 'Peers were too slow or had too little time, so HTTP took over; see the rates of the links.',
  resting:
    'Peers missed several deadlines, so this page leaves them alone for a while; see links and errors.',
  canary: 'One request in a hundred takes the origin’s bytes, to compare them with the signed ones.',
  'no-token': 'The hash service had signed nothing about it in time; it mostly has by the next visit.',
  refused: 'The hash service refuses to sign it; “npx peerfold doctor” says why.',
  mismatch: 'The origin’s bytes were not the signed ones; look for files that differ by cookie.',
  'store-failed': 'It was kept from before, but this browser’s storage was too slow or had lost it.',
  'not-allowed': 'This visitor’s consent, or what their browser asks for, did not allow it.',
  disabled: 'The site’s signed policy is not known yet or switched off; see “peerfold policy show”.',
  'too-large': 'It is an image above 4 MiB, which shows sooner over HTTP; make it smaller.',
  'too-small': 'It is smaller than minSize in the worker file, where peers are no quicker than HTTP.',
  unsupported: 'This browser plays only what it fetches itself; hls.js can have help.',
};

/** Why nothing is asked of peers at all. */
export const INACTIVITIES: Readonly<Record<Inactivity, string>> = {
  off: 'This page was opened with ?peerfold=off.',
  consent: 'This visitor has not agreed, so nothing is contacted.',
  'privacy-control':
    'This browser sends Global Privacy Control, which is a no until the visitor agrees expressly.',
  'save-data': 'This browser is set to save data.',
  metered: 'This network is paid for by volume.',
  rollout: 'This visitor is not in the share that takes part (roll-out).',
  control: 'This visitor was drawn to go without peers, for comparison (data-control).',
  disabled: 'The site’s signed policy is not known yet or switched off: is the hash service reachable?',
  'worker-failed': 'The service worker could not be registered; see the errors, and the address in data-sw.',
  'worker-silent': 'The service worker does not answer (a forced reload, or an error in its console).',
  'other-build': 'Page and service worker are of different builds; open the page anew.',
  stopped: 'Peerfold was stopped on this page.',
};

/** Why no more is given to others. */
export const UPLOAD_LIMITS: Readonly<Record<UploadLimit, string>> = {
  network: 'the network may be paid for by volume',
  visitor: 'the visitor’s own limit',
  ratio: 'as much was given as was received',
  session: 'the limit of this visit is reached',
  month: 'the limit of this month is reached',
  busy: 'the page itself is loading',
};
