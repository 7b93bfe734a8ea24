import { checkCsp } from './csp-check.js';
import type { Examination } from './examination.js';
import { CHECKS, type Finding } from './finding.js';
import { checkIceServers } from './ice-check.js';
import { checkPage } from './page-checks.js';
import { checkResources } from './resource-checks.js';
import { checkServices } from './service-checks.js';
import { checkTransfer } from './transfer-check.js';
import { checkWorker } from './worker-checks.js';

/** Every check, once each, in the order in which they are told. */
export function findingsOf(seen: Examination): Finding[] {
  const above = [checkPage, checkCsp, checkWorker, checkServices, checkResources, checkIceServers].flatMap(
    (check) => check(seen),
  );
  const all = [...above, checkTransfer(seen, above)];
  return all.sort((a, b) => CHECKS.indexOf(a.id) - CHECKS.indexOf(b.id));
}
