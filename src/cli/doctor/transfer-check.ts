import { rivalsOf } from './deciding.js';
import type { Examination, TransferSeen } from './examination.js';
import { fine, skipped, wrong, type Finding } from './finding.js';

/** Whether a second visitor really gets something from the first. */
export function checkTransfer(seen: Examination, above: readonly Finding[]): Finding {
  const { opening, transfer, page, services } = seen;
  const isRivalled = page && opening.ok && rivalsOf(page, opening.url).length > 0;
  if (isRivalled && transfer?.is !== 'done')
    return skipped('transfer', 'two workers replace each other: see worker-scope');
  if (transfer?.is === 'left-out') return skipped('transfer', 'left out');
  if (!transfer || transfer.is === 'none') return untried(seen, transfer?.why, above);
  if (transfer.is === 'done') {
    const says = `the second visitor got ${transfer.bytes} bytes of ${transfer.url} from the first`;
    return fine('transfer', says);
  }
  const { 'data-relay-only': relayed } = page?.tags[0]?.attributes ?? {};
  return wrong('transfer', ...failure(transfer, services?.tracker ?? '', relayed !== undefined));
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

type Failed = Extract<TransferSeen, { is: 'failed' }>;

function failure(
  { stage, fetched }: Failed,
  tracker: string,
  isRelayed: boolean,
): [says: string, change: string, details: readonly string[]] {
  const details = fetched.map(({ url, fallback }) => `${url}: ${fallback ?? 'from somewhere else'}`);
  if (stage === 'announce')
    return [
      'the first visitor offers nothing to others',
      'look at data-upload and its caps in the tag',
      details,
    ];
  if (stage === 'link') {
    const change = isRelayed
      ? 'look whether the TURN servers of data-ice-servers answer: data-relay-only allows no other way'
      : `look whether UDP is open between programs of this machine, and whether ${tracker} relays signals`;
    return ['the two visitors do not get a link', change, details];
  }
  return ['the two visitors are linked, but nothing came over the link', 'see the reasons below', details];
}
