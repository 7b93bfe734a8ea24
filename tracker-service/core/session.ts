import type { Site } from '../../src/core/brands.js';
import type { RandomBytes } from '../../src/core/bytes.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import { TokenBucket } from '../../src/core/token-bucket.js';
import {
  parseClientMessage,
  type ClientMessage,
  type Hello,
  type Proof,
  type Renew,
  type TrackerMessage,
} from '../../src/protocol/tracker.js';
import type { AdmissionDesk } from '../admission/admission.js';
import type { Limits } from '../config.js';
import type { Dice } from './dice.js';
import { Handshake, outOfTurn } from './handshake.js';
import type { Connection, Line } from './line.js';
import type { Pressure } from './pressure.js';
import { END_CODES, type EndReason, type Refusal } from './refusal.js';
import type { SiteTracker } from './site-tracker.js';
import type { Tally } from './tally.js';
import type { Visitor } from './visitor.js';

export interface SessionOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly desk: AdmissionDesk;
  readonly pressure: Pressure;
  readonly dice: Dice;
  readonly tally: Tally;
  /** The site's tracker, made when its first visitor has proved to belong there. */
  readonly siteFor: (site: Site) => SiteTracker;
  readonly ended: (session: Session) => void;
}

/** Time for hello, and again for the proof (ms): a few round trips on the worst of networks. */
const HANDSHAKE_TIMEOUT = 5_000;
/** Seconds of messages that may come at once: a page that opens says everything in one moment. */
const MESSAGE_BURST = 3;
/** A message costs 1 and another 1 for every so many characters: 2,000 announced roots cost 18. */
const CHARACTERS_PER_POINT = 4096;
/** A want costs another 1 for every so many roots: looking them up costs more than reading them. */
const WANTED_PER_POINT = 30;
/** A renewal costs as much besides: a signature is checked. */
const RENEWAL_POINTS = 10;
/** Malformed or misplaced messages: a bug gets a few answers to learn from, a fuzzer is sent away. */
const OFFENCES = { rate: 1 / 60, largest: 5 };
/** Messages over the rate: answered that often, then the session ends. */
const OVERRUNS = { rate: 1, largest: 100 };
/** From this level of pressure on no want is answered; asking again makes sense after twice this (ms) at most. */
const NO_WANTS = 3;
const OVERLOAD_PAUSE = 5_000;
/** Unread bytes beyond which nothing is sent that was not asked for. */
const CROWDED_BYTES = 64 * 1024;
/** Unread bytes beyond which the session ends: memory is ours, reading is theirs. */
const OVERFULL_BYTES = 256 * 1024;

interface Place {
  readonly site: SiteTracker;
  readonly visitor: Visitor;
}

/** One socket's conversation. Whatever it says concerns this session only. */
export class Session implements Line {
  /** Until the visitor is welcomed. */
  #handshake: Handshake | undefined;
  readonly #messages: TokenBucket;
  #offences: TokenBucket | undefined;
  #overruns: TokenBucket | undefined;
  #deadline: Timer;
  #heardAt: number;
  #place: Place | undefined;
  #over = false;

  constructor(
    readonly connection: Connection,
    private readonly options: SessionOptions,
  ) {
    const { clock, limits, desk, random } = options;
    const rate = limits.messagesPerSecond;
    this.#handshake = new Handshake({ desk, random, origin: connection.origin });
    this.#messages = new TokenBucket({ clock, rate, largest: rate * MESSAGE_BURST });
    this.#heardAt = clock.ticks();
    this.#setDeadline();
  }

  /** When (ticks) the visitor last showed a sign of life. */
  get heardAt(): number {
    return this.#heardAt;
  }

  get crowded(): boolean {
    return this.connection.bufferedAmount > CROWDED_BYTES;
  }

  /** A sign of life that is no message, such as a pong. */
  heard(): void {
    this.#heardAt = this.options.clock.ticks();
  }

