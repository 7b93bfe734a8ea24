import type { TrackerMessage } from '../../src/protocol/tracker.js';
import type { Place } from '../choosing/place.js';
import type { EndReason } from './refusal.js';

/** A visitor's socket as the core sees it; the binding to a real one is the server's. */
export interface Connection {
  /** The browser's `Origin` header; absent outside browsers. */
  readonly origin: string | undefined;
  /** Where the other end is. */
  readonly place: Place;
  /** Bytes given to `send` that the other end has not taken yet. */
  readonly bufferedAmount: number;
  send(text: string): void;
  /** `code` is a WebSocket close code, `reason` a few words. */
  close(code: number, reason: string): void;
}

/** The way to a welcomed visitor. */
export interface Line {
  readonly connection: Connection;
  /** The visitor reads too slowly for anything it did not ask for. */
  readonly crowded: boolean;
  send(message: TrackerMessage): void;
  /** The same for a message that was put together as text. */
  sendText(text: string): void;
  end(reason: EndReason): void;
}
