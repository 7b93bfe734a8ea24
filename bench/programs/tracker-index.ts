import { performance } from 'node:perf_hooks';
import type { RootPrefix, Site } from '../../src/core/brands.js';
import { systemClock } from '../../src/protocol/system-clock.js';
import { CHALLENGE_INFO, type ClientMessage, type TrackerMessage } from '../../src/protocol/tracker.js';
import { trackerConfig } from '../../tracker-service/index.js';
import { VisitorKey } from '../support/tracker-key.js';
import { Layout } from '../support/tracker-roots.js';
import { TrackerCore } from '../../tracker-service/core/tracker.js';

/**
 * The tracker's core in a process of its own: visitors without sockets fill the index, then ask it.
 * `node --expose-gc tracker-index.js '<IndexTask>'` prints one line, an `IndexFigures`.
 */
export interface IndexTask {
  readonly visitors: number;
  /** Of one visitor, and of one want. */
  readonly roots: number;
  readonly holders: number;
  /** Wants of each kind in one round. */
  readonly wants: number;
  readonly rounds: number;
}

export interface IndexFigures {
  readonly entries: number;
  /** Bytes that JavaScript and its typed arrays grew by while the index was filled, after collecting garbage. */
  readonly grown: number;
  /** Of these, bytes of typed arrays. */
  readonly arrays: number;
  /** Bytes that the process grew by. */
  readonly resident: number;
  /** Answers for each second of processor time, round by round. */
  readonly scattered: readonly number[];
  readonly together: readonly number[];
  /** Peers in the answers, on average. */
  readonly peers: number;
}

const SITE = 'https://www.example.com' as Site;
const NO_LIMIT = 1_000_000;
const HANDSHAKES_AT_ONCE = 64;
/** Until the hash service's verdicts on what was announced are in (ms). */
const LOOK_AGAIN = 50;
/** For the last verdicts, at most (ms). */
const PATIENCE = 60_000;
const PEERS_WANTED = 6;
const LIVE_SECONDS = 60;
const HOUR = 3600;

/** Whoever comes is admitted, and every root is live: neither is what is measured. */
function openCore(): TrackerCore {
  const nothing = (): void => undefined;
  const until = Math.floor(Date.now() / 1000) + HOUR;
  return new TrackerCore({
    limits: trackerConfig.parse({
      hasher: ['http://hasher.invalid'],
      messagesPerSecond: NO_LIMIT,
      introductionsPerMinute: NO_LIMIT,
      offersPerSecond: NO_LIMIT,
    }),
    clock: systemClock,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    desk: { admit: () => Promise.resolve({ until: until * 1000 }) },
    roots: { liveRoots: (_, roots) => Promise.resolve(roots.map((root) => ({ root, until }))) },
    pressure: { level: 0 },
    federations: [],
    tally: {
      message: nothing,
      refusal: nothing,
      ended: nothing,
      welcome: nothing,
      introductions: nothing,
      signal: nothing,
      verdicts: nothing,
      trouble(error) {
        throw error;
      },
    },
  });
}

/** One visitor; of what it is sent only the last message is kept. */
class Guest {
  #last = '';
  readonly #session;

  constructor(core: TrackerCore, number: number) {
    this.#session = core.connect({
      origin: SITE,
      place: { address: number + 1, network: 0, system: 0, country: 0 },
      bufferedAmount: 0,
      send: (text) => {
        this.#last = text;
      },
      close: (code, reason) => {
        throw new Error(`the tracker ended a session: ${code} ${reason}`);
      },
    });
  }

  async enter(): Promise<void> {
    const key = new VisitorKey();
    const challenge = await this.say({ t: 'hello', v: 1, site: SITE, key: key.publicKey });
    const box = challenge.t === 'challenge' ? challenge.box : '';
    const nonce = key.open(CHALLENGE_INFO, box);
    const answer = await this.say({ t: 'proof', nonce });
    if (answer.t !== 'welcome') throw new Error(`not welcomed: ${this.#last}`);
    this.#last = '';
  }

  /** Announces; while too much waits for the hash service, again. */
  async have(roots: readonly RootPrefix[]): Promise<void> {
    while ((await this.say({ t: 'have', seq: 1, add: roots, del: [] })).t !== 'ok')
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    this.#last = '';
  }

  async say(message: ClientMessage): Promise<TrackerMessage> {
    await this.ask(JSON.stringify(message));
    return JSON.parse(this.#last) as TrackerMessage;
  }

  /** The text of the answer. */
  async ask(text: string): Promise<string> {
    await this.#session.receive(text);
    return this.#last;
  }
}