  /**
   * One text message. Whatever it is, nothing is thrown and nothing rejects; a promise is returned only
   * where something has to be waited for.
   */
  receive(text: string): Promise<void> | undefined {
    if (this.#over) return undefined;
    this.heard();
    const wait = this.#pay(1 + text.length / CHARACTERS_PER_POINT);
    if (wait > 0) {
      this.#overrun('message', wait);
      return undefined;
    }
    const message = parseClientMessage(text);
    if (!message) {
      this.#refuse('message', { code: 'bad-message', message: 'malformed or over a bound' });
      return undefined;
    }
    this.options.tally.message(message.t);
    try {
      const outcome = this.#handle(message);
      if (outcome instanceof Promise) return this.#settled(message.t, outcome);
      if (outcome) this.#refuse(message.t, outcome);
    } catch (error) {
      this.#failed(message.t, error);
    }
    return undefined;
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#setDeadline(null);
    const place = this.#place;
    this.#place = undefined;
    if (place) place.site.drop(place.visitor, this);
    this.options.ended(this);
  }

  send(message: TrackerMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    if (this.#over) return;
    if (this.connection.bufferedAmount > OVERFULL_BYTES) this.end('slow-reader');
    else this.connection.send(text);
  }

  end(reason: EndReason): void {
    if (this.#over) return;
    this.options.tally.ended(reason);
    this.closed();
    this.connection.close(END_CODES[reason], reason);
  }

  async #settled(re: string, outcome: Promise<Refusal | undefined>): Promise<void> {
    try {
      const refusal = await outcome;
      if (refusal) this.#refuse(re, refusal);
    } catch (error) {
      this.#failed(re, error);
    }
  }

  #failed(re: string, error: unknown): void {
    this.options.tally.trouble(error);
    this.#refuse(re, { code: 'full', message: 'failed here, not your fault', retry: 5_000 });
  }

  #handle(message: ClientMessage): Promise<Refusal | undefined> | Refusal | undefined {
    if (message.t === 'hello') return this.#hello(message);
    if (message.t === 'proof') return this.#proof(message);
    if (!this.#place) return { code: 'hello-first', message: 'say hello and prove your key first' };
    if (message.t === 'renew') return this.#renew(message, this.#place);
    return this.#converse(message, this.#place.site, this.#place.visitor);
  }

  async #hello(message: Hello): Promise<Refusal | undefined> {
    // The time that we need, with ten thousand others at the door, is not the visitor's.
    this.#setDeadline(null);
    const answer = await (this.#handshake?.hello(message) ?? outOfTurn('hello was said before'));
    if (this.#over) return undefined;
    this.#setDeadline();
    if ('code' in answer) return answer;
    this.send({ t: 'challenge', box: answer.box });
    return undefined;
  }

  #proof(message: Proof): Refusal | undefined {
    const answer = this.#handshake?.proof(message) ?? outOfTurn('no challenge is open');
    if ('code' in answer) return answer;
    this.#handshake = undefined;
    this.#setDeadline(null);
    const site = this.options.siteFor(answer.site);
    const visitor = site.enter(answer, this);
    this.#place = { site, visitor };
    this.options.tally.welcome(visitor.resumed);
    const lease = this.options.limits.leaseSeconds;
    this.send({ t: 'welcome', pid: visitor.pid, resume: visitor.resume, lease });
    return undefined;
  }

  /** A renewal that fails changes nothing: the visitor stays as long as it was admitted for. */
  async #renew({ seq, admission }: Renew, { site, visitor }: Place): Promise<Refusal | undefined> {
    const retry = this.#pay(RENEWAL_POINTS);
    if (retry > 0) return { code: 'rate', message: 'too many renewals', retry };
    const applicant = { site: visitor.site, key: visitor.identity.key, admission };
    const verdict = await this.options.desk.admit(applicant, this.connection.origin);
    if ('code' in verdict) return { ...verdict, end: undefined };
    site.visitors.renew(visitor, admission, verdict.until);
    this.send({ t: 'ok', seq });
    return undefined;
  }

  #converse(
    message: Exclude<ClientMessage, Hello | Proof | Renew>,
    site: SiteTracker,
    visitor: Visitor,
  ): Promise<Refusal | undefined> | Refusal | undefined {
    switch (message.t) {
      case 'have': {
        const refusal = site.have(visitor, message);
        if (!refusal) this.send({ t: 'ok', seq: message.seq });
        return refusal;
      }
      case 'want': {
        const retry = this.#pay(message.roots.length / WANTED_PER_POINT);
        if (retry > 0) return { code: 'rate', message: 'too many roots wanted at once', retry };
        if (this.options.pressure.level >= NO_WANTS) return this.#overloaded();
        return site.want(visitor, message)?.then(() => undefined);
      }
      case 'cancel':
        site.cancel(visitor, message.q);
        return undefined;
      case 'signal':
        for (const signal of message.list) {
          const refusal = site.signal(visitor, signal);
          if (refusal) this.#refuse(message.t, refusal);
        }
        return undefined;
      case 'load':
        site.load(visitor, message);
        return undefined;
      case 'report':
        return site.report(visitor, message);
      case 'bye':
        site.visitors.forget(visitor);
        this.end('bye');
        return undefined;
    }
  }

  #refuse(re: string, refusal: Refusal): void {
    const { end, code, message, retry } = refusal;
    this.options.tally.refusal(code);
    this.#place?.site.refused();
    this.send({ t: 'error', re, code, message, ...(retry === undefined ? {} : { retry }) });
    if (end) this.end(end);
    else if (code === 'bad-message' || code === 'hello-first') this.#offend();
  }

  /** Spread, so that those who are refused together do not come back together. */
  #overloaded(): Refusal {
    const retry = Math.ceil(OVERLOAD_PAUSE * (1 + this.options.dice()));
    return { code: 'rate', message: 'the tracker is overloaded', retry };
  }

  #offend(): void {
    this.#offences ??= new TokenBucket({ clock: this.options.clock, ...OFFENCES });
    if (!this.#offences.take(1)) this.end('malformed');
  }

  /** Pays, or returns the milliseconds until it could; what costs more than can be saved up takes all. */
  #pay(cost: number): number {
    const capped = Math.min(cost, this.#messages.burst);
    return this.#messages.take(capped) ? 0 : this.#messages.waitFor(capped);
  }

  #overrun(re: string, retry: number): void {
    this.#overruns ??= new TokenBucket({ clock: this.options.clock, ...OVERRUNS });
    if (!this.#overruns.take(1)) this.end('rate');
    else this.#refuse(re, { code: 'rate', message: 'too many messages', retry });
  }

  /** Starts the handshake's timer anew, or with `null` stops it. */
  #setDeadline(ms: number | null = HANDSHAKE_TIMEOUT): void {
    const { clock } = this.options;
    if (this.#deadline !== undefined) clock.clearTimeout(this.#deadline);
    this.#deadline = ms === null ? undefined : clock.setTimeout(() => this.end('no-hello'), ms);
  }
}
