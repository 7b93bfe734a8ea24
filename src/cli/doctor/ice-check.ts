import ipaddr from 'ipaddr.js';
import { optionsOf } from '../../page/attributes.js';
import type { Examination } from './examination.js';
import { fine, noted, skipped, type Finding } from './finding.js';
import type { TagSeen } from './in-page/look.js';

/** Names that are not looked up in the public DNS (RFC 6761, 6762, 8375, and ICANN's `internal`). */
const LOCAL = /(^|\.)(localhost|local|internal|test|home\.arpa)$/;

/** Whether visitors behind different routers find a way to each other: the doctor's two are on one machine. */
export function checkIceServers({ opening, page, services, hasher }: Examination): Finding[] {
  const [tag] = page?.tags ?? [];
  if (!page?.started || !opening.ok) return [skipped('ice-servers', 'the script does not run')];
  if (!tag) return [skipped('ice-servers', 'the page sets its options itself')];
  const { admission } = hasher ?? {};
  const relays = admission?.is === 'given' ? admission.value.relays : [];
  const named = [...serversIn(tag), ...relays];
  if (named.length > 0) return [fine('ice-servers', named.join(' '))];
  if (!isPublic(new URL(opening.url)))
    return [fine('ice-servers', 'none, and none needed: this site is not public')];
  if (!services?.static && admission?.is !== 'given')
    return [
      skipped('ice-servers', 'none in the tag; the hash service may name some, and is not there to ask'),
    ];
  const says =
    'no STUN or TURN server is named: most visitors behind different routers do not reach each other ' +
    "(the doctor's two do, being on one machine)";
  const change =
    'name a STUN server of yours, or one that you trust, in the tag: ' +
    `data-ice-servers='[{"urls":"stun:stun.example.com"}]'`;
  const more = '; TURN servers, at the hash service: --turn-url (docs/operating.md)';
  return [noted('ice-servers', says, services?.static ? change : change + more)];
}

function serversIn({ attributes }: TagSeen): string[] {
  const pairs = Object.entries(attributes).map(([name, value]) => ({ name, value }));
  try {
    // A type of browsers' libraries, which programs do not have.
    const servers = optionsOf(pairs).iceServers as readonly { urls: string | string[] }[] | undefined;
    return (servers ?? []).flatMap(({ urls }) => urls);
  } catch {
    // What is malformed stands under `attributes`.
    return [];
  }
}

/** Whether visitors come from everywhere, as far as the address tells. */
function isPublic({ protocol, hostname }: URL): boolean {
  if (protocol !== 'https:' || LOCAL.test(hostname)) return false;
  const address = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(address)) return ipaddr.process(address).range() === 'unicast';
  return hostname.includes('.');
}
