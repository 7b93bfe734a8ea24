import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { parseRootsRequest } from '../../src/protocol/hasher.js';

const KEY_ID = 'bench-1';
const ALGORITHM = 'Ed25519';
/** How long roots are vouched for (s): as long as a run takes. */
const HOUR = 3600;

/** As much of a hash service as a tracker needs: its key, and a word that every root is live. */
export class TrackerHasher {
  private constructor(
    private readonly server: Server,
    /** The private key, for those who play visitors: they make their admissions out themselves. */
    readonly signer: JWK,
  ) {}

  static async open(): Promise<TrackerHasher> {
    const pair = await generateKeyPair(ALGORITHM, { extractable: true });
    const named = { kid: KEY_ID, alg: ALGORITHM };
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), ...named }] });
    const server = createServer((request, response) => {
      void answerTo(request, keys).then((answer) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TrackerHasher(server, { ...(await exportJWK(pair.privateKey)), ...named });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function answerTo(request: IncomingMessage, keys: string): Promise<string> {
  if (request.method === 'GET') return keys;
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const until = Math.floor(Date.now() / 1000) + HOUR;
  const live = parseRootsRequest(text)?.roots.map((root) => ({ root, until })) ?? [];
  return JSON.stringify({ live });
}
