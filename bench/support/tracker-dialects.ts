import { SignJWT, importJWK, type CryptoKey, type JWK } from 'jose';
import { prefixOfNumber } from './tracker-roots.js';
import { ADMISSION_AUDIENCE, ADMISSION_TYPE } from '../../src/protocol/hasher.js';
import { CHALLENGE_INFO, TRACKER_SUBPROTOCOL, type TrackerMessage } from '../../src/protocol/tracker.js';
import { thumbprint } from '../../src/verify/statements.js';
import { ANSWER_LENGTH, ASKING, QUESTION_LENGTH, RELAYED_LENGTH, TARGET_LENGTH } from './tracker-bare.js';
import { VisitorKey } from './tracker-key.js';
import { PEERS_WANTED, SIGNAL_LENGTH, type Dialect, type Member } from './tracker-member.js';

/** Digits of a time in what is said. */
const TIME_DIGITS = 12;
/** Tenths of a millisecond, so that a question's number is its time. */
const TIME_UNIT = 10;
/** As pages do. */
const LIVE_SECONDS = 60;

export const SITE = 'https://www.example.com';

/** `o` or `a` for offer or answer, the time, and nothing more. */
function signal(kind: 'o' | 'a', time: string): string {
  return `${kind}${time}`.padEnd(SIGNAL_LENGTH, 'x');
}

function timeText(intended: number): string {
  return String(Math.round(intended * TIME_UNIT)).padStart(TIME_DIGITS, '0');
}

function timeOf(text: string, at: number): number {
  return Number(text.slice(at, at + TIME_DIGITS)) / TIME_UNIT;
}

/** What a visitor of ours has before it comes. */
interface Papers {
  readonly key: VisitorKey;
  readonly admission: string;
}

/** Visitors of our tracker, with admissions made out to keys of their own. */
export class PeerfoldDialect implements Dialect {
  readonly protocols = [TRACKER_SUBPROTOCOL];
  readonly #papers = new Map<Member, Papers>();
  readonly #resume = new Map<Member, string>();
  /** Questions without an answer, by visitor and number. */
  readonly #open = new Set<string>();
  #key: CryptoKey | undefined;
  /** The answer to a want is all there is: no signals follow. */
  onlyWants = false;

  constructor(
    private readonly signer: JWK,
    /** Visitors of one swarm hold the same root. */
    private readonly swarms: number,
  ) {}

  path(): string {
    return '/';
  }

