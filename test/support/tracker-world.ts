import { SignJWT, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import type { PeerId, RootPrefix, Site } from '../../src/core/brands.js';
import type { Bytes } from '../../src/core/bytes.js';
import { toBase64Url } from '../../src/protocol/base64.js';
import { ADMISSION_AUDIENCE, ADMISSION_TYPE, type RootsResponse } from '../../src/protocol/hasher.js';
import { createIdentity, open, type Identity } from '../../src/protocol/seal.js';
import {
  CHALLENGE_INFO,
  parseTrackerMessage,
  type ClientMessage,
  type Hello,
  type TrackerMessage,
  type Welcome,
} from '../../src/protocol/tracker.js';
import { readKeySet, type KeySource } from '../../src/verify/keys.js';
import { thumbprint } from '../../src/verify/statements.js';
import { SignedAdmission } from '../../tracker-service/admission/admission.js';
import type { Place } from '../../tracker-service/choosing/place.js';
import { trackerConfig, type Limits } from '../../tracker-service/config.js';
import type { RootsAuthority } from '../../tracker-service/admission/hasher-client.js';
import { OpenDoorDesk, OpenRoots } from '../../tracker-service/admission/open-sites.js';
import type { Connection } from '../../tracker-service/core/line.js';
import type { Pressure } from '../../tracker-service/core/pressure.js';
import type { Session } from '../../tracker-service/core/session.js';
import type { Tally } from '../../tracker-service/core/tally.js';
import { TrackerCore } from '../../tracker-service/core/tracker.js';
import type { Others } from '../../tracker-service/nodes/port.js';
import { FakeClock } from './fake-clock.js';
import { seededBytes } from './random.js';

export const SITE = 'https://www.example.com' as Site;
export const OTHER_SITE = 'https://www.example.org' as Site;

/** A root prefix that is told apart by a number. */
export function prefix(n: number): RootPrefix {
  return n.toString(16).padStart(32, '0') as RootPrefix;
}

export const DEFAULT_LIMITS: Limits = trackerConfig.parse({ hasher: 'http://hasher.test' });

/** Signs admissions like a hash service does. */
export class Signer {
  private constructor(
    private readonly key: CryptoKey,
    readonly keys: KeySource,
  ) {}

  static async create(kid = 'k1'): Promise<Signer> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const found = await readKeySet({ keys: [{ ...(await exportJWK(publicKey)), kid }] });
    return new Signer(privateKey, { find: (asked) => Promise.resolve(found.get(asked)) });
  }

  /** An admission for a public key; `changes` replace claims. */
  async admission(
    now: number,
    key: string,
    changes: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const iat = Math.floor(now / 1000);
    const claims = {
      iss: 'https://hash.example.com',
      aud: ADMISSION_AUDIENCE,
      site: SITE,
      iat,
      exp: iat + 600,
    };
    return new SignJWT({ ...claims, jkt: await thumbprint(key), ...changes })
      .setProtectedHeader({ alg: 'ES256', typ: ADMISSION_TYPE, kid: 'k1', ...header })
      .sign(this.key);
  }
}

/** A hash service that vouches for the roots in `live` and can be down. */
export class FakeAuthority implements RootsAuthority {
  readonly live = new Map<RootPrefix, number>();
  /** Roots that only these sites have; any other root is every site's. */
  readonly only = new Map<RootPrefix, Site>();
  readonly asked: { site: Site; roots: readonly RootPrefix[] }[] = [];
  down = false;

  vouch(until: number, ...roots: RootPrefix[]): void {
    for (const root of roots) this.live.set(root, until);
  }

  liveRoots(site: Site, roots: readonly RootPrefix[]): Promise<RootsResponse['live']> {
    this.asked.push({ site, roots });
    if (this.down) return Promise.reject(new Error('down'));
    const answer = roots.flatMap((root) => {
      const until = (this.only.get(root) ?? site) === site ? this.live.get(root) : undefined;
      return until === undefined ? [] : [{ root, until }];
    });
    return Promise.resolve(answer);
  }
}

/** Counts everything in one object, and keeps what went wrong. */
export class FakeTally implements Tally {
  readonly troubles: unknown[] = [];
  readonly ends: string[] = [];
  introduced = 0;
  signals = 0;
  message(): void {}
  refusal(): void {}
  welcome(): void {}
  verdicts(): void {}
  ended(reason: string): void {
    this.ends.push(reason);
  }
  introductions(count: number): void {
    this.introduced += count;
  }
  signal(): void {
    this.signals++;
  }
  trouble(error: unknown): void {
    this.troubles.push(error);
  }
}

/** A connection that keeps what it was sent; every text must pass the clients' own parser. */
export class FakeConnection implements Connection {
  readonly sent: TrackerMessage[] = [];
  closedWith: { code: number; reason: string } | undefined;
  bufferedAmount = 0;

  readonly place: Place;
  readonly origin: string | undefined;

  constructor(from: { place?: Partial<Place>; origin?: string | null } = {}) {
    this.place = { address: 1, network: 0, system: 0, country: 0, ...from.place };
    this.origin = from.origin === null ? undefined : (from.origin ?? SITE);
  }

