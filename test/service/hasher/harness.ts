import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  createHasher,
  type Environment,
  type Hasher,
  type HasherOptions,
} from '../../../hasher-service/index.js';
import type { Site } from '../../../src/core/brands.js';
import { prefixOf } from '../../../src/core/brands.js';
import {
  isSite,
  parseAdmissionResponse,
  parseDigestsResponse,
  parseRootsResponse,
  type AdmissionResponse,
  type DigestAnswer,
  type DigestClaims,
  type RefusalClaims,
} from '../../../src/protocol/hasher.js';
import { createIdentity } from '../../../src/protocol/seal.js';
import { RemoteKeys } from '../../../src/verify/keys.js';
import { verifyDigest, verifyRefusal } from '../../../src/verify/statements.js';
import { BUILT_HASHING } from '../../support/built-hashing.js';
import { Edge } from '../../support/edge.js';
import { FakeClock } from '../../support/fake-clock.js';
import { TestOrigin } from '../../support/test-origin.js';

const edge = await Edge.start();
/** The public address of the site in the tests of one file; leads to the origin of the last `Bench`. */
export const SITE = asSite(`http://www.example.com:${edge.port}`);
const LOOPBACK = [{ address: '127.0.0.1', family: 4 }];
export const ROOTS_TOKEN = 'a token only for tests';
export const OPERATOR_TOKEN = 'an operator only in tests';

export function asSite(text: string): Site {
  if (!isSite(text)) throw new Error(`${text} is no site`);
  return text;
}

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hasher-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function startOrigin(): Promise<TestOrigin> {
  const origin = await TestOrigin.start();
  onTestFinished(() => origin.close());
  return origin;
}

export interface Answer {
  readonly digest?: DigestClaims;
  readonly refusal?: RefusalClaims;
  readonly pending?: number;
  readonly jws?: string;
}

/** A hash service on a real socket, its origin and its clock; everything ends with the test. */
export class Bench {
  readonly #keys: RemoteKeys;

  private constructor(
    readonly hasher: Hasher,
    readonly url: string,
    readonly data: string,
    readonly clock: FakeClock,
    readonly origin: TestOrigin,
  ) {
    this.#keys = new RemoteKeys({ hasher: url, fetch: globalThis.fetch, clock });
  }

  /** The site's files are at `SITE`, which leads to a test origin, or to another server `behind` it. */
  static async start(
    setup: {
      origin?: TestOrigin;
      behind?: string;
      data?: string;
      clock?: FakeClock;
      options?: Partial<HasherOptions>;
      environment?: Partial<Environment>;
    } = {},
  ): Promise<Bench> {
    const origin = setup.origin ?? (await startOrigin());
    edge.leadTo(setup.behind ?? origin.url);
    const data = setup.data ?? (await temporaryDirectory());
    const clock = setup.clock ?? new FakeClock();
    const hasher = await createHasher(
      {
        sites: [SITE],
        allowPrivate: true,
        data,
        port: 0,
        rootsToken: ROOTS_TOKEN,
        operatorToken: OPERATOR_TOKEN,
        logLevel: 'silent',
        ...setup.options,
      },
      { clock, resolve: () => Promise.resolve(LOOPBACK), ...BUILT_HASHING, ...setup.environment },
    );
    onTestFinished(() => hasher.close());
    const { url } = await hasher.listen();
    return new Bench(hasher, url, data, clock, origin);
  }

  get verification() {
    return { keys: this.#keys, clock: this.clock };
  }

  /** Sends a body as the site's pages do. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'text/plain;charset=UTF-8', origin: SITE, ...headers },
    });
  }

  get(path: string, headers: Record<string, string> = { origin: SITE }): Promise<Response> {
    return fetch(this.url + path, { headers });
  }

  /** A bare connection to the service. */
  async connect(): Promise<Socket> {
    const socket = connect(Number(new URL(this.url).port), '127.0.0.1');
    onTestFinished(() => {
      socket.destroy();
    });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  async askAll(urls: readonly string[], site: Site = SITE): Promise<readonly DigestAnswer[]> {
    const response = await this.post('/v1/digests', { site, urls }, { origin: site });
    const parsed = parseDigestsResponse(await response.json(), urls.length);
    if (!parsed) throw new Error(`no answer: ${response.status}`);
    return parsed.answers;
  }

  /** Asks about one path of the site until the answer is final, and checks its signature as a visitor would. */
  async ask(path: string, site: Site = SITE): Promise<Answer> {
    for (;;) {
      const answer = await this.askOnce(path, site);
      if (answer.pending === undefined) return answer;
    }
  }

  async askOnce(path: string, site: Site = SITE): Promise<Answer> {
    const [answer] = await this.askAll([new URL(path, SITE).href], site);
    if (typeof answer === 'object') return answer;
    const jws = answer ?? '';
    const digest = await verifyDigest(jws, site, this.verification);
    if (digest.verdict === 'verified') return { digest: digest.claims, jws };
    const refusal = await verifyRefusal(jws, site, this.verification);
    if (refusal.verdict === 'verified') return { refusal: refusal.claims, jws };
    throw new Error(`the answer is ${digest.verdict}`);
  }

  async codeOf(path: string): Promise<string> {
    const answer = await this.ask(path);
    return answer.refusal?.code ?? 'signed';
  }

  /** The root that is signed, or why none is. */
  async codeOrRoot(path: string): Promise<string> {
    const { digest, refusal } = await this.ask(path);
    return digest?.root ?? refusal?.code ?? '';
  }

  /** The roots among `claims` that the tracker would be told are live, with their ends. */
  async live(...claims: DigestClaims[]): Promise<Map<string, number>> {
    const roots = claims.map(({ root }) => prefixOf(root));
    const headers = { authorization: `Bearer ${ROOTS_TOKEN}` };
    const response = await fetch(`${this.url}/v1/roots`, {
      method: 'POST',
      body: JSON.stringify({ site: SITE, roots }),
      headers: { ...headers, 'content-type': 'text/plain' },
    });
    const parsed = parseRootsResponse(await response.json());
    return new Map(parsed?.live.map(({ root, until }) => [root, until]));
  }

  /** An admission for a new visitor. */
  async admission(site: Site = SITE): Promise<AdmissionResponse & { key: string }> {
    const { publicKey: key } = await createIdentity();
    const response = await this.post('/v1/admissions', { site, key }, { origin: site });
    const parsed = parseAdmissionResponse(await response.json());
    if (!parsed) throw new Error(`not admitted: ${response.status}`);
    return { key, ...parsed };
  }
}