  /** Makes keys and admissions ahead, so that they are not in the time that joining takes. */
  async prepare(member: Member): Promise<void> {
    this.#key ??= (await importJWK(this.signer)) as CryptoKey;
    const key = this.#papers.get(member)?.key ?? new VisitorKey();
    const claims = { site: SITE, jkt: await thumbprint(key.publicKey) };
    const admission = await new SignJWT(claims)
      .setProtectedHeader({ alg: this.signer.alg ?? '', typ: ADMISSION_TYPE, kid: this.signer.kid ?? '' })
      .setIssuer('https://hash.example.com')
      .setAudience(ADMISSION_AUDIENCE)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(this.#key);
    this.#papers.set(member, { key, admission });
  }

  async join(member: Member): Promise<void> {
    if (!this.#papers.has(member)) await this.prepare(member);
    const papers = this.#papers.get(member);
    if (!papers) return;
    const { key, admission } = papers;
    const resume = this.#resume.get(member);
    const hello = { t: 'hello', v: 1, site: SITE, key: key.publicKey, admission };
    const challenge = await member.exchange(resume === undefined ? hello : { ...hello, resume });
    const nonce = key.open(CHALLENGE_INFO, String(challenge['box']));
    const welcome = await member.exchange({ t: 'proof', nonce });
    if (welcome['t'] !== 'welcome') throw new Error(JSON.stringify(welcome));
    this.#resume.set(member, String(welcome['resume']));
  }

  /** Announces the root of its swarm. */
  async enter(member: Member): Promise<void> {
    await member.exchange({ t: 'have', seq: 1, add: [this.#swarmOf(member)], del: [] });
  }

  ask(member: Member, intended: number): void {
    this.want(member, intended, [this.#swarmOf(member)]);
  }

  want(member: Member, intended: number, roots: readonly string[]): void {
    const q = Math.round(intended * TIME_UNIT);
    if (this.onlyWants) this.#open.add(`${member.number}/${q}`);
    member.say({ t: 'want', q, roots, k: PEERS_WANTED, live: LIVE_SECONDS });
  }

  receive(member: Member, text: string): number | undefined {
    const message = JSON.parse(text) as TrackerMessage;
    if (message.t === 'peers') {
      if (this.onlyWants) return this.#firstAnswer(member, message.q);
      const box = signal('o', timeText(message.q / TIME_UNIT));
      const list = message.peers.map(({ pid, pass }) => ({ to: pid, pass, box }));
      if (list.length > 0) member.say({ t: 'signal', list });
    } else if (message.t === 'signal') {
      const { from, pass, box } = message;
      if (box.startsWith('a')) return timeOf(box, 1);
      const answer = { to: from, pass, box: signal('a', box.slice(1, 1 + TIME_DIGITS)) };
      member.say({ t: 'signal', list: [answer] });
    }
    return undefined;
  }

  /** Later answers tell of new holders: nobody waits for them. */
  #firstAnswer({ number }: Member, q: number): number | undefined {
    return this.#open.delete(`${number}/${q}`) ? q / TIME_UNIT : undefined;
  }

  #swarmOf(member: Member): string {
    return prefixOfNumber(member.number % this.swarms);
  }
}

/** Visitors of a WebTorrent tracker: offers come with the question, and go to whom the tracker draws. */
export class BittorrentDialect implements Dialect {
  readonly protocols = [];

  constructor(private readonly swarms: number) {}

  path(): string {
    return '/';
  }

  async join(member: Member): Promise<void> {
    const answer = await member.exchange({ ...this.#announce(member), event: 'started', offers: [] });
    if ('failure reason' in answer) throw new Error(String(answer['failure reason']));
  }

  ask(member: Member, intended: number): void {
    const time = timeText(intended);
    const offers = Array.from({ length: PEERS_WANTED }, (_, i) => ({
      offer: { type: 'offer', sdp: signal('o', time) },
      offer_id: `${i}${time}`.padEnd(20, 'x'),
    }));
    member.say({ ...this.#announce(member), offers, numwant: PEERS_WANTED });
  }

  receive(member: Member, text: string): number | undefined {
    const { offer, answer, offer_id, peer_id } = JSON.parse(text) as Record<string, unknown>;
    if (answer !== undefined) return timeOf(String(offer_id), 1);
    if (offer === undefined) return undefined;
    const sdp = signal('a', String(offer_id).slice(1, 1 + TIME_DIGITS));
    const reply = { to_peer_id: peer_id, offer_id, answer: { type: 'answer', sdp } };
    member.say({ ...this.#announce(member), ...reply });
    return undefined;
  }

  #announce({ number }: Member): object {
    return {
      action: 'announce',
      info_hash: String(number % this.swarms).padStart(20, 'h'),
      peer_id: String(number).padStart(20, 'p'),
      uploaded: 0,
      downloaded: 0,
      left: 1,
    };
  }
}

/** Visitors of the bare relay, who know each other's numbers. */
export class BareDialect implements Dialect {
  readonly protocols = [];
  /** By visitor: the times of its questions, which are answered in order. */
  readonly #asked = new Map<Member, string[]>();

  constructor(private readonly visitors: number) {}

  path({ number }: Member): string {
    return `/?n=${number}`;
  }

  join(member: Member): Promise<void> {
    this.#asked.set(member, []);
    return Promise.resolve();
  }

  ask(member: Member, intended: number): void {
    this.#asked.get(member)?.push(timeText(intended));
    member.socket?.send(String(ASKING).padEnd(QUESTION_LENGTH, 'x'));
  }

  receive(member: Member, text: string): number | undefined {
    if (text.length === ANSWER_LENGTH) {
      const time = this.#asked.get(member)?.shift() ?? '';
      const targets = Array.from({ length: PEERS_WANTED }, () => Math.floor(Math.random() * this.visitors));
      this.#send(member, targets, `o${time}`);
      return undefined;
    }
    const [said, from] = [text.slice(TARGET_LENGTH), Number(text.slice(-TARGET_LENGTH))];
    if (said.startsWith('a')) return timeOf(said, 1);
    this.#send(member, [from], `a${said.slice(1, 1 + TIME_DIGITS)}`);
    return undefined;
  }

  /** Signals of one moment in one message, as with our tracker. */
  #send(from: Member, targets: readonly number[], text: string): void {
    const sender = numberText(from.number);
    const signals = targets.map(
      (to) => `${numberText(to)}${text}`.padEnd(RELAYED_LENGTH - TARGET_LENGTH, 'x') + sender,
    );
    from.socket?.send(signals.join(''));
  }
}

function numberText(number: number): string {
  return String(number).padStart(TARGET_LENGTH, '0');
}
