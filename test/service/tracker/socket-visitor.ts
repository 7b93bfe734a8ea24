import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { PeerId, Site } from '../../../src/core/brands.js';
import { toBase64Url } from '../../../src/protocol/base64.js';
import { parseAdmissionResponse } from '../../../src/protocol/hasher.js';
import { createIdentity, open, type Identity } from '../../../src/protocol/seal.js';
import {
  CHALLENGE_INFO,
  TRACKER_SUBPROTOCOL,
  parseTrackerMessage,
  type ClientMessage,
  type TrackerMessage,
} from '../../../src/protocol/tracker.js';

export const SITE = 'http://localhost:8080' as Site;

type Kind = TrackerMessage['t'];
type OfKind<T extends Kind> = Extract<TrackerMessage, { t: T }>;

/** A visitor over a real socket, reading with the parser that pages use. */
export class SocketVisitor {
  readonly #inbox: TrackerMessage[] = [];
  readonly #waiting = new Set<() => void>();
  readonly closed: Promise<number>;
  pid = '' as PeerId;

  private constructor(
    readonly socket: WebSocket,
    readonly identity: Identity,
  ) {
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const text = Buffer.isBuffer(data) ? data.toString('utf8') : '';
      const message = parseTrackerMessage(text);
      if (!message) throw new Error(`not understood: ${text.slice(0, 200)}`);
      this.#inbox.push(message);
      for (const wake of this.#waiting) wake();
    });
  }

  static async connect(tracker: string, headers: Record<string, string> = {}): Promise<SocketVisitor> {
    const identity = await createIdentity();
    const socket = new WebSocket(tracker, TRACKER_SUBPROTOCOL, { origin: SITE, headers });
    const visitor = new SocketVisitor(socket, identity);
    await once(socket, 'open');
    return visitor;
  }

  /** Joins with an admission of `hasher`, or without one where the site is open. */
  static async join(tracker: string, hasher?: string): Promise<SocketVisitor> {
    const visitor = await SocketVisitor.connect(tracker);
    visitor.hello(hasher === undefined ? undefined : await visitor.askAdmission(hasher));
    const nonce = await open(visitor.identity, CHALLENGE_INFO, (await visitor.next('challenge')).box);
    visitor.say({ t: 'proof', nonce: toBase64Url(nonce ?? new Uint8Array()) });
    visitor.pid = (await visitor.next('welcome')).pid;
    return visitor;
  }

  async askAdmission(hasher: string): Promise<string> {
    const body = JSON.stringify({ site: SITE, key: this.identity.publicKey });
    const response = await fetch(`${hasher}/v1/admissions`, { method: 'POST', body });
    const answer = parseAdmissionResponse(await response.json());
    if (!answer) throw new Error('no admission');
    return answer.admission;
  }

  hello(admission?: string): void {
    const shown = admission === undefined ? {} : { admission };
    this.say({ t: 'hello', v: 1, site: SITE, key: this.identity.publicKey, ...shown });
  }

  say(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The oldest message of a kind that was not taken yet, once it is there. */
  async next<T extends Kind>(kind: T): Promise<OfKind<T>> {
    for (;;) {
      const at = this.#inbox.findIndex((message) => message.t === kind);
      const message = at < 0 ? undefined : this.#inbox.splice(at, 1)[0];
      if (message) return message as OfKind<T>;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }
}
