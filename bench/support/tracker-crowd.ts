import { performance } from 'node:perf_hooks';
import type { JWK } from 'jose';
import { BareDialect, BittorrentDialect, PeerfoldDialect, SITE } from './tracker-dialects.js';
import { Member, type Dialect } from './tracker-member.js';
import { Layout, type LayoutOptions } from './tracker-roots.js';
import type { ServerKind } from './tracker-servers.js';

export interface CrowdOptions {
  readonly kind: ServerKind;
  readonly url: string;
  readonly signer: JWK;
  /** Number of the first visitor: crowds of one server must differ in it. */
  readonly first: number;
  readonly size: number;
  /** Those of one swarm hold the same; there are that many. */
  readonly swarms: number;
}

export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Arrival {
  readonly arrived: number;
  /** Why others did not, each reason once. */
  readonly reasons: readonly string[];
}

export interface Conversation {
  readonly asked: number;
  /** Answers to offers that came back; where nobody is signalled, answers to wants. */
  readonly introduced: number;
  /** Milliseconds from when the question was meant to be asked, for each. */
  readonly delays: readonly number[];
}

/** How often it is looked whether something is due (ms). */
const TICK = 2;
/** When nothing came for so long (ms), nothing will. */
const SILENCE = 400;

/** Visitors of one server, played by this process. */
export class Crowd {
  readonly members: readonly Member[];
  readonly dialect: Dialect;
  /** Sockets that the server closed. */
  lost = 0;
  #introduced = 0;
  #delays: number[] = [];
  #heardAt = 0;

  constructor(private readonly options: CrowdOptions) {
    const { first, size } = options;
    this.members = Array.from({ length: size }, (_, i) => new Member(first + i));
    this.dialect = dialectOf(options);
  }

  /** Everybody connects and joins, `atOnce` of them at a time. */
  async arrive(atOnce: number): Promise<Arrival> {
    const reasons = new Set<string>();
    let arrived = 0;
    const queue = this.members.values();
    const next = async (): Promise<void> => {
      for (const member of queue) {
        try {
          await this.admit(member);
          arrived++;
        } catch (error) {
          reasons.add(String(error));
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, next));
    return { arrived, reasons: [...reasons].slice(0, 5) };
  }

  async admit(member: Member): Promise<void> {
    await member.arrive(this.options.url, this.dialect, {
      origin: SITE,
      received: (from, text) => {
        this.#hear(this.dialect.receive(from, text));
      },
      left: () => this.lost++,
    });
  }

  /** Each announces the root of its swarm, where joining does not say it. */
  async enter(): Promise<void> {
    const { dialect } = this;
    if (dialect instanceof PeerfoldDialect) for (const member of this.members) await dialect.enter(member);
  }

  /** Questions at a pace that does not wait for answers; resolves when all is quiet again. */
  converse(pace: Pace): Promise<Conversation> {
    return this.#question(pace, (member, intended) => {
      this.dialect.ask(member, intended);
    });
  }

  /** Wants of what a layout holds, half of them of roots that are held together; answers are only waited for. */
  want(pace: Pace, options: LayoutOptions): Promise<Conversation> {
    const { dialect } = this;
    if (!(dialect instanceof PeerfoldDialect)) throw new Error('only our visitors want several roots');
    dialect.onlyWants = true;
    const layout = new Layout(options);
    return this.#question(pace, (member, intended) => {
      const roots = Math.random() < 1 / 2 ? layout.scattered() : layout.together();
      dialect.want(member, intended, roots);
    });
  }

  async #question(pace: Pace, ask: (member: Member, intended: number) => void): Promise<Conversation> {
    this.#introduced = 0;
    this.#delays = [];
    const asked = await atPace(pace, (intended) => {
      const member = this.members[Math.floor(Math.random() * this.members.length)];
      if (member) ask(member, intended);
    });
    this.#heardAt = performance.now();
    while (performance.now() - this.#heardAt < SILENCE)
      await new Promise((resolve) => setTimeout(resolve, SILENCE / 4));
    return { asked, introduced: this.#introduced, delays: this.#delays };
  }

  #hear(intended: number | undefined): void {
    if (intended === undefined) return;
    this.#heardAt = performance.now();
    this.#introduced++;
    this.#delays.push(this.#heardAt - intended);
  }
}

/** Calls `act` with the time it was meant for, however late it is. Returns how often. */
export async function atPace({ perSecond, seconds }: Pace, act: (intended: number) => void): Promise<number> {
  const started = performance.now();
  const count = Math.round(perSecond * seconds);
  for (let done = 0; done < count;) {
    const due = Math.min(count, Math.floor(((performance.now() - started) * perSecond) / 1000));
    for (; done < due; done++) act(started + (done * 1000) / perSecond);
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
  return count;
}

function dialectOf({ kind, signer, swarms, size }: CrowdOptions): Dialect {
  if (kind === 'bare') return new BareDialect(size);
  return kind === 'bittorrent' ? new BittorrentDialect(swarms) : new PeerfoldDialect(signer, swarms);
}