  send(text: string): void {
    if (this.closedWith) throw new Error('sent on a closed connection');
    const message = parseTrackerMessage(text);
    if (!message) throw new Error(`the tracker sent what clients refuse: ${text.slice(0, 200)}`);
    this.sent.push(message);
  }

  close(code: number, reason: string): void {
    this.closedWith = { code, reason };
  }
}

/** One visitor in a test: a key, a connection, and the replies so far. */
export class Client {
  session: Session;
  connection: FakeConnection;
  welcome: Welcome | undefined;
  /** Neither dropped nor gone. */
  isThere = true;

  constructor(
    readonly world: TrackerWorld,
    readonly identity: Identity,
    connection = new FakeConnection(),
  ) {
    this.connection = connection;
    this.session = world.core.connect(connection);
  }

  get pid(): PeerId {
    if (!this.welcome) throw new Error('not welcomed');
    return this.welcome.pid;
  }

  async say(message: ClientMessage): Promise<void> {
    await this.session.receive(JSON.stringify(message));
  }

  /** The last message of a kind. */
  last<T extends TrackerMessage['t']>(kind: T): Extract<TrackerMessage, { t: T }> | undefined {
    return this.all(kind).at(-1);
  }

  all<T extends TrackerMessage['t']>(kind: T): Extract<TrackerMessage, { t: T }>[] {
    return this.connection.sent.filter((m): m is Extract<TrackerMessage, { t: T }> => m.t === kind);
  }

  async hello(changes: Partial<Hello> = {}): Promise<void> {
    const { signer, clock } = this.world;
    const admission = await signer.admission(clock.now(), this.identity.publicKey);
    await this.say({ t: 'hello', v: 1, site: SITE, key: this.identity.publicKey, admission, ...changes });
  }

  /** Says hello as the page of an open site does: with no admission to show. */
  async bareHello(site = SITE): Promise<void> {
    await this.say({ t: 'hello', v: 1, site, key: this.identity.publicKey });
  }

  /** Opens the challenge and answers it. */
  async prove(): Promise<void> {
    const box = this.last('challenge')?.box ?? '';
    const nonce = await open(this.identity, CHALLENGE_INFO, box);
    if (!nonce) throw new Error('cannot open the challenge');
    await this.say({ t: 'proof', nonce: toBase64Url(nonce) });
    this.welcome = this.last('welcome');
  }

  async join(changes: Partial<Hello> = {}): Promise<this> {
    await this.hello(changes);
    await this.prove();
    return this;
  }

  /** The socket drops without a word; `rejoin` comes back on a new one. */
  drop(): void {
    this.isThere = false;
    this.session.closed();
  }

  async rejoin(changes: Partial<Hello> = {}): Promise<this> {
    this.connection = new FakeConnection({ place: this.connection.place });
    this.session = this.world.core.connect(this.connection);
    this.isThere = true;
    return this.join({ ...(this.welcome ? { resume: this.welcome.resume } : {}), ...changes });
  }
}

/** A tracker core on a standing clock, with a hash service that does as it is told. */
export class TrackerWorld {
  readonly clock: FakeClock;
  readonly authority = new FakeAuthority();
  readonly tally = new FakeTally();
  readonly pressure: { level: Pressure['level'] } = { level: 0 };
  readonly core: TrackerCore;

  constructor(
    readonly signer: Signer,
    limits: Partial<Limits> = {},
    openSites: readonly Site[] = [],
    federations: readonly (readonly Site[])[] = [],
    fleet?: { readonly clock: FakeClock; readonly node: Bytes; readonly others: Others },
  ) {
    this.clock = fleet?.clock ?? new FakeClock();
    const all = { ...DEFAULT_LIMITS, ...limits };
    const open = new Set(openSites);
    const signed = new SignedAdmission(
      { keys: signer.keys, clock: this.clock },
      (error) => {
        this.tally.trouble(error);
      },
      () => undefined,
    );
    this.core = new TrackerCore({
      limits: all,
      clock: this.clock,
      random: seededBytes(fleet?.node[0] ?? 1),
      desk: new OpenDoorDesk(open, signed),
      roots: new OpenRoots(open, this.authority, this.clock),
      tally: this.tally,
      pressure: this.pressure,
      federations,
      others: fleet?.others,
      node: fleet?.node,
    });
  }

  /** Vouches for roots for another hour. */
  vouch(...roots: RootPrefix[]): void {
    this.authority.vouch(this.clock.now() / 1000 + 3600, ...roots);
  }

  async client(connection?: FakeConnection): Promise<Client> {
    return new Client(this, await createIdentity(), connection);
  }

  async joined(connection?: FakeConnection): Promise<Client> {
    return (await this.client(connection)).join();
  }

  /** A visitor of another site than the usual one. */
  async joinedOf(site: Site): Promise<Client> {
    const client = await this.client(new FakeConnection({ origin: site }));
    const admission = await this.signer.admission(this.clock.now(), client.identity.publicKey, { site });
    return client.join({ site, admission });
  }

  /** A visitor that holds `roots`, which the hash service vouches for. */
  async holder(roots: readonly RootPrefix[], connection?: FakeConnection): Promise<Client> {
    this.vouch(...roots);
    const client = await this.joined(connection);
    await client.say({ t: 'have', seq: 1, add: roots, del: [] });
    await this.clock.advance(50);
    return client;
  }
}
