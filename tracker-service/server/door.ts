import type { Clock } from '../../src/core/clock.js';
import { TokenBucket } from '../../src/core/token-bucket.js';
import type { TrackerConfig } from '../config.js';

/** What a socket needs to be let in, and the HTTP status of those that are not. */
export type DoorVerdict = 'in' | 429 | 503;

interface Guest {
  sockets: number;
  readonly fresh: TokenBucket;
}

/** Seconds of new sockets that may come at once: a school class opens a page. */
const BURST = 3;
/** Addresses remembered beyond those with a socket before the idle ones are forgotten. */
const SWEEP_SIZE = 10_000;

/** How many sockets come in: in all, from one address at once, and from one address a second. */
export class Door {
  readonly #guests = new Map<string, Guest>();
  #sockets = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: Pick<TrackerConfig, 'maxSockets' | 'socketsPerAddress' | 'newSocketsPerSecond'>,
  ) {}

  get sockets(): number {
    return this.#sockets;
  }

  /** Addresses remembered now. */
  get addresses(): number {
    return this.#guests.size;
  }

  /** Lets a socket in, or tells why not. Each one let in has to `leave`, once. */
  enter(address: string): DoorVerdict {
    const guest = this.#guests.get(address) ?? this.#welcome(address);
    if (!guest.fresh.take(1)) return 429;
    if (guest.sockets >= this.limits.socketsPerAddress) return 429;
    if (this.#sockets >= this.limits.maxSockets) return 503;
    guest.sockets++;
    this.#sockets++;
    return 'in';
  }

  leave(address: string): void {
    const guest = this.#guests.get(address);
    if (!guest || guest.sockets === 0) return;
    guest.sockets--;
    this.#sockets--;
  }

  #welcome(address: string): Guest {
    if (this.#guests.size >= SWEEP_SIZE + this.#sockets) this.#sweep();
    const perSecond = this.limits.newSocketsPerSecond;
    const guest = {
      sockets: 0,
      fresh: new TokenBucket({ clock: this.clock, rate: perSecond, largest: perSecond * BURST }),
    };
    this.#guests.set(address, guest);
    return guest;
  }

  /** Forgets who owes nothing; if everybody does, everybody without a socket. */
  #sweep(): void {
    const idle = [...this.#guests].filter(([, guest]) => guest.sockets === 0);
    const settled = idle.filter(([, guest]) => guest.fresh.waitFor(guest.fresh.burst) === 0);
    for (const [address] of settled.length > 0 ? settled : idle) this.#guests.delete(address);
  }
}
