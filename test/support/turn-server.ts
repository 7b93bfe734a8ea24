import { createHmac } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import Turn from 'node-turn';
import type { HasherOptions } from '../../hasher-service/index.js';
import { freePorts } from '../../bench/support/ports.js';

/** A TURN server (RFC 8656, over UDP) of this machine, for all whose password was made with its secret. */
export class TurnServer {
  private constructor(
    private readonly server: Turn,
    /** What a hash service is told about it. */
    readonly options: Required<Pick<HasherOptions, 'turnUrls' | 'turnSecret'>>,
  ) {}

  static async open(): Promise<TurnServer> {
    const [listeningPort = 0] = await freePorts(1);
    const address = outwardAddress();
    const turnSecret = 'shared with the hash service';
    const passwordOf = (username: string): string =>
      createHmac('sha1', turnSecret).update(username).digest('base64');
    const server = new Turn({
      ...{ listeningPort, listeningIps: [address], relayIps: [address] },
      authMech: 'long-term',
      // The package looks names up; it has no other way to ask for a password.
      credentials: new Proxy({}, { get: (_, username) => passwordOf(String(username)) }),
    });
    server.start();
    return new TurnServer(server, { turnUrls: [`turn:${address}:${listeningPort}`], turnSecret });
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
