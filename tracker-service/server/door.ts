import type { Clock } from '../../src/core/clock.js';
import type { TrackerConfig } from '../config.js';

/** The limit that keeps a socket out. */
export type Bar = 'address-rate' | 'address-sockets' | 'sockets';

type DoorLimits = Pick<TrackerConfig, 'maxSockets' | 'socketsPerAddress' | 'newSocketsPerSecond'>;

/** One address, as the door remembers it. */
export class Guest {
  sockets = 0;
  /** When (ticks) the sockets it has opened so far are all due, at the rate that it may open them. */
  due = 0;

  constructor(private readonly door: Door) {}

  /** One of its sockets is gone. */
  leave(): void {
    if (this.sockets === 0) return;
    this.sockets--;
    this.door.sockets--;
  }
}

/** Seconds' worth of new sockets that may come at once: a school class opens a page. */
const BURST = 3;
/** Addresses remembered beyond those with a socket before the idle ones are forgotten. */
const SWEEP_SIZE = 10_000;

/** How many sockets come in: in all, from one address at once, and from one address a second. */
export class Door {
  readonly #guests = new Map<string, Guest>();
  /** Let in and not gone yet. */
  sockets = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: DoorLimits,
  ) {}

  /** Addresses remembered now. */
  get addresses(): number {
    return this.#guests.size;
  }

  /** Lets a socket in, or names the limit that keeps it out. The guest has to `leave` once for each one let in. */
  enter(address: string): Guest | Bar {
    const guest = this.#guests.get(address) ?? this.#welcome(address);
    if (!this.#isDue(guest)) return 'address-rate';
    if (guest.sockets >= this.limits.socketsPerAddress) return 'address-sockets';
    if (this.sockets >= this.limits.maxSockets) return 'sockets';
    guest.sockets++;
    this.sockets++;
    return guest;
  }

  #welcome(address: string): Guest {
    if (this.#guests.size >= SWEEP_SIZE + this.sockets) this.#sweep();
    const guest = new Guest(this);
    this.#guests.set(address, guest);
    return guest;
  }

  /** A bucket of tokens in one number, as there are as many addresses as visitors. */
  #isDue(guest: Guest): boolean {
    const interval = 1000 / this.limits.newSocketsPerSecond;
    const now = this.clock.ticks();
    const due = Math.max(guest.due, now) + interval;
    if (due - now > BURST * 1000) return false;
    guest.due = due;
    return true;
  }

  /** Forgets who owes nothing; if everybody does, everybody without a socket. */
  #sweep(): void {
    const now = this.clock.ticks();
    const idle = [...this.#guests].filter(([, guest]) => guest.sockets === 0);
    const settled = idle.filter(([, guest]) => guest.due <= now);
    for (const [address] of settled.length > 0 ? settled : idle) this.#guests.delete(address);
  }
}
