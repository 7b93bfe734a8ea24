import { BoundedMap } from '../../src/core/bounded-map.js';
import { concat, type Bytes, type Sha256 } from '../../src/core/bytes.js';
import type { CanonicalUrl, Root, Site } from '../../src/core/brands.js';
import type { Clock, Timer } from '../../src/core/clock.js';
import { PeerfoldError } from '../../src/core/errors.js';
import type { Signer, Statement } from '../signing/statements.js';
import { News } from './news.js';
import { pause } from '../pause.js';
import type { State, StateListener } from './port.js';
import { channels, nameOf } from './redis-keys.js';
import { RedisLayers } from './redis-layers.js';
import { Leases } from './redis-leases.js';
import type { RedisLink } from './redis-link.js';
import { RedisStatements, nameIn, type RedisStateLog } from './redis-statements.js';
import { RedisVersions } from './redis-versions.js';

export interface RedisStateOptions {
  /** Opened after this was made, so that no message is missed, and before it is used. */
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly signer: Pick<Signer, 'reopen'>;
  readonly sha256: Sha256;
  readonly log: RedisStateLog;
  /** Names this instance, among all that ever ran. */
  readonly owner: string;
}

/** Statements that Redis has not heard yet: about 1 KiB each. More are forgotten, and looked at by others, too. */
const MAX_UNSAID = 10_000;
/** Whoever waits for another instance looks after this long (ms) what became of it, should a message be lost. */
const LOOK_AGAIN = 1000;
/** After catching up failed (ms). */
const CATCH_UP_AGAIN = 2000;
/** A start waits for so many attempts: trackers cannot wait for ever. */
const RECALL_ATTEMPTS = 5;

/**
 * State in Redis, for several instances behind a balancer. Redis decides which of two statements about a
 * URL counts (the one with the higher `ver`), who looks at an origin (whoever has the lease), and tells
 * everybody what was said. So every instance knows what all know, and can answer from memory.
 *
 * Redis may go away at any time. Then each instance goes on with what it knows, looks at what is new by
 * itself, and when Redis is back tells what it has said meanwhile and catches up with the others.
 * Of statements and layers Redis is not believed: whoever can write to it can make us forget, and nothing
 * more. (The policy is another matter; see `RedisDocuments`.)
 */
export class RedisState implements State {
  readonly #news: News;
  readonly #leases: Leases;
  readonly #layers: RedisLayers;
  readonly #versions: RedisVersions;
  readonly #statements: RedisStatements;
  readonly #unsaid = new BoundedMap<string, Statement>(MAX_UNSAID);
  readonly #end = new AbortController();
  /** Messages are taken in one by one, in their order. */
  #heard: Promise<void> = Promise.resolve();
  #listener: StateListener | undefined;
  #catchingUp: Promise<boolean> | undefined;
  /** Whether others have said what we have not heard. */
  #isBehind = true;
  #again: Timer;
  /** The highest version that we know of. */
  #highest = 0;

