import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { RootPrefix, Site } from '../../../src/core/brands.js';
import {
  ADMISSION_AUDIENCE,
  ADMISSION_TYPE,
  parseAdmissionRequest,
  parseRootsRequest,
} from '../../../src/protocol/hasher.js';
import { thumbprint } from '../../../src/verify/statements.js';

export interface TinyHasher {
  readonly url: string;
  readonly live: Set<RootPrefix>;
  /** `POST /v1/roots` requests that came in with the right token. */
  readonly questions: { site: Site; roots: readonly RootPrefix[] }[];
  close(): Promise<void>;
}

const KID = 'tiny-1';

/** As much of a hash service as a tracker and its visitors need: keys, admissions, live roots. */
export async function startTinyHasher(token: string): Promise<TinyHasher> {
  const { privateKey, publicKey } = await generateKeyPair('Ed25519', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: KID }] };
  const live = new Set<RootPrefix>();
  const questions: TinyHasher['questions'] = [];

  async function admission(body: string): Promise<unknown> {
    const request = parseAdmissionRequest(body);
    if (!request) return undefined;
    const claims = { site: request.site, jkt: await thumbprint(request.key) };
    const signed = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'Ed25519', typ: ADMISSION_TYPE, kid: KID })
      .setIssuer('http://tiny')
      .setAudience(ADMISSION_AUDIENCE)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey);
    return { admission: signed, receipt: 'never.checked.here' };
  }

  function roots(request: IncomingMessage, body: string): unknown {
    const asked = parseRootsRequest(body);
    if (!asked || request.headers.authorization !== `Bearer ${token}`) return undefined;
    if (asked.roots.length > 0) questions.push(asked);
    const until = Math.floor(Date.now() / 1000) + 3600;
    return { live: asked.roots.filter((root) => live.has(root)).map((root) => ({ root, until })) };
  }

  async function answer(request: IncomingMessage): Promise<unknown> {
    if (request.url === '/v1/jwks.json') return jwks;
    const body = await textOf(request);
    if (request.url === '/v1/admissions') return admission(body);
    return request.url === '/v1/roots' ? roots(request, body) : undefined;
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void answer(request).then((value) => {
      const isStranger = request.url === '/v1/roots' && request.headers.authorization !== `Bearer ${token}`;
      response.writeHead(isStranger ? 401 : value === undefined ? 400 : 200, {
        'content-type': 'application/json',
      });
      response.end(JSON.stringify(value ?? { error: { code: 'bad-request', message: 'no' } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    live,
    questions,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}
