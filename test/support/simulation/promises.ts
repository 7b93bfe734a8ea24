import { MAX_WINDOW } from '../../../src/core/request-window.js';
import { MAX_FRAME } from '../../../src/core/limits.js';
import { MAX_PIECE_LENGTH } from '../../../src/core/pieces.js';
import { HIGH_WATER } from '../../../src/peer/link.js';
import type { SimulatedVisitor } from './simulated-visitor.js';
import type { Transfer } from './stand-in-worker.js';

/** Live links of one visitor (docs/protocol.md). */
const MAX_LINKS = 8;
/** Milliseconds that checking the last piece takes. */
const CHECKING = 5;
/** Pieces read at once for one link: two of the largest. */
const MAX_READING = 2 * MAX_PIECE_LENGTH;

/** What was promised to this honest visitor and not kept, as text; nothing once all is well. */
export function brokenPromises(visitor: SimulatedVisitor): string[] {
  const { worker, watch, overdue, faults } = visitor;
  return [
    ...worker.transfers.flatMap((transfer) => brokenTransfer(visitor, transfer)),
    ...watch.violations,
    ...overdue,
    ...faults.map((fault) => `a fault: ${String(fault)}`),
    ...outOfBounds(visitor),
    ...unexplainedMoves(visitor),
  ].map((what) => `${visitor.pid}: ${what}`);
}

function brokenTransfer({ worker, origin }: SimulatedVisitor, transfer: Transfer): string[] {
  const { file, since, wait, http, endedAt, abandoned } = transfer;
  if (abandoned) return [];
  if (endedAt === undefined) return [`${file.path} never came`];
  const broken: string[] = [];
  if (Buffer.compare(Buffer.concat(worker.answer(file)), file.bytes) !== 0)
    broken.push(`${file.path} is wrong`);
  const deadline = since + wait;
  if (http && http.at > deadline) broken.push(`${file.path}: HTTP began ${http.at - deadline} ms late`);
  const late = endedAt - (deadline + (http ? origin.time(http.bytes) : 0));
  if (late > CHECKING) broken.push(`${file.path} came ${late} ms after deadline and HTTP time`);
  return broken;
}

/** Memory: what the engine holds for others' sake, however many they are and whatever they do. */
function outOfBounds({ watch: { peaks }, worker }: SimulatedVisitor): string[] {
  const bounds: [string, number, number][] = [
    ['links', peaks.links, MAX_LINKS],
    ['bytes requested of one peer', peaks.inFlight, MAX_WINDOW + MAX_FRAME],
    ['bytes of unfinished pieces', peaks.partial, MAX_LINKS * (MAX_WINDOW + MAX_PIECE_LENGTH)],
    ['bytes handed to one link', peaks.backlog, HIGH_WATER + MAX_FRAME],
    ['bytes read to be uploaded', worker.mostReading, MAX_LINKS * MAX_READING],
  ];
  return bounds.filter(([, seen, bound]) => seen > bound).map(([what, seen]) => `${seen} ${what} at once`);
}

/** Pieces are taken away from slow peers only, and the tracker hears of each; once all links are closed. */
function unexplainedMoves({ watch, reports, here }: SimulatedVisitor): string[] {
  const slow = reports.reduce((sum, report) => sum + report.slow, 0);
  return !here && watch.causes.moved > slow ? [`moved ${watch.causes.moved} pieces, reported ${slow}`] : [];
}
