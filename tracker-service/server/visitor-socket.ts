import type { Duplex } from 'node:stream';
import { WebSocket, type RawData } from 'ws';
import { NOWHERE, type Place } from '../choosing/place.js';
import type { Connection } from '../core/line.js';
import type { Session } from '../core/session.js';
import type { TrackerCore } from '../core/tracker.js';
import type { Guest } from './door.js';
import type { Outbox } from './outbox.js';

/** Who is at the other end, and where the server keeps account of it. */
export interface Seat {
  readonly origin: string | undefined;
  readonly place: Place;
  readonly guest: Guest;
  /** Where it waits for its next ping. */
  readonly stop: Set<VisitorSocket>;
  readonly core: Pick<TrackerCore, 'connect'>;
  /** The connection below, and where what is written to it is gathered. */
  readonly raw: Duplex;
  readonly outbox: Outbox;
}

/**
 * A visitor's socket: what `ws` serves and what the core speaks through are one object, and its listeners
 * are shared by all. Tens of thousands are idle at a time, and what each of them holds adds up.
 */
export class VisitorSocket extends WebSocket implements Connection {
  origin: string | undefined = undefined;
  place: Place = NOWHERE;
  #session: Session | undefined;
  #guest: Guest | undefined;
  #stop: Set<VisitorSocket> | undefined;
  #raw: Duplex | undefined;
  #outbox: Outbox | undefined;

  /** To be called once, when the socket has opened. */
  attend({ origin, place, guest, stop, core, raw, outbox }: Seat): void {
    this.origin = origin;
    this.place = place;
    this.#guest = guest;
    [this.#raw, this.#outbox] = [raw, outbox];
    this.#stop = stop.add(this);
    this.on('message', onMessage)
      .on('ping', onPing)
      .on('pong', onPong)
      .on('error', onError)
      .on('close', onClose);
    this.#session = core.connect(this);
  }

  override send(text: string): void {
    if (this.readyState !== WebSocket.OPEN) return;
    if (this.#raw) this.#outbox?.hold(this.#raw);
    super.send(text);
  }

  /** Binary messages are not part of the protocol: they come out as text that no parser accepts. */
  hear(data: RawData, isBinary: boolean): void {
    void this.#session?.receive(isBinary || !Buffer.isBuffer(data) ? '' : data.toString('utf8'));
  }

  answered(): void {
    this.#session?.heard();
  }

  failed(): void {
    this.#session?.closed();
  }

  gone(): void {
    this.#stop?.delete(this);
    this.#guest?.leave();
    this.#session?.closed();
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  if (this instanceof VisitorSocket) this.hear(data, isBinary);
}

/** Answered here because ws, left to answer by itself, keeps a closure for each socket. Who does not read is not answered. */
function onPing(this: WebSocket, data: Buffer): void {
  if (this.readyState === WebSocket.OPEN && this.bufferedAmount === 0) this.pong(data);
}

function onPong(this: WebSocket): void {
  if (this instanceof VisitorSocket) this.answered();
}

/** What ws finds wrong (length, UTF-8, framing) it answers with a close code itself. */
function onError(this: WebSocket): void {
  if (this instanceof VisitorSocket) this.failed();
}

function onClose(this: WebSocket): void {
  if (this instanceof VisitorSocket) this.gone();
}
