import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Spreads connections over ports in turn; one that does not answer is passed over. */
export class Balancer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #turn = 0;

  private constructor(private readonly ports: readonly number[]) {
    this.#server = createServer((incoming) => {
      this.#keep(incoming);
      this.#forward(incoming, this.ports.length);
    });
  }

  static async start(ports: readonly number[]): Promise<Balancer> {
    const balancer = new Balancer(ports);
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(incoming: Socket, tries: number): void {
    const port = this.ports[this.#turn++ % this.ports.length] ?? 0;
    const outgoing = connect(port, '127.0.0.1');
    this.#keep(outgoing);
    outgoing.once('connect', () => {
      outgoing.pipe(incoming);
      incoming.pipe(outgoing);
      for (const [one, other] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const)
        one.once('close', () => other.destroy());
    });
    outgoing.once('error', () => {
      if (outgoing.connecting && tries > 1) this.#forward(incoming, tries - 1);
      else incoming.destroy();
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
