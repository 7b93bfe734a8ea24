import type { Bitfield } from '../../../src/core/bitfield.js';
import type { PeerId, Root } from '../../../src/core/brands.js';
import type {
  Contact,
  MissReason,
  Need,
  PeerInfo,
  PeerReport,
  SendSignals,
  SignalBatch,
} from '../../../src/peer/contract.js';
import type { CloseReason } from '../../../src/peer/link.js';
import { Swarm } from '../../../src/peer/swarm.js';
import { Layers } from '../../../src/page/layers.js';
import type { AccessOptions } from '../memory-access.js';
import { MemoryLink } from '../memory-link.js';
import { seededRandom } from '../random.js';
import { PacedOrigin, type OriginPace } from './paced-origin.js';
import type { Member } from './simple-tracker.js';
import type { Simulation } from './simulation.js';
import type { SiteFile } from './site-file.js';
import { HASHER_DELAY, StandInWorker, type Engine, type Transfer } from './stand-in-worker.js';
import { WireWatch } from './wire-watch.js';

export interface VisitorTraits extends AccessOptions {
  /** Bytes per second to all peers together. */
  readonly uploadRate: number;
  readonly origin: OriginPace;
}

/** Milliseconds by which the swarm may end a need after its deadline: it reviews them so often. */
const REVIEW_INTERVAL = 100;

/** A visitor with a real swarm, a stand-in for its worker, and the rules that both are held to. */
export class SimulatedVisitor implements Member {
  readonly pid: PeerId;
  readonly key: string;
  readonly swarm: Swarm;
  readonly worker: StandInWorker;
  readonly origin: PacedOrigin;
  readonly watch: WireWatch;
  readonly downs: { readonly peer: PeerInfo; readonly reason: CloseReason }[] = [];
  readonly reports: PeerReport[] = [];
  readonly faults: unknown[] = [];
  /** Needs that the swarm ended too late, as text. */
  readonly overdue: string[] = [];
  /** Deadlines (ticks) of its open needs. */
  readonly #needs = new Map<number, number>();
  readonly #layers: Layers;
  readonly #viewed = new Map<Root, SiteFile>();
  here = true;

  constructor(
    readonly simulation: Simulation,
    number: number,
    readonly traits: VisitorTraits,
  ) {
    const { clock, network } = simulation;
    this.pid = `visitor-${String(number).padStart(4, '0')}` as PeerId;
    this.key = `key-${String(number).padStart(4, '0')}`;
    this.watch = new WireWatch(clock, traits.uploadRate);
    this.origin = new PacedOrigin(clock, traits.origin);
    this.worker = new StandInWorker(clock, this.origin, this.#engine());
    this.#layers = this.#makeLayers();
    this.swarm = new Swarm({
      clock,
      random: seededRandom(number),
      key: this.key,
      factory: network.visitor({ ...traits, watch: this.watch }),
      uploads: { read: (root, index) => this.worker.read(root, index) },
      uploadRate: traits.uploadRate,
      on: {
        piece: (piece) => {
          this.worker.piece(piece);
        },
        layer: (root, bytes, from) => {
          this.#layers.came(root, bytes, from);
        },
        miss: (id, reason) => {
          this.#missed(id, reason);
        },
        wanted: (roots) => {
          simulation.tracker.want(this, roots);
        },
        token: () => undefined,
        linkUp: () => undefined,
        linkDown: (peer, reason) => this.downs.push({ peer, reason }),
        report: (report) => this.reports.push(report),
        fault: (error) => this.faults.push(error),
      },
    });
  }

  /** The page will probably show these. */
  expect(files: readonly SiteFile[]): void {
    this.swarm.interest(files);
    this.simulation.tracker.want(
      this,
      files.map(({ root }) => root),
    );
  }

  /** The page shows `file`; peers may take `wait` ms. */
  view(file: SiteFile, wait: number): Transfer {
    this.#viewed.set(file.root, file);
    return this.worker.request(file, wait);
  }

  setUploadRate(rate: number): void {
    this.watch.setRate(rate);
    this.swarm.setUploadRate(rate);
  }

  /** The machine is gone without a word; others notice after `ms`. */
  vanish(ms: number): void {
    for (const link of this.watch.open) if (link instanceof MemoryLink) link.darken(ms);
    this.leave();
  }

  /** Closes the page. */
  leave(): void {
    if (!this.here) return;
    this.here = false;
    this.simulation.tracker.leave(this);
    this.worker.close();
    this.#layers.close();
    this.swarm.close();
  }

  introduced(peers: readonly Member[], roots: readonly Root[], first: boolean): void {
    if (!this.here) return;
    for (const peer of peers) this.swarm.connect(contactOf(peer), this.#sender(peer));
    if (first && peers.length === 0) this.swarm.absent(roots);
  }

  signalled(from: Member, batch: SignalBatch): void {
    if (this.here) this.swarm.signal(contactOf(from), batch, this.#sender(from));
  }

  #sender(to: Member): SendSignals {
    return (batch) => {
      this.simulation.signal(this, to, batch);
    };
  }

  #engine(): Engine {
    return {
      need: (need) => {
        this.#need(need);
      },
      cancel: (id) => {
        this.#needs.delete(id);
        this.swarm.cancel(id);
        this.watch.needOver(id);
      },
      verdict: (from, root, index, verdict) => {
        this.watch.judged(root, index, verdict);
        this.swarm.verdict(from, root, index, verdict);
      },
      held: (file, bits: Bitfield) => {
        if (!this.here) return;
        this.swarm.share(file.root, file.cut, bits, file.layer.byteLength > 0 ? file.layer : undefined);
        this.simulation.tracker.have(this, file.root);
      },
    };
  }

  #need(need: Need): void {
    this.#needs.set(need.id, this.simulation.clock.ticks() + need.wait);
    this.watch.needed(need);
    if (need.layer) this.#layers.need(need.root, need.cut, this.swarm.stats().links > 0);
    this.swarm.need(need);
  }

  #missed(id: number, reason: MissReason): void {
    const late = this.simulation.clock.ticks() - (this.#needs.get(id) ?? Number.POSITIVE_INFINITY);
    if (late > REVIEW_INTERVAL) this.overdue.push(`need ${id} (${reason}): ${late} ms late`);
    this.watch.needOver(id);
    this.worker.miss(id);
  }

  #makeLayers(): Layers {
    const { clock } = this.simulation;
    return new Layers({
      clock,
      request: async (root) => {
        await new Promise<void>((done) => clock.setTimeout(done, HASHER_DELAY));
        const file = this.#viewed.get(root);
        if (!file) throw new Error('not signed');
        return file.layer.slice();
      },
      deliver: (root, bytes, from) => {
        void this.worker.layer(root, bytes, from);
      },
      failed: (error) => this.faults.push(error),
    });
  }
}

function contactOf({ pid, key }: Contact): Contact {
  return { pid, key };
}
