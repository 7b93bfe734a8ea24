import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of our own server. A server that closes waits for all of them, and ends only those
 * that were used and are idle at that moment: not those that browsers opened ahead, nor those whose
 * answer is under way and promises to be kept alive.
 */
export class Connections {
  readonly #open = new Set<Socket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Ends those on which nothing is under way. */
  endIdle(): void {
    for (const socket of this.#open) if (socket.bytesRead === 0) socket.destroy();
    this.server.closeIdleConnections();
  }

  /** Cuts off all. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
