import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Clock } from '../../src/core/clock.js';
import { MAX_TRACKER_MESSAGE } from '../../src/core/limits.js';
import { TRACKER_SUBPROTOCOL } from '../../src/protocol/tracker.js';
import type { AddressGroup, Addresses } from './addresses.js';
import type { Door } from './door.js';
import type { Places } from './places.js';
import type { Place } from '../choosing/place.js';
import type { Connection } from '../core/line.js';
import type { Metrics } from '../metrics.js';
import type { TrackerCore } from '../core/tracker.js';

export interface TrackerServerOptions {
  readonly core: TrackerCore;
  readonly door: Door;
  readonly addresses: Addresses;
  readonly places: Places;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly leaseSeconds: number;
  /** Rejects when visitors cannot be welcomed now. */
  readonly ready: () => Promise<void>;
}

export interface ListenAddress {
  readonly port: number;
  readonly host: string;
}

/** Time for a request's headers (ms): sockets that never say anything go. */
const HEADERS_TIMEOUT = 5_000;
/** Pings in one lease: two may get lost. */
const PINGS_PER_LEASE = 3;
/** Time for the closing handshake of everybody (ms) before sockets are cut. */
const CLOSE_GRACE = 1_000;

/** Binds the core to WebSockets on an HTTP server that also answers `/healthz`, `/readyz`, `/metrics`. */
export class TrackerServer {
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_TRACKER_MESSAGE,
    handleProtocols: () => TRACKER_SUBPROTOCOL,
  });
  #closing: Promise<void> | undefined;

  constructor(private readonly options: TrackerServerOptions) {
    this.#http = createServer({
      headersTimeout: HEADERS_TIMEOUT,
      connectionsCheckingInterval: HEADERS_TIMEOUT,
    });
    this.#http.on('request', (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.options.metrics.trouble(error);
        response.destroy();
      });
    });
    this.#http.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
  }

  /** Rejects with the system's error, for example `EADDRINUSE`. */
  listen({ port, host }: ListenAddress): Promise<{ url: string }> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, () => {
        this.#http.off('error', reject);
        this.#http.on('error', (error) => {
          this.options.metrics.trouble(error);
        });
        const { port: actual } = this.#http.address() as AddressInfo;
        resolve({ url: `ws://${host.includes(':') ? `[${host}]` : host}:${actual}` });
      });
    });
  }

  /** Says goodbye to everybody and closes; sockets that do not answer the goodbye are cut. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const { clock, core } = this.options;
      core.close();
      const cut = clock.setTimeout(() => {
        for (const socket of this.#sockets.clients) socket.terminate();
        this.#http.closeAllConnections();
      }, CLOSE_GRACE);
      this.#http.close(() => {
        clock.clearTimeout(cut);
        resolve();
      });
      this.#http.closeIdleConnections();
    });
    return this.#closing;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics } = this.options;
    const [path] = (request.url ?? '').split('?');
    if (path === '/healthz') reply(response, 200, 'text/plain', 'ok\n');
    else if (path === '/metrics') {
      reply(response, 200, metrics.registry.contentType, await metrics.registry.metrics());
    } else if (path === '/readyz') {
      const isReady = await this.#isReady();
      if (isReady) reply(response, 200, 'text/plain', 'ready\n');
      else reply(response, 503, 'text/plain', 'not ready: no keys from the hash service\n');
    } else reply(response, 404, 'text/plain', 'a WebSocket is expected here\n');
  }

  /** Why not is for the log: strangers can ask, and the reason may name addresses. */
  #isReady(): Promise<boolean> {
    return this.options.ready().then(
      () => true,
      (error: unknown) => {
        this.options.metrics.trouble(error);
        return false;
      },
    );
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (!offersProtocol(request)) {
      turnAway(socket, '400 Bad Request');
      return;
    }
    const { door, addresses, metrics } = this.options;
    const forwarded = request.headers['x-forwarded-for'];
    const group = addresses.groupOf(request.socket.remoteAddress ?? '', forwarded?.toString());
    const verdict = this.#closing ? 503 : door.enter(group.address);
    if (verdict !== 'in') {
      metrics.turnedAway(verdict);
      turnAway(socket, verdict === 429 ? '429 Too Many Requests' : '503 Service Unavailable');
      return;
    }
    socket.once('close', () => {
      door.leave(group.address);
    });
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#attend(webSocket, request, group);
    });
  }

  #attend(socket: WebSocket, request: IncomingMessage, group: AddressGroup): void {
    const session = this.options.core.connect(
      connectionOf(socket, request.headers.origin, this.options.places.placeOf(group)),
    );
    const stopPings = this.#ping(socket);
    socket.on('message', (data, isBinary) => void session.receive(textOf(data, isBinary)));
    socket.on('pong', () => {
      session.heard();
    });
    // What ws finds wrong (length, UTF-8, framing) it answers with a close code itself.
    socket.on('error', () => {
      session.closed();
    });
    socket.on('close', () => {
      stopPings();
      session.closed();
    });
  }

  #ping(socket: WebSocket): () => void {
    const { clock, leaseSeconds } = this.options;
    const every = (leaseSeconds * 1000) / PINGS_PER_LEASE;
    const again = (): unknown =>
      clock.setTimeout(() => {
        if (socket.readyState === socket.OPEN) socket.ping();
        timer = again();
      }, every);
    let timer = again();
    return () => {
      clock.clearTimeout(timer);
    };
  }
}

function connectionOf(socket: WebSocket, origin: string | undefined, place: Place): Connection {
  return {
    origin,
    place,
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send(text) {
      if (socket.readyState === socket.OPEN) socket.send(text);
    },
    close(code, reason) {
      socket.close(code, reason);
    },
  };
}

/** Binary messages are not part of the protocol: they come out as text that no parser accepts. */
function textOf(data: RawData, isBinary: boolean): string {
  return isBinary || !Buffer.isBuffer(data) ? '' : data.toString('utf8');
}

function offersProtocol(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim() === TRACKER_SUBPROTOCOL);
}

function turnAway(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