  constructor(private readonly options: RedisStateOptions) {
    const { link, clock, sha256, owner } = options;
    this.#news = new News(clock);
    this.#leases = new Leases({ link, clock, owner });
    this.#layers = new RedisLayers(link, sha256);
    this.#versions = new RedisVersions(link, clock);
    this.#statements = new RedisStatements({
      ...options,
      layers: this.#layers,
      versions: this.#versions,
      onLost: (site, url) => this.#listener?.forget(site, url),
    });
    link.hear(channels.said, (message) => {
      this.#inOrder(() => this.#takeIn(message));
    });
    link.hear(channels.ended, (name) => {
      this.#inOrder(() => {
        this.#news.tell(name, false);
        return Promise.resolve();
      });
    });
    link.onReady(() => {
      // Nobody listens before `open`.
      if (this.#listener) this.#catchUpInBackground();
    });
  }

  get trouble(): string | undefined {
    const { trouble } = this.options.link;
    return trouble ?? (this.#isBehind ? 'What other instances have said is still being read.' : undefined);
  }

  async open(listener: StateListener): Promise<void> {
    this.#listener = listener;
    this.#remember(await this.#versions.raise(0));
  }

  /** Without Redis it is not waited for: what is missing is learnt when it is back. */
  async recall(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; attempt < RECALL_ATTEMPTS && !signal.aborted; attempt++) {
      if (await this.#catchUp()) return;
      await pause(this.options.clock, CATCH_UP_AGAIN, signal);
    }
  }

  read(site: Site, url: CanonicalUrl): Promise<Statement | undefined> {
    return this.#statements.read(nameOf(site, url));
  }

  async write(statement: Statement): Promise<Statement> {
    this.#highest = Math.max(this.#highest, statement.claims.ver);
    // A second time, when what stood in the way was removed or what was missing was sent again.
    for (const isLast of [false, true]) {
      const outcome = await this.#statements.say(statement);
      if (outcome.kind === 'said') return statement;
      if (outcome.kind === 'away') break;
      if (outcome.kind === 'no-layer' && !(await this.#hasSentLayer(statement))) break;
      const winner =
        outcome.kind === 'beaten' ? await this.#statements.open(nameIn(statement), outcome.by) : undefined;
      if (winner) return winner;
      if (isLast) throw new PeerfoldError('store-failed', 'Redis does not keep what it is told.');
    }
    this.#unsaid.set(nameIn(statement), statement);
    return statement;
  }

  readLayer(root: Root): Promise<Bytes | undefined> {
    return this.#layers.read(root);
  }

  writeLayer(root: Root, layer: readonly Bytes[]): Promise<void> {
    return this.#layers.write(root, concat(layer));
  }

  async reserve(ver: number): Promise<void> {
    this.#remember(await this.#versions.raise(Math.max(this.#highest, ver)));
  }

  async alone(site: Site, url: CanonicalUrl, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const name = nameOf(site, url);
    while (!signal.aborted) {
      // Listening comes first: the news may come faster than the answer to the claim.
      const wait = this.#news.about(name);
      try {
        if (await this.#attempt(name, work)) return;
        if (await wait.over(LOOK_AGAIN, signal)) return;
      } finally {
        wait.stop();
      }
    }
  }

  async survey(): Promise<boolean> {
    await this.#catchUp();
    await this.#statements.tidy();
    return false;
  }

  /** Closes the link, too. */
  close(): Promise<void> {
    this.#end.abort();
    this.options.clock.clearTimeout(this.#again);
    this.options.link.close();
    return Promise.resolve();
  }

  /** Does the work unless another instance has the lease; whether it was done. */
  async #attempt(name: string, work: () => Promise<void>): Promise<boolean> {
    const claim = await this.#leases.claim(name);
    if (claim.kind === 'taken') return false;
    if (claim.kind === 'away') await work();
    else {
      await this.#leases.hold(name, async () => {
        // Somebody may have said something between our last look into Redis and the lease.
        const kept = await this.#statements.open(name, claim.kept);
        if (kept) this.#learn(kept);
        this.#remember(this.#versions.read(claim.high) ?? 0);
        await work();
      });
    }
    return true;
  }

  async #takeIn(message: string): Promise<void> {
    const [owner, jws = ''] = message.split(' ', 2);
    if (owner === this.options.owner) return;
    const statement = await this.options.signer.reopen(jws);
    if (!statement) return;
    this.#learn(statement);
    this.#news.tell(nameIn(statement), true);
  }

  /**
   * Tells what was said without Redis, and reads what others said; resolves to whether it could. Whoever
   * comes while it goes on shares it. It is tried until it succeeds.
   */
  #catchUp(): Promise<boolean> {
    this.#catchingUp ??= this.#exchange().finally(() => (this.#catchingUp = undefined));
    return this.#catchingUp;
  }

  async #exchange(): Promise<boolean> {
    const { clock } = this.options;
    this.#remember(await this.#versions.raise(this.#highest));
    const unsaid = [...this.#unsaid.values()];
    this.#unsaid.clear();
    for (const statement of unsaid) this.#learn(await this.write(statement));
    this.#isBehind = !(await this.#statements.catchUp(
      (statement) => this.#learn(statement),
      this.#end.signal,
    ));
    clock.clearTimeout(this.#again);
    if (this.#isBehind && !this.#end.signal.aborted)
      this.#again = clock.setTimeout(() => this.#catchUpInBackground(), CATCH_UP_AGAIN);
    return !this.#isBehind;
  }

  #catchUpInBackground(): void {
    this.#catchUp().catch((error: unknown) => {
      this.options.log.warn({ err: error }, 'catching up with other instances failed');
    });
  }

  /** Whether the layer is there now; rejects when it is lost. */
  async #hasSentLayer(statement: Statement): Promise<boolean> {
    if (statement.kind === 'refusal') return true;
    const outcome = await this.#layers.sendAgain(statement.claims.root);
    if (outcome !== 'not-at-hand') return outcome === 'sent';
    this.#listener?.forget(statement.claims.aud, statement.claims.sub);
    throw new PeerfoldError('store-failed', 'The layer is gone; the file must be read again.');
  }

  #learn(statement: Statement): void {
    this.#highest = Math.max(this.#highest, statement.claims.ver);
    this.#listener?.learn(statement);
  }

  #remember(ver: number): void {
    this.#highest = Math.max(this.#highest, ver);
    this.#listener?.remember(ver);
  }

  #inOrder(take: () => Promise<void>): void {
    this.#heard = this.#heard.then(take);
  }
}
