import type { IncomingMessage, ServerResponse } from 'node:http';
import { pause, type Clock } from './clock.js';
import type { ContentCoding } from './content-coding.js';
import type { Fault, Faults } from './faults.js';
import { findRepresentation, type Site } from './files.js';
import type { RequestLine, RequestLog } from './log.js';
import { mediaTypeOf } from './media-types.js';
import { honestReply, textReply, type Reply } from './reply.js';
import { memoryRepresentation, type Representation } from './representation.js';
import { refuse, send, type Exchange } from './send.js';

export interface Origin {
  readonly site: Site;
  readonly coding: ContentCoding;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly clock: Clock;
}

/** Answers one request, honestly but for the faults in force, and logs it. */
export async function answer(
  origin: Origin,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = requestLine(message);
  const fault = origin.faults.for(request.path);
  const entry = origin.log.open(request, origin.clock.now());
  const signal = goneSignal(response);
  const exchange = { response, socket: message.socket, fault, entry, clock: origin.clock, signal };
  try {
    await answerWithFaults(origin, request, exchange);
  } catch (error) {
    giveUp(exchange, error);
  } finally {
    entry.ended = origin.clock.now();
  }
}

/** The request target, in origin form or absolute form (RFC 9112 section 3.2). */
function requestLine({ method = 'GET', url = '/', headers }: IncomingMessage): RequestLine {
  const target = url.startsWith('/') ? `http://site${url}` : url;
  const { pathname, search } = URL.canParse(target) ? new URL(target) : { pathname: '', search: '' };
  return { method, path: pathname, query: search, headers };
}

async function answerWithFaults(origin: Origin, request: RequestLine, exchange: Exchange): Promise<void> {
  const { clock, fault, signal } = exchange;
  await pause(clock, fault.latencyMs ?? 0, signal);
  if (signal.aborted) return;
  if (fault.stop) {
    refuse(exchange);
    return;
  }
  await send(await replyFor(origin, request, fault), exchange);
}

async function replyFor({ site, coding }: Origin, request: RequestLine, fault: Fault): Promise<Reply> {
  if (fault.redirect !== undefined) {
    return textReply(fault.status ?? 302, 'Elsewhere.', { location: fault.redirect });
  }
  if (fault.status !== undefined) return textReply(fault.status, 'As the fault rules say.');
  const plain = await currentRepresentation(site, request, fault);
  return honestReply(request, plain && (await coding.choose(plain, request.headers['accept-encoding'])));
}

async function currentRepresentation(
  site: Site,
  request: RequestLine,
  fault: Fault,
): Promise<Representation | undefined> {
  if (fault.content !== undefined) {
    const content = typeof fault.content === 'string' ? Buffer.from(fault.content) : fault.content;
    return memoryRepresentation(mediaTypeOf(request.path), content, new Date(fault.since));
  }
  const personal = fault.byCookie?.contentOf[cookieValue(request, fault.byCookie.name) ?? ''];
  return findRepresentation(site, personal ?? fault.contentOf ?? request.path);
}

function cookieValue({ headers }: RequestLine, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Aborts when the exchange is over, which is early when the client goes. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  return gone.signal;
}

/** The server itself failed: say so in the log, and to the client while that is still possible. */
function giveUp({ entry, response, socket }: Exchange, error: unknown): void {
  entry.error = error instanceof Error ? error.message : String(error);
  if (response.headersSent || socket.destroyed) {
    socket.destroy();
    return;
  }
  entry.status = 500;
  response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end('The demo site failed; see its log.\n');
}
