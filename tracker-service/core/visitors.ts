import type { PeerId } from '../../src/core/brands.js';
import { concat, type Bytes, type RandomBytes } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import { toBase64Url } from '../../src/protocol/base64.js';
import type { Limits } from '../config.js';
import type { PeerNumbers } from '../holders/peer-numbers.js';
import type { Line } from './line.js';
import { Allowances } from './allowances.js';
import { Visitor, type Identity } from './visitor.js';

/** Who comes in: the identity but for the pid, which is the tracker's to give. */
export interface Arrival extends Omit<Identity, 'pid'> {
  readonly resume: string | undefined;
}

export interface VisitorsOptions {
  /** Leads every pid: names the node that holds the visitor's socket. */
  readonly node: Bytes;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly numbers: PeerNumbers<Visitor>;
  /** A visitor's socket, admission or weight is another now. */
  readonly changed: (visitor: Visitor) => void;
  /** A visitor is gone for good: clear what it left behind. */
  readonly gone: (visitor: Visitor) => void;
}

/** 96 bits: pids cannot be guessed, though knowing one permits nothing. */
const PID_RANDOM_LENGTH = 12;
/** 192 bits: whoever knows it (and has the key) is taken for the same peer. */
const RESUME_LENGTH = 24;

/** The visitors of one site, by pid and by key. One key is one visitor. */
export class Visitors {
  readonly #byPid = new Map<PeerId, Visitor>();
  readonly #byKey = new Map<string, Visitor>();

  constructor(private readonly options: VisitorsOptions) {}

  get size(): number {
    return this.#byPid.size;
  }

  all(): Iterable<Visitor> {
    return this.#byPid.values();
  }

  /** The visitor, when it can be spoken to now. */
  present(pid: PeerId): Visitor | undefined {
    const visitor = this.#byPid.get(pid);
    return visitor?.line ? visitor : undefined;
  }

  /** Takes in a visitor whose key is proved: as the peer it was, or as a new one. */
  enter(arrival: Arrival, line: Line): Visitor {
    const known = this.#byKey.get(arrival.key);
    known?.line?.end('replaced');
    const mayResume = known !== undefined && arrival.resume === known.resume;
    return mayResume ? this.#takeBack(known, arrival, line) : this.#takeIn(arrival, line, known);
  }

  /** The visitor was admitted anew, with the key it has. */
  renew(visitor: Visitor, admission: string, until: number): void {
    visitor.identity = { ...visitor.identity, admission, until };
    this.options.changed(visitor);
  }

  /** The socket dropped: the visitor may come back for a while. Late news of an older socket is ignored. */
  drop(visitor: Visitor, line: Line): void {
    if (visitor.line !== line) return;
    visitor.line = undefined;
    visitor.droppedAt = this.options.clock.ticks();
    this.reweigh(visitor);
  }

  /** What a visitor's weight depends on has changed. */
  reweigh(visitor: Visitor): void {
    this.options.numbers.weigh(visitor.number, visitor.weight);
    this.options.changed(visitor);
  }

  forget(visitor: Visitor): void {
    if (this.#byPid.get(visitor.pid) !== visitor) return;
    visitor.line = undefined;
    this.#byPid.delete(visitor.pid);
    if (this.#byKey.get(visitor.identity.key) === visitor) this.#byKey.delete(visitor.identity.key);
    this.options.gone(visitor);
    this.options.numbers.remove(visitor.number);
  }

  /** Ends what has run out: admissions of the connected, the time to come back of the dropped. */
  sweep(): void {
    const { clock, limits } = this.options;
    for (const visitor of this.#byPid.values()) {
      if (visitor.line && visitor.identity.until <= clock.now()) endAdmission(visitor.line);
      else if (!visitor.line && clock.ticks() - visitor.droppedAt >= limits.resumeSeconds * 1000)
        this.forget(visitor);
    }
  }

  #takeBack(known: Visitor, arrival: Arrival, line: Line): Visitor {
    known.identity = identityOf(arrival, known.pid);
    known.resume = this.#secret();
    known.line = line;
    known.resumed = true;
    this.reweigh(known);
    return known;
  }

  /** Without the secret of its last visit the same key starts anew, with the allowances it has left. */
  #takeIn(arrival: Arrival, line: Line, known: Visitor | undefined): Visitor {
    const { clock, limits, node, numbers, random } = this.options;
    if (known) this.forget(known);
    const pid = toBase64Url(concat([node, random(PID_RANDOM_LENGTH)])) as PeerId;
    const allowances = known?.allowances ?? new Allowances(limits, clock);
    const { place } = line.connection;
    const visitor = new Visitor(identityOf(arrival, pid), this.#secret(), line, place, allowances, clock);
    visitor.number = numbers.add(visitor, place);
    this.reweigh(visitor);
    this.#byPid.set(pid, visitor);
    this.#byKey.set(arrival.key, visitor);
    return visitor;
  }

  #secret(): string {
    return toBase64Url(this.options.random(RESUME_LENGTH));
  }
}

function identityOf({ site, key, admission, until }: Arrival, pid: PeerId): Identity {
  return { pid, site, key, admission, until };
}

function endAdmission(line: Line): void {
  const message = 'the admission has ended: come back with a new one and the resume secret';
  line.send({ t: 'error', re: 'hello', code: 'bad-admission', message, retry: 0 });
  line.end('not-admitted');
}
