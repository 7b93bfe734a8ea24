import { PeerfoldError, reasonOf } from '../core/errors.js';
import type { TransferReport, WorkerMessage } from '../protocol/bridge.js';
import type { Identity } from '../protocol/seal.js';
import { Catalogue } from './catalogue.js';
import { Digests } from './digests.js';
import type { EngineEnvironment } from './engine-environment.js';
import type { Engine, EngineHost, EngineStats, Permission } from './engine-host.js';
import { Foresight } from './foresight.js';
import { HasherClient } from './hasher-client.js';
import { Holdings, type Holding } from './holdings.js';
import { Interest } from './interest.js';
import { LazyPlayers } from './lazy-players.js';
import { Leader } from './leader.js';
import { LocalNetwork } from './local-network.js';
import { NativeLoads, type NativeLoadsOptions } from './native-loads.js';
import { Networking } from './networking.js';
import { Placer } from './place.js';
import { PresenceSensor } from './presence.js';
import { SignedFiles } from './signed-files.js';
import { UploadBudget } from './upload-budget.js';
import { WorkerLine } from './worker-line.js';

const NOTHING: Permission = { visitor: false, site: false };

/**
 * The engine of one page. Every page places its own resources; the one that leads also looks up
 * digests and talks to tracker and peers for all tabs of the site. What it does follows from four
 * facts, looked at together whenever one of them changes (`#update`): what is allowed, whether anybody
 * is looking, whether this tab leads, and whether our identity is made.
 *
 * Owns what outlives a change of leader or a pause: known representations, holdings as the worker
 * stated them, digests. `Networking` owns the rest and is made and closed as a whole.
 */
export class PageEngine implements Engine {
  readonly #placer: Placer;
  readonly #presence: PresenceSensor;
  readonly #leader: Leader;
  readonly #localNetwork: LocalNetwork;
  readonly #hasher: HasherClient;
  readonly #digests: Digests;
  readonly #catalogue: Catalogue;
  readonly #holdings: Holdings;
  readonly #interest: Interest;
  readonly #line: WorkerLine;
  readonly #budget: UploadBudget;
  readonly #nativeLoads: NativeLoads;
  readonly #players: LazyPlayers;
  readonly #unlisten: () => void;
  #foresight: Foresight | undefined;
  #identity: Identity | undefined;
  #networking: Networking | undefined;
  #permission = NOTHING;
  #wasVisible = false;
  #toldLead = false;
  #uploadedBefore = 0;
  #stopped = false;

