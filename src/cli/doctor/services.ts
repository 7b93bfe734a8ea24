import { WebSocket } from 'ws';
import type { Site } from '../../core/brands.js';
import type { Clock } from '../../core/clock.js';
import { within } from '../../core/within.js';
import { toBase64Url } from '../../protocol/base64.js';
import { isSite, parseAdmissionResponse, type PolicyClaims } from '../../protocol/hasher.js';
import { createIdentity, open, type Identity } from '../../protocol/seal.js';
import { CHALLENGE_INFO, TRACKER_SUBPROTOCOL, type Hello } from '../../protocol/tracker.js';
import { claimsOf, parseJws } from '../../verify/jws.js';
import { readKeySet, RemoteKeys } from '../../verify/keys.js';
import { verifyAdmission, verifyPolicy, type Verification } from '../../verify/statements.js';
import { TrackerSession, type SocketHandlers, type TrackerSocket } from '../../page/tracker-session.js';
import type { Admitted, HasherSeen, Services, TrackerSeen } from './examination.js';
import { problemOf, type Probe } from './probe.js';

export interface Asking {
  readonly services: Services;
  readonly site: Site;
  readonly probe: Probe;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** How long the tracker may take (ms). */
  readonly timeout: number;
}

export interface ServicesSeen {
  readonly hasher: HasherSeen;
  /** Absent when it could not be asked, for lack of an admission. */
  readonly tracker?: TrackerSeen;
}

/** Asks hash service and tracker what a page of the site asks them. */
export async function seeServices(asking: Asking): Promise<ServicesSeen> {
  const { services, site, probe, fetch, clock } = asking;
  const at = (path: string): { url: string; site: string } => ({ url: services.hasher + path, site });
  const using = { keys: new RemoteKeys({ hasher: services.hasher, fetch, clock }), clock };
  const read = async (text: string): Promise<number> => (await readKeySet(JSON.parse(text))).size;
  const keys = await probe.ask({ ...at('/v1/jwks.json'), read });
  // Who waits in vain once need not wait twice more.
  if (keys.is === 'silent') return { hasher: { keys, policy: keys, admission: keys } };
  const policy = await probe.ask({ ...at('/v1/policy'), read: (text) => policyIn(text, site, using) });
  const identity = await createIdentity();
  if (services.static) return { hasher: { keys, policy }, tracker: await seeTracker(asking, identity) };
  const admission = await probe.ask({
    ...at('/v1/admissions'),
    body: { site, key: identity.publicKey },
    read: (text) => admissionIn(text, identity, using),
  });
  const hasher = { keys, policy, admission };
  if (admission.is !== 'given') return { hasher };
  return { hasher, tracker: await seeTracker(asking, identity, admission.value.admission) };
}

/** A policy of another site is one as well; the checks tell. */
async function policyIn(text: string, site: Site, using: Verification): Promise<PolicyClaims> {
  const jws = text.trim();
  const parsed = parseJws(jws);
  const named = parsed && claimsOf(parsed)?.['aud'];
  const checked = await verifyPolicy(jws, isSite(named) ? named : site, using);
  if (checked.verdict !== 'verified') throw new Error(`what is there is ${checked.verdict}`);
  return checked.claims;
}

async function admissionIn(text: string, { publicKey }: Identity, using: Verification): Promise<Admitted> {
  const { admission, relays } = parseAdmissionResponse(JSON.parse(text)) ?? {};
  if (admission === undefined) throw new Error('the answer is malformed');
  const { verdict } = await verifyAdmission(admission, publicKey, using);
  if (verdict !== 'verified') throw new Error(`the admission is ${verdict}`);
  return { admission, relays: relays?.urls ?? [] };
}

async function seeTracker(asking: Asking, identity: Identity, admission?: string): Promise<TrackerSeen> {
  const { clock, timeout } = asking;
  let session: TrackerSession | undefined;
  const welcomed = new Promise<TrackerSeen>((resolve) => {
    session = greet(asking, identity, admission, resolve);
  });
  const late = (): TrackerSeen => ({ ok: false, problem: `no welcome within ${timeout / 1000} s` });
  try {
    return await within(clock, timeout, welcomed, late);
  } finally {
    session?.close();
  }
}

function greet(
  { services, site, clock, timeout }: Asking,
  identity: Identity,
  admission: string | undefined,
  done: (seen: TrackerSeen) => void,
): TrackerSession {
  const hello: Hello = {
    ...{ t: 'hello', v: 1, site, key: identity.publicKey },
    ...(admission === undefined ? {} : { admission }),
  };
  const fail = (problem: string): void => {
    done({ ok: false, problem });
  };
  return new TrackerSession({
    clock,
    hello,
    connect: (handlers) => connect({ address: services.tracker, site, timeout, handlers, fail }),
    prove: async (box) => {
      const nonce = await open(identity, CHALLENGE_INFO, box);
      return nonce && toBase64Url(nonce);
    },
    on: {
      welcome: () => {
        done({ ok: true });
      },
      message: () => undefined,
      end: fail,
    },
  });
}

interface Connecting {
  readonly address: string;
  readonly site: Site;
  readonly timeout: number;
  readonly handlers: SocketHandlers;
  readonly fail: (problem: string) => void;
}

function connect({ address, site, timeout, handlers, fail }: Connecting): TrackerSocket {
  const socket = new WebSocket(address, TRACKER_SUBPROTOCOL, { origin: site, handshakeTimeout: timeout });
  socket.on('open', () => {
    handlers.opened();
  });
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    handlers.message(isBinary ? data : data.toString('utf8'));
  });
  socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
    fail(`it answers HTTP ${statusCode} to a WebSocket`);
    socket.terminate();
  });
  // Says more than the end of the connection, which follows.
  socket.on('error', (error) => {
    fail(problemOf(error));
  });
  socket.on('close', () => {
    handlers.closed();
  });
  return {
    send: (text) => {
      socket.send(text);
    },
    close: () => {
      socket.terminate();
    },
  };
}
