import { rivalsOf } from './deciding.js';
import type { Examination, TransferSeen } from './examination.js';
import { fine, skipped, wrong, type Finding } from './finding.js';

/** Whether a second visitor really gets something from the first. */
export function checkTransfer(seen: Examination, above: readonly Finding[]): Finding {
  const { opening, transfer, page } = seen;
  const isRivalled = page && opening.ok && rivalsOf(page, opening.url).length > 0;
  if (isRivalled && transfer?.is !== 'done')
    return skipped('transfer', 'two workers replace each other: see worker-scope');
  if (transfer?.is === 'left-out') return skipped('transfer', 'left out');
  if (!transfer || transfer.is === 'none') return untried(seen, transfer?.why, above);
  if (transfer.is === 'done') {
    const says = `the second visitor got ${transfer.bytes} bytes of ${transfer.url} from the first`;
    return fine('transfer', says);
  }
  const { says, change } = failure(transfer.stage, seen);
  const details = transfer.fetched.map(({ url, fallback }) => `${url}: ${fallback ?? 'from somewhere else'}`);
  return wrong('transfer', says, change, details);
}

/** Without a fault above nobody could tell it from a site that works. */
function untried({ page }: Examination, why: string | undefined, above: readonly Finding[]): Finding {
  if (above.some(({ status }) => status === 'wrong'))
    return skipped('transfer', why ?? 'something above keeps visitors from it');
  if (why !== undefined) {
    const change = 'examine a page that shows images of the site, or leave this out: --no-transfer';
    return wrong('transfer', `not tried: ${why}`, change);
  }
  const { status, faults = [], console = [] } = page ?? {};
  const known =
    status?.active === false
      ? `Peerfold does nothing on the page (${status.reason ?? 'no reason given'})`
      : 'the page does not get as far as that';
  const details = [...faults.map(({ code, message }) => `${code}: ${message}`), ...console].slice(0, 5);
  return wrong(
    'transfer',
    `not tried: ${known}`,
    'open the page in a browser and look into its console',
    details,
  );
}

type Stage = Extract<TransferSeen, { is: 'failed' }>['stage'];

function failure(stage: Stage, seen: Examination): { says: string; change: string } {
  const tracker = seen.services?.tracker ?? '';
  switch (stage) {
    case 'announce':
      return {
        says: 'the first visitor offers nothing to others',
        change: 'look at data-upload and its caps in the tag',
      };
    case 'page':
      return { says: 'the page does not load for a second visitor', change: 'look into the log of the site' };
    case 'introduction':
      return { says: 'the two visitors never hear of each other', change: introducing(tracker, seen) };
    case 'signal':
      return {
        says: 'the two visitors are introduced, but no signal comes from one to the other',
        change: `look into the log of ${tracker}: it is to relay signals`,
      };
    case 'link':
      return {
        says: 'the two visitors exchange signals, but do not get a link',
        change: linking(seen),
      };
    case 'bytes':
      return {
        says: 'the two visitors are linked, but nothing came over the link',
        change: 'see the reasons below',
      };
  }
}

/** The tracker introduces holders of what the hash service has signed, which it learns with its token. */
function introducing(tracker: string, { services }: Examination): string {
  const ready = `what /readyz of ${tracker} says (on its --operations-port)`;
  if (services?.static) return `look at ${ready}, and into its log`;
  return `look whether --hasher-token of the tracker is the roots-token of this hash service, and at ${ready}`;
}

function linking({ page }: Examination): string {
  return page?.tags[0]?.attributes['data-relay-only'] === undefined
    ? 'look whether UDP is open between programs of this machine (firewalls, containers)'
    : 'look whether the TURN servers of data-ice-servers answer: data-relay-only allows no other way';
}
