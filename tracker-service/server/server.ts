import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../src/core/clock.js';
import { MAX_TRACKER_MESSAGE } from '../../src/core/limits.js';
import { TRACKER_SUBPROTOCOL } from '../../src/protocol/tracker.js';
import type { TrackerConfig } from '../config.js';
import type { Pressure } from '../core/pressure.js';
import type { TrackerCore } from '../core/tracker.js';
import type { Addresses, AddressGroup } from './addresses.js';
import type { Certificate, Credentials } from './certificate.js';
import { Guest, type Door } from './door.js';
import { Interned } from './interned.js';
import { listening, pathOf, reply, type ListenAddress } from './operations.js';
import { Outbox } from './outbox.js';
import type { Places } from './places.js';
import { Rounds } from './rounds.js';
import type { Stoppable } from './shutdown.js';
import { refusalOf, type Refused, type Turned } from './turned.js';
import { VisitorSocket } from './visitor-socket.js';

export interface TrackerServerOptions {
  readonly core: TrackerCore;
  readonly door: Door;
  readonly addresses: Addresses;
  readonly places: Places;
  readonly pressure: Pressure;
  readonly clock: Clock;
  readonly config: Pick<TrackerConfig, 'leaseSeconds' | 'maxSockets'>;
  /** With credentials it is a TLS server. */
  readonly certificate: Certificate;
  readonly turnedAway: (why: Turned, address?: string) => void;
  readonly trouble: (error: unknown) => void;
}

/** Time for a request's headers, and for a TLS handshake (ms): sockets that never say anything go. */
const HEADERS_TIMEOUT = 5_000;
/** How often those times are looked at (ms). */
const CHECK_EVERY = 1_000;
const MAX_HEADERS = 8 * 1024;
/** Connections beyond `maxSockets` that may be about to become sockets, or about to be turned away. */
const SPARE_CONNECTIONS = 1_000;
/** Pings in one lease: two may get lost. */
const PINGS_PER_LEASE = 3;
/** Time for the answer to a goodbye (ms), after which the connection is cut. */
const CLOSE_TIMEOUT = 5_000;
/** One message comes in so many pieces at most: slow networks cut it at every 536 bytes, nobody smaller. */
const MAX_FRAGMENTS = 64;
const MAX_CHUNKS = 1_024;
/** From this level of pressure on nobody comes in. */
const NO_SOCKETS = 4;

/** Not written where it is used, because `closeTimeout` is younger than the types of ws. */
const SOCKET_OPTIONS = {
  WebSocket: VisitorSocket,
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  autoPong: false,
  maxPayload: MAX_TRACKER_MESSAGE,
  maxFragments: MAX_FRAGMENTS,
  maxBufferedChunks: MAX_CHUNKS,
  closeTimeout: CLOSE_TIMEOUT,
  handleProtocols: () => TRACKER_SUBPROTOCOL,
};

/** Binds the core to WebSockets on an HTTP server that also answers `/healthz`. */
export class TrackerServer implements Stoppable {
  readonly #http: Server | TlsServer;
  readonly #sockets = new WebSocketServer(SOCKET_OPTIONS);
  readonly #rounds: Rounds<VisitorSocket>;
  readonly #origins = new Interned();
  readonly #outbox = new Outbox(setImmediate);
  #isClosing = false;

  constructor(private readonly options: TrackerServerOptions) {
    const { certificate, clock, config } = options;
    this.#rounds = new Rounds({
      clock,
      period: (config.leaseSeconds * 1000) / PINGS_PER_LEASE,
      visit: (socket) => {
        if (socket.readyState === socket.OPEN) socket.ping();
      },
    });
    this.#http = httpServer(certificate.credentials);
    certificate.renewed = (credentials) => {
      if ('setSecureContext' in this.#http) this.#http.setSecureContext(credentials);
    };
    this.#http.maxConnections = config.maxSockets + SPARE_CONNECTIONS;
    this.#http.on('drop', () => {
      options.turnedAway('connections');
    });
    this.#http.on('request', answer);
    this.#http.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
  }

  /** Resolves with the address of the sockets. Rejects with the system's error, for example `EADDRINUSE`. */
  async listen(address: ListenAddress): Promise<string> {
    const where = await listening(this.#http, address);
    this.#http.on('error', this.options.trouble);
    return `${this.options.certificate.credentials ? 'wss' : 'ws'}://${where}`;
  }

  closed(): Promise<void> {
    this.#isClosing = true;
    return new Promise((resolve) => {
      this.#http.close(() => {
        this.#rounds.close();
        this.options.core.close();
        resolve();
      });
      this.#http.closeIdleConnections();
    });
  }

  farewell(count: number): number {
    return this.options.core.farewell(count);
  }

  cut(): void {
    for (const socket of this.#rounds.members()) socket.terminate();
    this.#http.closeAllConnections();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { addresses, door } = this.options;
    const bar = this.#barred(request);
    if (bar) {
      this.#turnAway(socket, bar);
      return;
    }
    const forwarded = request.headers['x-forwarded-for'];
    const group = addresses.groupOf(request.socket.remoteAddress ?? '', forwarded?.toString());
    const guest = door.enter(group.address);
    if (guest instanceof Guest) this.#seat(request, socket, head, group, guest);
    else this.#turnAway(socket, guest, group.address);
  }

  /** What keeps everybody out, whoever they are. */
  #barred(request: IncomingMessage): Refused | undefined {
    if (this.#isClosing) return 'stopping';
    if (this.options.pressure.level >= NO_SOCKETS) return 'pressure';
    return offersProtocol(request) ? undefined : 'protocol';
  }

  /** The connection goes with the answer: its other half would stay open for as long as the client likes. */
  #turnAway(socket: Duplex, why: Refused, address?: string): void {
    this.options.turnedAway(why, address);
    socket.on('error', destroy).on('finish', destroy).end(refusalOf(why));
  }

  /** `handleUpgrade` is done when it returns: with a socket, or with an answer to a bad handshake. */
  #seat(request: IncomingMessage, socket: Duplex, head: Buffer, group: AddressGroup, guest: Guest): void {
    let opened: VisitorSocket | undefined;
    this.#sockets.handleUpgrade(request, socket, head, (made) => {
      opened = made;
    });
    if (opened) this.#attend(opened, socket, { origin: request.headers.origin, group, guest });
    else guest.leave();
  }

  #attend(
    socket: VisitorSocket,
    raw: Duplex,
    {
      origin,
      group,
      guest,
    }: { readonly origin: string | undefined; readonly group: AddressGroup; readonly guest: Guest },
  ): void {
    const { core, places } = this.options;
    socket.attend({
      origin: origin === undefined ? undefined : this.#origins.of(origin),
      place: places.placeOf(group),
      guest,
      stop: this.#rounds.stop,
      core,
      raw,
      outbox: this.#outbox,
    });
  }
}

function httpServer(credentials: Credentials | undefined): Server | TlsServer {
  const options = {
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: HEADERS_TIMEOUT,
    connectionsCheckingInterval: CHECK_EVERY,
    maxHeaderSize: MAX_HEADERS,
  };
  if (!credentials) return createServer(options);
  return createTlsServer({ ...options, ...credentials, handshakeTimeout: HEADERS_TIMEOUT });
}

/** Who asks this port over HTTP is a balancer, or lost. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('connection', 'close');
  if (pathOf(request) === '/healthz') reply(response, 200, 'ok\n');
  else reply(response, 404, 'a WebSocket is expected here\n');
}

function offersProtocol(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim() === TRACKER_SUBPROTOCOL);
}

function destroy(this: Duplex): void {
  this.destroy();
}
