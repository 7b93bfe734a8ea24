import type { Bytes } from '../../src/core/bytes.js';
import type { Span } from '../../src/core/pieces.js';
import { durationOf } from './duration.js';
import type { ParserReply, ParserRequest } from './parser-messages.js';

/**
 * Entry point of the process that parses media files, one at a time. A process and not a thread, because
 * 56 bytes of MP4 can make the parser ask for so much memory that V8 ends the process it runs in.
 */

/** Without work for this long (ms), the memory is worth more than a quick start. */
const IDLE = 30_000;

const reads = new Map<number, (bytes: Bytes | undefined) => void>();
let lastRead = 0;
let idleTimer = setTimeout(sayIdle, IDLE);

process.on('message', (request: ParserRequest) => {
  if (request.t === 'parse') return void parse(request.length);
  reads.get(request.id)?.(request.bytes);
  reads.delete(request.id);
});
// Nobody is left to work for.
process.once('disconnect', () => process.exit());

async function parse(length: number): Promise<void> {
  clearTimeout(idleTimer);
  const seconds = await durationOf({ length, read }).catch(() => undefined);
  reads.clear();
  idleTimer = setTimeout(sayIdle, IDLE);
  send({ t: 'parsed', seconds });
}

function read({ start, end }: Span): Promise<Bytes | undefined> {
  const id = ++lastRead;
  return new Promise((resolve) => {
    reads.set(id, resolve);
    send({ t: 'read', id, start, end });
  });
}

function sayIdle(): void {
  send({ t: 'idle' });
}

function send(reply: ParserReply): void {
  process.send?.(reply);
}
