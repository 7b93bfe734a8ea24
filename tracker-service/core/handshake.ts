import { timingSafeEqual } from 'node:crypto';
import type { Bytes, RandomBytes } from '../../src/core/bytes.js';
import { fromBase64Url } from '../../src/protocol/base64.js';
import { seal } from '../../src/protocol/seal.js';
import { CHALLENGE_INFO, type Hello, type Proof } from '../../src/protocol/tracker.js';
import type { AdmissionDesk } from '../admission/admission.js';
import type { Refusal } from './refusal.js';
import type { Arrival } from './visitors.js';

export interface HandshakeOptions {
  readonly desk: AdmissionDesk;
  readonly random: RandomBytes;
  readonly origin: string | undefined;
}

/** A challenge to send, or why there is none. */
type Challenged = { readonly box: string } | Refusal;
/** Who proved to be whom, or why not. */
type Proved = Arrival | Refusal;

type State =
  | { readonly stage: 'silent' | 'checking' | 'over' }
  | { readonly stage: 'challenged'; readonly hello: Hello; readonly until: number; readonly nonce: Bytes };

const NONCE_LENGTH = 32;

/** hello, challenge, proof: each once, in this order, or the session is over. */
export class Handshake {
  #state: State = { stage: 'silent' };

  constructor(private readonly options: HandshakeOptions) {}

  /** Checks the admission and seals a nonce to the key it was made out to. */
  async hello(message: Hello): Promise<Challenged> {
    if (this.#state.stage !== 'silent') return outOfTurn('hello was said before');
    this.#state = { stage: 'checking' };
    const verdict = await this.options.desk.admit(message, this.options.origin);
    if ('code' in verdict) return verdict;
    const nonce = this.options.random(NONCE_LENGTH);
    const box = await sealed(message.key, nonce);
    if (box === undefined) return outOfTurn('key is not a point of P-256');
    this.#state = { stage: 'challenged', hello: message, until: verdict.until, nonce };
    return { box };
  }

  /** One try: a wrong nonce ends the session. */
  proof(message: Proof): Proved {
    const state = this.#state;
    if (state.stage !== 'challenged') return outOfTurn('no challenge is open');
    this.#state = { stage: 'over' };
    const nonce = fromBase64Url(message.nonce);
    if (nonce?.byteLength !== NONCE_LENGTH || !timingSafeEqual(nonce, state.nonce)) {
      return { code: 'bad-proof', message: 'not the nonce of the challenge', end: 'not-admitted' };
    }
    const { site, key, admission, resume } = state.hello;
    return { site, key, admission, resume, until: state.until };
  }
}

/** Sealing fails only for a key that is no point on the curve, and keys come from strangers. */
async function sealed(key: string, nonce: Bytes): Promise<string | undefined> {
  try {
    return await seal(key, CHALLENGE_INFO, nonce);
  } catch {
    return undefined;
  }
}

export function outOfTurn(message: string): Refusal {
  return { code: 'bad-message', message, end: 'malformed' };
}
