import type { PeerId, RootPrefix, Site } from '../core/brands.js';
import type { Clock, Timer } from '../core/clock.js';
import { reasonOf } from '../core/errors.js';
import { toBase64Url } from '../protocol/base64.js';
import { open, type Identity } from '../protocol/seal.js';
import {
  CHALLENGE_INFO,
  TRACKER_SUBPROTOCOL,
  type Hello,
  type Introduction,
  type Report,
  type SignalFrom,
  type TrackerMessage,
  type Welcome,
} from '../protocol/tracker.js';
import type { Admission, Admissions } from './admissions.js';
import { BackOff } from './back-off.js';
import { retryAfter } from './hasher-client.js';
import { Haves } from './haves.js';
import { OutgoingSignals } from './outgoing-signals.js';
import { TrackerSession, type SocketHandlers, type TrackerSocket } from './tracker-session.js';
import { Wants } from './wants.js';

type TimerName = 'connect' | 'have' | 'want' | 'signal' | 'renew';

/** Opens a socket; throws for an address that is none. */
export type OpenSocket = (url: string, protocol: string, handlers: SocketHandlers) => TrackerSocket;

export interface TrackerOptions {
  readonly url: string;
  readonly site: Site;
  readonly identity: Identity;
  /** None where the tracker admits by origin. */
  readonly admissions: Admissions | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly openSocket: OpenSocket;
  readonly on: TrackerEvents;
}

export interface TrackerEvents {
  /**
   * Peers that hold some of `roots` (in the order of their bitfields). On the `first` answer to a want
   * nobody is an answer, too; later ones name new holders only.
   */
  peers(peers: readonly Introduction[], roots: readonly RootPrefix[], first: boolean): void;
  /** The tracker will not name holders of these for now. */
  absent(roots: readonly RootPrefix[]): void;
  signal(signal: SignalFrom): void;
  /** Once for each outage. */
  unreachable(reason: string): void;
}

/** Changes of a moment travel together (ms): a page's images are asked for, and verified, in bursts. */
const WANT_COALESCE = 20;
const HAVE_COALESCE = 100;
const SIGNAL_COALESCE = 5;
/** A session that lasted this long (ms) shows that the tracker works; back-off starts anew. */
const STABLE = 30_000;
/** How long (ms) the tracker keeps a dropped visitor's identity. */
const RESUME_WINDOW = 60_000;

/**
 * The visitor's line to the tracker: connects, proves itself, comes back with back-off, renews its
 * admission, and keeps the tracker told of what is held and wanted. Without a tracker every question
 * is answered with "absent", which means HTTP.
 */
export class TrackerClient {
  readonly #haves = new Haves();
  readonly #wants: Wants;
  readonly #backOff: BackOff;
  readonly #timers = new Map<TimerName, Timer>();
  readonly #signals = new OutgoingSignals();
  #session: TrackerSession | undefined;
  #welcome: (Welcome & { readonly at: number }) | undefined;
  #resume: { readonly secret: string; readonly until: number } | undefined;
  /** Names the latest attempt to connect; an earlier one that gets somewhere late is inert. */
  #attempt = 0;
  #reported = false;
  #closed = false;

  constructor(private readonly options: TrackerOptions) {
    this.#wants = new Wants(options.clock);
    this.#backOff = new BackOff(options.random);
    this.#connect();
  }

  /** Our identity at the tracker; `undefined` while there is none. */
  get pid(): PeerId | undefined {
    return this.#welcome?.pid;
  }

  have(root: RootPrefix): void {
    this.#haves.add(root);
    this.#later('have', HAVE_COALESCE, this.#sendHaves);
  }

  gone(root: RootPrefix): void {
    this.#haves.remove(root);
    this.#later('have', HAVE_COALESCE, this.#sendHaves);
  }

  /** `again`: whoever was named so far did not help. */
  want(roots: readonly RootPrefix[], again = false): void {
    if (!this.#welcome && this.#reported) {
      this.options.on.absent(roots);
      return;
    }
    const answered = this.#wants.add(roots, again);
    if (answered.length > 0) this.options.on.absent(answered);
    if (this.#wants.waiting) this.#later('want', WANT_COALESCE, this.#sendWants);
  }

  signal(to: PeerId, pass: string, box: string): void {
    if (!this.#welcome) return;
    this.#signals.add({ to, pass, box });
    this.#later('signal', SIGNAL_COALESCE, this.#sendSignals);
  }

  report(report: Omit<Report, 't'>): void {
    this.#session?.send({ t: 'report', ...report });
  }

  /** Says goodbye, for good. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session?.send({ t: 'bye' });
    this.#hangUp();
    for (const timer of this.#timers.values()) this.options.clock.clearTimeout(timer);
    this.#timers.clear();
  }

  #hangUp(): void {
    this.#attempt++;
    this.#session?.close();
    this.#session = undefined;
    if (this.#welcome) {
      const until = this.options.clock.now() + RESUME_WINDOW;
      this.#resume = { secret: this.#welcome.resume, until };
    }
    this.#welcome = undefined;
  }

  /** One timer of each name; setting one that runs already changes nothing. */
  #later(name: TimerName, ms: number, run: () => void): void {
    if (this.#closed || this.#timers.has(name)) return;
    const timer = this.options.clock.setTimeout(() => {
      this.#timers.delete(name);
      run();
    }, ms);
    this.#timers.set(name, timer);
  }

  readonly #connect = (): void => {
    const attempt = ++this.#attempt;
    void Promise.resolve(this.options.admissions?.get()).then(
      (admission) => {
        if (attempt === this.#attempt) this.#greet(admission);
      },
      (error: unknown) => {
        if (attempt === this.#attempt) this.#ended(`no admission: ${reasonOf(error)}`, retryAfter(error));
      },
    );
  };

  #greet(admission: Admission | undefined): void {
    const { url, openSocket, clock } = this.options;
    if (admission) this.#renewInTime(admission);
    try {
      this.#session = new TrackerSession({
        clock,
        connect: (handlers) => openSocket(url, TRACKER_SUBPROTOCOL, handlers),
        hello: this.#helloWith(admission),
        prove: (box) => this.#prove(box),
        on: {
          welcome: (welcome) => {
            this.#welcomed(welcome);
          },
          message: (message) => {
            this.#receive(message);
          },
          end: (reason, retry) => {
            this.#ended(reason, retry);
          },
        },
      });
    } catch (error) {
      this.#ended(reasonOf(error));
    }
  }

