import { MAX_FRAME } from '../../../src/core/limits.js';
import { MAX_PIECE_LENGTH } from '../../../src/core/pieces.js';
import { MAX_WINDOW } from '../../../src/core/request-window.js';
import { HIGH_WATER } from '../../../src/peer/link.js';
import type { Viewing, WholeVisitor } from './whole-visitor.js';

/** Live links of one visitor (docs/protocol.md). */
const MAX_LINKS = 8;
/** Milliseconds that the hash service takes to give a layer, without which nothing can be verified. */
const LAYER = 60;

/** What was promised to this visitor and not kept, as text; nothing once all is well. */
export function brokenWholePromises(visitor: WholeVisitor): string[] {
  const { viewings, watch, faults } = visitor;
  return [
    ...viewings.flatMap((viewing) => brokenViewing(visitor, viewing)),
    ...watch.violations,
    ...faults.map((fault) => `a fault: ${JSON.stringify(fault)}`),
    ...outOfBounds(visitor),
    ...overspent(visitor),
  ].map((what) => `visitor ${visitor.number}: ${what}`);
}

function brokenViewing({ traits }: WholeVisitor, viewing: Viewing): string[] {
  const { image, placedAt, wait, endedAt, problem, abandoned } = viewing;
  if (abandoned) return [];
  if (problem !== undefined) return [`${image.src}: ${problem}`];
  if (endedAt === undefined) return [`${image.src} never came`];
  const http = traits.origin.latency + (1000 * image.file.bytes.byteLength) / traits.origin.rate;
  const late = endedAt - (placedAt + wait + http);
  return late > LAYER ? [`${image.src} came ${Math.round(late)} ms after deadline and HTTP time`] : [];
}

function outOfBounds({ watch: { peaks } }: WholeVisitor): string[] {
  const bounds: [string, number, number][] = [
    ['links', peaks.links, MAX_LINKS],
    ['bytes requested of one peer', peaks.inFlight, MAX_WINDOW + MAX_FRAME],
    ['bytes of unfinished pieces', peaks.partial, MAX_LINKS * (MAX_WINDOW + MAX_PIECE_LENGTH)],
    ['bytes handed to one link', peaks.backlog, HIGH_WATER + MAX_FRAME],
  ];
  return bounds.filter(([, seen, bound]) => seen > bound).map(([what, seen]) => `${seen} ${what} at once`);
}

/** Nobody gives more than was received, whatever the source, layers included. */
function overspent(visitor: WholeVisitor): string[] {
  const { watch, page } = visitor;
  const layers = page.images.reduce((sum, { file }) => sum + file.layer.byteLength, 0);
  const received = visitor.bytes('peer') + visitor.bytes('http') + visitor.bytes('cache') + layers;
  return watch.uploaded > received ? [`uploaded ${watch.uploaded} of ${received} bytes`] : [];
}
