import type { Bytes } from '../../../src/core/bytes.js';
import { darkness, loseLinks } from './bad-network.js';
import type { HostileKind } from './hostile-kind.js';
import type { SimulatedVisitor, VisitorTraits } from './simulated-visitor.js';
import type { Simulation } from './simulation.js';
import type { SiteFile } from './site-file.js';

export interface CrowdOptions {
  readonly visitors: number;
  /** Milliseconds within which all arrive. */
  readonly within: number;
  /** Share of visitors whose machine flips bits in what it sends. */
  readonly broken: number;
  /** Share of visitors that are hostile, each of one of `kinds` in turn. */
  readonly hostile: number;
  readonly kinds: readonly HostileKind[];
}

const KIB = 1024;
/** A `data` frame (docs/protocol.md): type, header; what of it is altered by a broken machine. */
const DATA = 5;
const HEADER = 9;
const ALTERED_SHARE = 0.05;
/** Visitors who come, look at some files at reading pace, and go: politely, or from one moment to the next. */
export class Crowd {
  /** Keys of visitors that send wrong bytes without knowing it. */
  readonly broken = new Set<string>();
  #coming = 0;

  constructor(
    private readonly simulation: Simulation,
    private readonly options: CrowdOptions,
  ) {
    const { clock } = simulation;
    for (let i = 0; i < options.visitors; i++) {
      this.#coming++;
      clock.setTimeout(
        () => {
          this.#coming--;
          this.#arrive(i);
        },
        simulation.between(0, options.within),
      );
    }
    loseLinks(simulation.network, clock, simulation.random, () => this.over);
  }

  /** Whether everybody has come and gone. */
  get over(): boolean {
    return this.#coming === 0 && this.simulation.visitors.every(({ here }) => !here);
  }

  #arrive(i: number): void {
    const { simulation, options } = this;
    const kind = options.kinds[simulation.hostile.length % options.kinds.length];
    if (kind && isShare(options.hostile, i)) {
      simulation.hostilePeer({ kind, latency: simulation.between(1, 40), bandwidth: 2000 * KIB }).arrive();
      return;
    }
    const isBroken = simulation.random() < options.broken;
    const visitor = simulation.visitor(this.#traits(isBroken));
    if (isBroken) this.broken.add(visitor.key);
    this.#browse(visitor);
  }

  #traits(isBroken: boolean): VisitorTraits {
    const { simulation } = this;
    const up = simulation.pick([120, 600, 1250, 2500, 6000]) * KIB;
    return {
      latency: simulation.between(2, 70),
      bandwidth: up,
      downlink: up * simulation.between(1, 6),
      uploadRate: simulation.pick([0, 100 * KIB, up / 2, up, 1250 * KIB]),
      origin: { latency: simulation.between(30, 300), rate: simulation.between(200, 3000) * KIB },
      ...(simulation.random() < 0.5 ? { queue: 256_000 } : {}),
      ...(isBroken ? { corrupt: (frame) => flipSometimes(frame, simulation.random) } : {}),
    };
  }

  /** Looks at some of the files, the popular ones more often, and leaves some time after the last. */
  #browse(visitor: SimulatedVisitor): void {
    const { simulation } = this;
    const { clock } = simulation;
    const wanted = new Set(
      Array.from({ length: 3 + Math.floor(simulation.between(0, 6)) }, () => this.#zipf()),
    );
    visitor.expect([...wanted]);
    let at = simulation.between(100, 1500);
    for (const file of wanted) {
      clock.setTimeout(() => {
        if (visitor.here) visitor.view(file, Math.round(simulation.between(250, 4000)));
      }, at);
      at += simulation.between(50, 3000);
    }
    if (simulation.random() < 0.1) clock.setTimeout(() => visitor.here && visitor.setUploadRate(0), at / 2);
    clock.setTimeout(
      () => {
        if (simulation.random() < 0.6) visitor.leave();
        else visitor.vanish(darkness(simulation.random));
      },
      at * simulation.between(0.6, 4),
    );
  }

  #zipf(): SiteFile {
    const { files, random } = this.simulation;
    const total = files.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
    let left = random() * total;
    const found = files.find((_, i) => (left -= 1 / (i + 1)) < 0);
    return found ?? this.simulation.pick(files);
  }
}

/** Whether number `i` is one of a share that is spread evenly over all numbers. */
export function isShare(share: number, i: number): boolean {
  return Math.floor((i + 1) * share) > Math.floor(i * share);
}

function flipSometimes(frame: Bytes, random: () => number): Bytes {
  if (frame[0] !== DATA || random() > ALTERED_SHARE) return frame;
  const at = HEADER + Math.floor(random() * (frame.byteLength - HEADER));
  frame[at] = (frame[at] ?? 0) ^ (1 << Math.floor(8 * random()));
  return frame;
}
