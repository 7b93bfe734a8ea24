import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Characters of a signal: an offer or an answer with its candidates. */
export const SIGNAL_LENGTH = 1024;
/** Peers that one question asks for. */
export const PEERS_WANTED = 6;
/** Addresses of one /16 that are used; each visitor has one of its own, as far as they go. */
const ADDRESSES = 200;

/** How visitors of one kind of server talk to it. Times in what they say are milliseconds of `performance.now()`. */
export interface Dialect {
  readonly protocols: readonly string[];
  /** What follows the server's address. */
  path(member: Member): string;
  /** Resolves when a new socket's visitor is known to the server; rejects when it is turned away. */
  join(member: Member): Promise<void>;
  /** Asks for peers; `intended` comes back with each answer to an offer. */
  ask(member: Member, intended: number): void;
  /** Deals with a message; returns the `intended` of an introduction that it completes. */
  receive(member: Member, text: string): number | undefined;
}

/** One visitor's socket. */
export class Member {
  socket: WebSocket | undefined;
  /** Hears the next message instead of the dialect. */
  #next: { resolve(text: string): void; reject(error: Error): void } | undefined;

  constructor(readonly number: number) {}

  /** Connects and joins; rejects when either fails. */
  async arrive(url: string, dialect: Dialect, options: ArrivalOptions): Promise<void> {
    const socket = new WebSocket(`${url}${dialect.path(this)}`, [...dialect.protocols], {
      perMessageDeflate: false,
      localAddress: addressOf(this.number),
      origin: options.origin,
    });
    this.socket = socket;
    socket.on('error', () => undefined);
    const gone = new Promise<never>((_, reject) => {
      socket.once('close', (code) => {
        const error = new Error(`closed with ${code}`);
        reject(error);
        this.#next?.reject(error);
        this.#next = undefined;
        options.left(this, code);
      });
    });
    gone.catch(() => undefined);
    socket.on('message', (data) => {
      const text = (data as Buffer).toString('utf8');
      const next = this.#next;
      this.#next = undefined;
      if (next) next.resolve(text);
      else options.received(this, text);
    });
    await Promise.race([once(socket, 'open'), gone]);
    await Promise.race([dialect.join(this), gone]);
  }

  say(message: object): void {
    this.socket?.send(JSON.stringify(message));
  }

  /** Says something, and resolves with the next message; rejects when the socket closes before. */
  async exchange(message: object): Promise<Record<string, unknown>> {
    const answer = new Promise<string>((resolve, reject) => {
      this.#next = { resolve, reject };
    });
    this.say(message);
    return JSON.parse(await answer) as Record<string, unknown>;
  }
}

export interface ArrivalOptions {
  readonly origin: string;
  readonly received: (member: Member, text: string) => void;
  readonly left: (member: Member, code: number) => void;
}

/** All of 127.0.0.0/8 is this machine. */
function addressOf(number: number): string {
  const [high, low] = [Math.floor(number / ADDRESSES), number % ADDRESSES];
  return `127.${1 + Math.floor(high / ADDRESSES)}.${high % ADDRESSES}.${2 + low}`;
}
