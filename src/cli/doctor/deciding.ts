import type { PageSeen } from './examination.js';
import type { Registered } from './in-page/observe.js';

/** Tags that scripts add are there this long (ms) after the page has loaded, mostly. */
const LATE_TAG = 2000;

/** Whether nothing more is to come from a page at `address`, which was looked at for `waited` ms. */
export function isDecided(seen: PageSeen, address: string, waited: number): boolean {
  return seen.started ? isAnswered(seen, address) : isHopeless(seen, waited);
}

/** Whether there is a worker for the page that leaves it alone, as one does that has other duties on the site. */
export function isLatent(
  { started, status, controller, registrations, workerConsole }: PageSeen,
  address: string,
): boolean {
  if (!started || status?.active || controller !== undefined || isOff(workerConsole)) return false;
  return registrations.some(({ scope, active }) => active && address.startsWith(scope));
}

/** Workers that were registered for the scope that the page is in, if they are several: they replace each other. */
export function rivalsOf(
  { registered }: Pick<PageSeen, 'registered'>,
  address: string,
): readonly Registered[] {
  const covering = registered.filter(({ scope }) => address.startsWith(scope));
  const nearest = Math.max(...covering.map(({ scope }) => scope.length));
  const rivals = covering.filter(({ scope }) => scope.length === nearest);
  return rivals.length > 1 ? rivals : [];
}

function isOff(workerConsole: readonly string[]): boolean {
  return workerConsole.some((line) => line.startsWith('Peerfold is off'));
}

/** The script will not start any more. */
function isHopeless({ secure, tags, console, scripts, violations }: PageSeen, waited: number): boolean {
  if (!secure || console.some((line) => line.startsWith('Peerfold stays off'))) return true;
  if (tags.length === 0) return waited >= LATE_TAG;
  const sources = tags.map(({ src }) => src);
  return (
    scripts.some(({ url, status }) => sources.includes(url) && (status === 0 || status >= 400)) ||
    violations.some(({ blocked }) => sources.includes(blocked)) ||
    console.some((line) => line.includes('integrity') && sources.some((src) => line.includes(src)))
  );
}

/** The script runs, and the worker has answered or will not. */
function isAnswered({ status, workerConsole, registrations, faults }: PageSeen, address: string): boolean {
  if (status) return status.active || !['consent', 'privacy-control'].includes(status.reason ?? '');
  if (isOff(workerConsole)) return true;
  if (faults.some(({ code }) => code === 'worker-failed')) return true;
  return registrations.length > 0 && !registrations.some(({ scope }) => address.startsWith(scope));
}