interface Memory {
  readonly script: number;
  readonly arrays: number;
  readonly resident: number;
}

function memory(): Memory {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { script: heapUsed + external, arrays: arrayBuffers, resident: rss };
}

async function entered(core: TrackerCore, count: number): Promise<Guest[]> {
  const guests: Guest[] = [];
  while (guests.length < count) {
    const length = Math.min(HANDSHAKES_AT_ONCE, count - guests.length);
    const next = Array.from({ length }, (_, i) => new Guest(core, guests.length + i));
    await Promise.all(next.map((guest) => guest.enter()));
    guests.push(...next);
  }
  return guests;
}

/** Returns the number of entries, once the core has all of them. */
async function fill(core: TrackerCore, guests: readonly Guest[], layout: Layout): Promise<number> {
  let entries = 0;
  for (const [number, guest] of guests.entries()) {
    const roots = layout.heldBy(number);
    await guest.have(roots);
    entries += roots.length;
  }
  const started = performance.now();
  while (core.census().entries < entries) {
    if (performance.now() - started > PATIENCE)
      throw new Error(`${core.census().entries} of ${entries} entries`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  }
  return entries;
}

class Questions {
  #peers = 0;
  #answers = 0;

  constructor(private readonly guests: readonly Guest[]) {}

  get peers(): number {
    return this.#peers / this.#answers;
  }

  /** Answers for a second of processor time. The questions are made up before it is looked at. */
  async pace(count: number, roots: () => RootPrefix[]): Promise<number> {
    const texts = Array.from({ length: count }, (_, q) =>
      JSON.stringify({ t: 'want', q, roots: roots(), k: PEERS_WANTED, live: LIVE_SECONDS }),
    );
    const before = process.cpuUsage();
    const answers: string[] = [];
    for (const text of texts) {
      const guest = this.guests[Math.floor(Math.random() * this.guests.length)];
      if (guest) answers.push(await guest.ask(text));
    }
    const { user, system } = process.cpuUsage(before);
    for (const answer of answers) this.#count(answer);
    return (count * 1e6) / (user + system);
  }

  #count(text: string): void {
    const answer = JSON.parse(text) as TrackerMessage;
    if (answer.t !== 'peers') throw new Error(`no answer: ${text.slice(0, 200)}`);
    this.#peers += answer.peers.length;
    this.#answers++;
  }
}

async function figures(task: IndexTask): Promise<IndexFigures> {
  const core = openCore();
  const layout = new Layout(task);
  const guests = await entered(core, task.visitors);
  const before = memory();
  const entries = await fill(core, guests, layout);
  const after = memory();
  const questions = new Questions(guests);
  const [scattered, together]: [number[], number[]] = [[], []];
  for (let round = -1; round < task.rounds; round++) {
    const one = await questions.pace(task.wants, () => layout.scattered());
    const other = await questions.pace(task.wants, () => layout.together());
    if (round < 0) continue;
    scattered.push(one);
    together.push(other);
  }
  return {
    entries,
    grown: after.script - before.script,
    arrays: after.arrays - before.arrays,
    resident: after.resident - before.resident,
    scattered,
    together,
    peers: questions.peers,
  };
}

const result = await figures(JSON.parse(process.argv[2] ?? '') as IndexTask);
console.log(JSON.stringify(result));
process.exit(0);
