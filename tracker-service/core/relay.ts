import type { Site } from '../../src/core/brands.js';
import type { Report, SignalTo } from '../../src/protocol/tracker.js';
import type { FailureCode, NodeFailed, NodeReport, NodeSignal } from '../nodes/messages.js';
import type { Elsewhere } from './elsewhere.js';
import type { Passes } from './passes.js';
import type { Refusal } from './refusal.js';
import type { Tally } from './tally.js';
import { cardOf, signalText, type Card } from './texts.js';
import type { Visitor } from './visitor.js';
import type { Visitors } from './visitors.js';

export interface RelayOptions {
  readonly site: Site;
  readonly visitors: Visitors;
  readonly passes: Passes;
  readonly tally: Tally;
  /** The other nodes, where there are some. */
  readonly elsewhere: Elsewhere | undefined;
}

/** A slow peer may be slow for one asker only. */
const SLOW_COMPLAINT = 1 / 4;
/** Until a peer that reads too slowly, or is called by too many, may be signalled again (ms). */
const RETRY = 1_000;
const FAILURES: Record<FailureCode, Omit<Refusal, 'code'>> = {
  gone: { message: 'this peer has left' },
  full: { message: 'this peer reads too slowly', retry: RETRY },
  rate: { message: 'this peer is called by too many', retry: RETRY },
};

/**
 * Signals and reports between peers that were introduced. A pass is checked by the node of who uses it,
 * and the pass for the way back is made by the node of who is called: nodes share no secret for that.
 */
export class Relay {
  constructor(private readonly options: RelayOptions) {}

  /** Relays a sealed signal, with the pass for the way back. */
  signal(visitor: Visitor, { to, pass, box }: SignalTo): Refusal | undefined {
    const { elsewhere, passes, site, visitors } = this.options;
    const isPermitted = visitor.acquaintances.hasPass(to, pass) || passes.permits(pass, visitor.pid, to);
    if (!isPermitted) return badPass('no valid pass for this peer');
    const remote = elsewhere?.has(to) ? elsewhere : undefined;
    const target = visitors.present(to);
    if (!target && !remote) return failure('gone');
    const wait = visitor.acquaintances.wasCalledBy(to) ? 0 : visitor.allowances.targets.reach(to);
    if (wait > 0) return { code: 'rate', message: 'too many different peers in a minute', retry: wait };
    const { pid: from, identity } = visitor;
    if (target) return this.#deliver(target, visitor.card, { from, box });
    const { key, admission } = identity;
    remote?.send(to, { t: 'signal', site, from, key, ...(admission ? { admission } : {}), to, box });
    return undefined;
  }

  /** A signal from another node; its sender's node is told when it does not arrive. */
  signalled(message: NodeSignal): void {
    const { elsewhere, site, visitors } = this.options;
    const { from, to, box } = message;
    const refusal = this.#receive(visitors.present(to), message, box);
    if (refusal) elsewhere?.send(from, { t: 'failed', site, to: from, about: to, code: refusal });
  }

  /** A signal of one of ours did not arrive. */
  failed({ to, code }: NodeFailed): void {
    const { message, retry } = FAILURES[code];
    this.options.visitors
      .present(to)
      ?.line?.send({ t: 'error', re: 'signal', code, message, ...(retry === undefined ? {} : { retry }) });
  }

  /** One voice for each pair that was introduced; wrong bytes count, slowness counts for a quarter. */
  report(visitor: Visitor, { pid, bad, slow }: Report): Refusal | undefined {
    if (!visitor.acquaintances.knows(pid)) return badPass('you were not introduced to this peer');
    if ((bad === 0 && slow === 0) || !visitor.acquaintances.firstReport(pid)) return undefined;
    const { elsewhere, site } = this.options;
    if (elsewhere?.has(pid)) elsewhere.send(pid, { t: 'report', site, pid, bad, slow });
    else this.reported({ pid, bad });
    return undefined;
  }

  /** Somebody who met one of ours complains, here or at another node. */
  reported({ pid, bad }: Pick<NodeReport, 'pid' | 'bad'>): void {
    const subject = this.options.visitors.present(pid);
    if (!subject) return;
    subject.complaints += bad > 0 ? 1 : SLOW_COMPLAINT;
    this.options.visitors.reweigh(subject);
  }

  #receive(target: Visitor | undefined, sender: NodeSignal, box: string): FailureCode | undefined {
    if (!target) return 'gone';
    // Strangers from elsewhere were shown to it by another node, which does not know how often others did.
    const isStranger = !target.acquaintances.knows(sender.from);
    if (isStranger && !target.allowances.offers.take(1)) return 'rate';
    const refusal = this.#deliver(target, cardOf(sender), { from: sender.from, box });
    return refusal ? 'full' : undefined;
  }

  #deliver(
    target: Visitor,
    card: Card,
    { from, box }: Pick<NodeSignal, 'from' | 'box'>,
  ): Refusal | undefined {
    if (!target.line || target.line.crowded) return failure('full');
    const { passes, tally } = this.options;
    target.acquaintances.meet(from, true);
    const pass = target.acquaintances.passFor(from, () => passes.issue(target.pid, from));
    target.line.sendText(signalText(from, card, { pass, box }));
    tally.signal();
    return undefined;
  }
}

function failure(code: FailureCode): Refusal {
  return { code, ...FAILURES[code] };
}

function badPass(message: string): Refusal {
  return { code: 'bad-pass', message };
}
