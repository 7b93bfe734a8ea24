import type { PeerId } from '../../src/core/brands.js';
import type { OpenSocket } from '../../src/page/tracker-client.js';
import type { SocketHandlers } from '../../src/page/tracker-session.js';
import { fromBase64Url, toBase64Url } from '../../src/protocol/base64.js';
import { seal } from '../../src/protocol/seal.js';
import {
  CHALLENGE_INFO,
  parseClientMessage,
  type ClientMessage,
  type Hello,
  type TrackerMessage,
} from '../../src/protocol/tracker.js';
import { equalBytes } from '../../src/core/bytes.js';

const NONCE = new Uint8Array(32).fill(7);

/** One socket as the tracker sees it. Every message of the client must pass the tracker's own parser. */
export class FakeLine {
  readonly heard: ClientMessage[] = [];
  closed = false;

  constructor(
    readonly url: string,
    readonly protocol: string,
    readonly handlers: SocketHandlers,
  ) {}

  take(text: string): ClientMessage {
    const message = parseClientMessage(text);
    if (!message) throw new Error(`the client sent what the tracker refuses: ${text.slice(0, 200)}`);
    this.heard.push(message);
    return message;
  }

  of<T extends ClientMessage['t']>(kind: T): Extract<ClientMessage, { t: T }>[] {
    return this.heard.filter((message): message is Extract<ClientMessage, { t: T }> => message.t === kind);
  }

  say(message: TrackerMessage): void {
    this.handlers.message(JSON.stringify(message));
  }

  /** The connection drops. */
  drop(): void {
    this.closed = true;
    this.handlers.closed();
  }
}

/** A tracker at the other end of injected sockets: shakes hands by itself, the rest is the test's. */
export class FakeTracker {
  readonly lines: FakeLine[] = [];
  readonly pid = 'node1_me00' as PeerId;
  /** What to do with a hello, instead of shaking hands. */
  onHello: ((line: FakeLine, hello: Hello) => void) | undefined;
  /** Whether sockets open at all. */
  reachable = true;

  readonly openSocket: OpenSocket = (url, protocol, handlers) => {
    const line = new FakeLine(url, protocol, handlers);
    this.lines.push(line);
    queueMicrotask(() => {
      if (line.closed) return;
      if (this.reachable) handlers.opened();
      else line.drop();
    });
    return {
      send: (text) => void this.#receive(line, text),
      close: () => {
        line.closed = true;
      },
    };
  };

  get line(): FakeLine {
    const last = this.lines.at(-1);
    if (!last) throw new Error('nobody connected');
    return last;
  }

  async #receive(line: FakeLine, text: string): Promise<void> {
    const message = line.take(text);
    if (message.t === 'hello' && this.onHello) this.onHello(line, message);
    else if (message.t === 'hello') {
      line.say({ t: 'challenge', box: await seal(message.key, CHALLENGE_INFO, NONCE) });
    } else if (message.t === 'proof') {
      const nonce = fromBase64Url(message.nonce);
      if (!nonce || !equalBytes(nonce, NONCE)) throw new Error('wrong proof');
      line.say({ t: 'welcome', pid: this.pid, resume: toBase64Url(NONCE), lease: 90 });
    }
  }
}
