import { connect, createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';

/**
 * The public address of a site whose origin differs from test to test: a loopback port that leads
 * every connection to wherever `leadTo` said last.
 */
export class Edge {
  #target = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      const onward = connect(this.#target, '127.0.0.1');
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
        one.pipe(other);
      }
    });
  }

  static async start(): Promise<Edge> {
    const edge = new Edge();
    await new Promise<void>((resolve) => edge.#server.listen(0, '127.0.0.1', resolve));
    // It serves the whole file of tests and ends with its process.
    edge.#server.unref();
    return edge;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on new connections go to this origin on a loopback port. */
  leadTo(origin: string): void {
    this.#target = Number(new URL(origin).port);
  }
}
