import { networkInterfaces } from 'node:os';
import Turn from 'node-turn';
import { freePorts } from '../../bench/support/ports.js';

/** A TURN server (RFC 8656, over UDP) of this machine, for one user. */
export class TurnServer {
  private constructor(
    private readonly server: Turn,
    /** What a page's `data-ice-servers` says of it. */
    readonly iceServers: string,
  ) {}

  static async open(): Promise<TurnServer> {
    const [listeningPort = 0] = await freePorts(1);
    const address = outwardAddress();
    const user = { username: 'visitor', credential: 'only for tests' };
    const server = new Turn({
      ...{ listeningPort, listeningIps: [address], relayIps: [address] },
      authMech: 'long-term',
      credentials: { [user.username]: user.credential },
    });
    server.start();
    return new TurnServer(server, JSON.stringify([{ urls: `turn:${address}:${listeningPort}`, ...user }]));
  }

  close(): void {
    this.server.stop();
  }
}

/** Chromium gathers no candidates of the loopback interface. */
function outwardAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}