  #helloWith(admission: Admission | undefined): Hello {
    const { identity, site, clock } = this.options;
    const resume = this.#resume && this.#resume.until > clock.now() ? this.#resume.secret : undefined;
    return {
      t: 'hello',
      v: 1,
      site,
      key: identity.publicKey,
      ...(admission === undefined ? {} : { admission: admission.jws }),
      ...(resume === undefined ? {} : { resume }),
    };
  }

  async #prove(box: string): Promise<string | undefined> {
    const nonce = await open(this.options.identity, CHALLENGE_INFO, box);
    return nonce && toBase64Url(nonce);
  }

  #welcomed(welcome: Welcome): void {
    this.#welcome = { ...welcome, at: this.options.clock.ticks() };
    this.#reported = false;
    this.#haves.forgotten();
    this.#sendHaves();
    this.#sendWants();
  }

  #renewInTime({ renewAt }: Admission): void {
    const wait = Math.max(0, renewAt - this.options.clock.now());
    this.#later('renew', wait, () => void this.#renew());
  }

  /** A new admission goes over the socket there is; one that comes too late for it is the next one's. */
  async #renew(): Promise<void> {
    const session = this.#session;
    const admission = await this.options.admissions?.get().catch(() => undefined);
    if (session !== this.#session) return;
    if (admission && session?.send({ t: 'renew', seq: 0, admission: admission.jws }))
      this.#renewInTime(admission);
    else this.#reconnect();
  }

  /** On a new socket, as the same visitor. */
  #reconnect(): void {
    if (this.#timers.has('connect')) return;
    this.#hangUp();
    this.#dropWants();
    this.#connect();
  }

  #ended(reason: string, retry?: number): void {
    const { clock, admissions, on } = this.options;
    const lasted = this.#welcome ? clock.ticks() - this.#welcome.at : 0;
    if (lasted >= STABLE) this.#backOff.reset();
    if (reason === 'bad-admission') admissions?.discard();
    this.#hangUp();
    if (!this.#reported) on.unreachable(reason);
    this.#reported = true;
    this.#dropWants();
    this.#later('connect', this.#backOff.next(retry), this.#connect);
  }

  #dropWants(): void {
    const unanswered = this.#wants.drop();
    if (unanswered.length > 0) this.options.on.absent(unanswered);
  }

  readonly #sendHaves = (): void => {
    if (!this.#welcome) return;
    for (const message of this.#haves.take()) this.#session?.send(message);
  };

  readonly #sendSignals = (): void => {
    for (const message of this.#signals.take()) this.#session?.send(message);
  };

  readonly #sendWants = (): void => {
    if (!this.#welcome) return;
    for (const message of this.#wants.take()) this.#session?.send(message);
  };

  #receive(message: TrackerMessage): void {
    const { on } = this.options;
    if (message.t === 'peers') {
      const want = this.#wants.answered(message.q);
      if (want) on.peers(message.peers, want.roots, want.first);
    } else if (message.t === 'signal') on.signal(message);
    else if (message.t === 'error') this.#refused(message.re, message.retry ?? 0);
    else if (message.t === 'bye') this.#leave(message.retry);
  }

  #refused(re: string, retry: number): void {
    // `message`: one of ours was refused unread, and it may have been either.
    if (re === 'want' || re === 'message') this.#dropWants();
    if (re === 'renew') this.#reconnect();
    if (re === 'have' || re === 'message') {
      this.#haves.forgotten();
      this.#later('have', Math.max(retry, HAVE_COALESCE), this.#sendHaves);
    }
  }

  /** The node is going away and says when to come back, spread so that not all come at once. */
  #leave([min, max]: readonly [number, number]): void {
    this.#hangUp();
    this.#dropWants();
    const delay = min + this.options.random() * Math.max(0, max - min);
    this.#later('connect', delay, this.#connect);
  }
}
