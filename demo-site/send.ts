import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { pause, type Clock } from './clock.js';
import type { Fault } from './faults.js';
import type { LoggedRequest } from './log.js';
import type { Reply } from './reply.js';

/** One answer on its way out: through which socket, under which faults, counted in which log entry. */
export interface Exchange {
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly fault: Fault;
  readonly entry: LoggedRequest;
  readonly clock: Clock;
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal;
}

/** Sends `reply` with the faults of the exchange. Returns early when the client has gone. */
export async function send(reply: Reply, exchange: Exchange): Promise<void> {
  const { response, socket, fault, entry } = exchange;
  const headers = spoiledHeaders(reply.headers, fault);
  const closes = fault.lengthOff !== undefined || fault.headerLineMs !== undefined;
  entry.status = reply.status;
  if (closes) headers['connection'] = 'close';
  const sink = fault.headerLineMs === undefined ? response : socket;
  if (sink === response) response.writeHead(reply.status, headers);
  else await dripHead(reply.status, headers, exchange);
  const whole = entry.method === 'HEAD' || (await sendBody(reply, sink, exchange));
  entry.complete = whole && !exchange.signal.aborted && fault.lengthOff === undefined;
  if (closes || !whole) cutOff(sink, exchange);
  else response.end();
}

/** Ends the connection after what was written so far, which is at least the header section. */
function cutOff(sink: Writable, { response, socket, signal }: Exchange): void {
  if (signal.aborted) return;
  if (sink === response) response.flushHeaders();
  socket.destroySoon();
}

/** Answers with a reset connection, as a machine does on which nothing listens. */
export function refuse({ socket }: Exchange): void {
  socket.resetAndDestroy();
}

function spoiledHeaders(headers: Reply['headers'], fault: Fault): Record<string, string> {
  const spoiled = { ...headers };
  for (const [name, value] of Object.entries(fault.headers ?? {})) {
    if (value === null) Reflect.deleteProperty(spoiled, name.toLowerCase());
    else spoiled[name.toLowerCase()] = value;
  }
  const length = spoiled['content-length'];
  if (fault.lengthOff !== undefined && length !== undefined) {
    spoiled['content-length'] = String(Math.max(0, Number(length) + fault.lengthOff));
  }
  const range = spoiled['content-range'];
  if (fault.unknownLength && range !== undefined) spoiled['content-range'] = range.replace(/\d+$/, '*');
  return spoiled;
}

/** Writes the header section line by line, past Node's HTTP server, which knows only whole ones. */
async function dripHead(status: number, headers: Record<string, string>, exchange: Exchange): Promise<void> {
  const { clock, fault, signal, socket } = exchange;
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const date = `date: ${new Date(clock.now()).toUTCString()}`;
  for (const line of [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, date, ...fields, '']) {
    if (signal.aborted) return;
    await write(socket, Buffer.from(`${line}\r\n`, 'latin1'), signal);
    await pause(clock, fault.headerLineMs ?? 0, signal);
  }
}

/** Sends the body at the pace allowed; true when all of it was handed to the network. */
async function sendBody(reply: Reply, sink: Writable, exchange: Exchange): Promise<boolean> {
  const { clock, entry, fault, signal } = exchange;
  const limit = fault.abortAfter ?? Number.POSITIVE_INFINITY;
  const partLength = Math.min(Number.POSITIVE_INFINITY, ...fault.paces.map((pace) => pace.part));
  for await (const chunk of reply.body) {
    for (let at = 0; at < chunk.byteLength; at += partLength) {
      const part = chunk.subarray(at, Math.min(at + partLength, chunk.byteLength, at + limit - entry.bytes));
      await pause(clock, Math.max(0, ...fault.paces.map((pace) => pace.reserve(part.byteLength))), signal);
      if (signal.aborted) return false;
      if (part.byteLength > 0 && !(await write(sink, part, signal))) return false;
      entry.bytes += part.byteLength;
      if (entry.bytes >= limit) return false;
    }
  }
  return !signal.aborted;
}

/** Resolves when `bytes` left this process: true, or false when the connection went before. */
function write(sink: Writable, bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = (): void => {
      resolve(false);
    };
    signal.addEventListener('abort', gone, { once: true });
    sink.write(bytes, (error) => {
      signal.removeEventListener('abort', gone);
      resolve(!error);
    });
  });
}