  constructor(
    private readonly host: EngineHost,
    private readonly environment: EngineEnvironment,
  ) {
    const { clock, view, locks } = environment;
    this.#localNetwork = new LocalNetwork({ ...environment, ...host, changed: this.#update });
    this.#placer = new Placer(host.config, view, clock);
    this.#hasher = new HasherClient({ ...environment, config: host.config });
    this.#digests = this.#makeDigests();
    this.#catalogue = new Catalogue(clock);
    const changed = (): void => this.#networking?.setUploadRate();
    this.#budget = new UploadBudget({ ...environment, ...host, page: view, changed });
    this.#holdings = new Holdings(clock, {
      share: (holding) => {
        this.#budget.receive(holding);
        this.#networking?.share(holding);
      },
      unshare: (root) => this.#networking?.unshare(root),
    });
    this.#interest = new Interest({
      ...{ clock, catalogue: this.#catalogue, holdings: this.#holdings },
      tell: (wanted) => this.#networking?.interest(wanted),
    });
    this.#line = new WorkerLine(clock, environment.stay);
    this.#leader = new Leader({ locks, changed: this.#update });
    this.#players = new LazyPlayers({
      ...{ ...environment, ...host, placer: this.#placer },
      key: () => this.#identity?.publicKey,
      holders: (urls) => this.#networking?.holders(urls) ?? [],
    });
    this.#presence = new PresenceSensor(view, clock, this.#update);
    host.stats().resources.forEach(this.#learn);
    this.#unlisten = host.onTransfer(this.#learn);
    this.#nativeLoads = this.#makeNativeLoads();
    host.send({ t: 'places', on: true });
    void this.#makeIdentity();
  }

  allow(permission: Permission): void {
    this.#permission = permission;
    this.#update();
  }

  reconnected(): void {
    this.#holdings.clear();
    this.host.send({ t: 'places', on: true });
    this.#players.again();
    if (this.#leader.leading) this.host.send({ t: 'lead', on: true });
    this.#line.again();
  }

  receive(message: WorkerMessage): void {
    if (this.#stopped) return;
    if (message.t === 'place') {
      this.host.send({ t: 'placed', id: message.id, ...this.#players.place(message) });
      this.#foresight?.led(message.url);
    } else if (message.t === 'bytes') this.#line.reads.answer(message.id, message.bytes);
    else if (message.t === 'admitted') this.#line.admits.answer(message.id, message.ok);
    else if (!this.#receiveStatement(message)) this.#receiveTask(message);
  }

  stats(): EngineStats {
    const { uploaded, ...links } = this.#networking?.stats() ?? { uploaded: 0, links: 0, peers: [] };
    const { rate, limit } = this.#networking ? this.#budget : { rate: 0 };
    return {
      leading: this.#leader.leading,
      tracker: this.#networking?.tracked ?? false,
      awaitsConsent: this.#permission.site && this.#localNetwork.waits,
      uploaded: this.#uploadedBefore + uploaded,
      ...{ ...links, playbacks: this.#players.playbacks, refusals: this.#digests.refusals },
      ...{ uploadRate: rate, uploadLimit: limit },
    };
  }

  stop(): void {
    if (this.#stopped) return;
    this.#permission = NOTHING;
    this.#update();
    this.#stopped = true;
    this.host.send({ t: 'places', on: false });
    this.#nativeLoads.close();
    this.#players.close();
    this.#unlisten();
    this.#presence.close();
    this.#placer.close();
    this.#holdings.clear();
    this.#interest.close();
  }

  readonly #learn = (report: TransferReport): void => {
    this.#placer.learn(report);
    this.#players.learn(report);
  };

  #makeDigests(): Digests {
    const { host, environment } = this;
    const hasher = this.#hasher;
    const source = host.config.static ? new SignedFiles(hasher.statement.bind(hasher)) : hasher;
    return new Digests({
      ...environment,
      request: (urls) => source.digests(urls),
      peers: (urls) => this.#networking?.seek(urls) ?? false,
      deliver: (tokens) => {
        host.send({ t: 'tokens', tokens });
      },
      unsigned: (urls) => {
        host.send({ t: 'unsigned', urls });
      },
      failed: this.#failed,
    });
  }

  #makeNativeLoads(): NativeLoads {
    const { host, environment } = this;
    const loaded: NativeLoadsOptions['loaded'] = (resources) => {
      host.send({ t: 'loaded', resources });
    };
    return new NativeLoads({ ...host, ...environment.timings, loaded });
  }

  /** What the worker knows or has verified; false when the message is none of that. */
  #receiveStatement(message: WorkerMessage): boolean {
    if (message.t === 'known') this.#know(message);
    else if (message.t === 'refused') this.#digests.refused(message);
    else if (message.t === 'held') this.#holdings.hold(message);
    else if (message.t === 'drop') this.#holdings.drop(message.root);
    else if (message.t === 'busy') this.#budget.busy = message.on;
    else if (message.t === 'left') this.#nativeLoads.left(message);
    else if (message.t === 'playlist') this.#players.listed(message);
    else if (message.t === 'verdict') this.#networking?.verdict(message);
    else return false;
    return true;
  }

  /** What the worker wants done. */
  #receiveTask(message: WorkerMessage): void {
    if (message.t === 'seen') this.#digests.ask(message.urls, (url) => this.#players.patienceFor(url));
    else if (message.t === 'cancel') this.#networking?.cancel(message.id);
    else if (message.t === 'differs') void this.#networking?.report(message.url, message.signed);
    else if (message.t === 'saves') this.#foresight?.answered(message);
    else if (message.t === 'need') {
      if (this.#networking) this.#networking.need(message);
      else this.host.send({ t: 'miss', id: message.id, reason: 'no-engine' });
    }
  }

  #know({ url, root, length, piece, until }: Extract<WorkerMessage, { t: 'known' }>): void {
    this.#digests.settled(url, until);
    this.#placer.know(url, length);
    this.#catalogue.add({ url, root, cut: { length, piece }, until });
    this.#interest.soon();
  }

  async #makeIdentity(): Promise<void> {
    try {
      this.#identity = await this.environment.createIdentity();
      this.#update();
    } catch (error) {
      this.host.fault({ code: 'not-supported', message: `no key: ${reasonOf(error)}` });
    }
  }

  get #mayLink(): boolean {
    return this.#permission.site && !this.#localNetwork.waits;
  }

  /** Brings leading and networking in line with what is allowed and wanted now. Idempotent. */
  readonly #update = (): void => {
    if (this.#stopped) return;
    const { visible, active } = this.#presence.now;
    const mayLead = this.#permission.visitor && active && this.#identity !== undefined;
    const cameIntoView = visible && !this.#wasVisible;
    this.#wasVisible = visible && mayLead;
    this.#seek(mayLead, visible, cameIntoView);
    if (mayLead && this.#mayLink && this.#leader.leading) this.#open();
    else this.#close();
    this.#players.allow(this.#permission.visitor && this.#mayLink);
    this.#budget.review();
  };

  #seek(mayLead: boolean, visible: boolean, cameIntoView: boolean): void {
    if (!mayLead) this.#leader.resign();
    else if (cameIntoView) this.#leader.seek('now');
    else if (visible) this.#leader.seek('politely');
    else void this.#leader.handOver().catch(this.#failed);
    this.#tellLead(this.#leader.leading);
  }

  #tellLead(on: boolean): void {
    if (on === this.#toldLead) return;
    this.#toldLead = on;
    if (!on) this.#holdings.clear();
    this.host.send({ t: 'lead', on });
  }

  #open(): void {
    const { environment, host } = this;
    if (this.#networking || !this.#identity) return;
    this.#networking = new Networking({
      ...{ ...environment, host },
      identity: this.#identity,
      budget: this.#budget,
      hasher: this.#hasher,
      catalogue: this.#catalogue,
      reads: this.#line.reads,
      admits: this.#line.admits,
      token: this.#digests.came.bind(this.#digests),
      failed: this.#failed,
    });
    this.#line.open();
    this.#holdings.all().forEach((holding: Holding) => this.#networking?.share(holding));
    this.#digests.resume();
    this.#interest.soon();
    this.#foresight = new Foresight({
      ...{ ...environment, ...host, digests: this.#digests },
      lengthOf: this.#placer.lengthOf.bind(this.#placer),
      links: () => this.stats().links,
    });
  }

  #close(): void {
    const networking = this.#networking;
    if (!networking) return;
    this.#networking = undefined;
    this.#uploadedBefore += networking.stats().uploaded;
    this.#foresight?.close();
    this.#digests.pause();
    networking.close();
    this.#budget.release();
    this.#hasher.close();
    this.#line.close();
  }

  readonly #failed = (error: unknown): void => {
    // What was still under way when networking was closed fails by that, and nobody wants to know.
    if (!this.#networking) return;
    const code = error instanceof PeerfoldError ? error.code : 'link-failed';
    this.host.fault({ code, message: reasonOf(error) });
  };
}
