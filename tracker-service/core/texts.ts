import type { PeerId } from '../../src/core/brands.js';
import type { Introduction, SignalFrom } from '../../src/protocol/tracker.js';

/**
 * The two messages that are sent most, put together from parts that are known to need no escaping: pids,
 * keys, passes and boxes are base64url, an admission is a compact JWS. Most of each is the key and the
 * admission of a peer, which are written once for each visitor.
 */
export type Card = string;

export interface Credentials {
  readonly key: string;
  readonly admission?: string | undefined;
}

/** What peers are told of a visitor besides its pid, as members of a JSON object. */
export function cardOf({ key, admission }: Credentials): Card {
  return admission === undefined ? `"key":"${key}"` : `"key":"${key}","admission":"${admission}"`;
}

/** An `Introduction`, with its key and admission on the card. */
export interface Shown extends Pick<Introduction, 'pid' | 'has' | 'pass'> {
  readonly card: Card;
}

/** The protocol's `Peers`. */
export function peersText(q: number, peers: readonly Shown[]): string {
  const list = peers.map(
    ({ pid, card, has, pass }) => `{"pid":"${pid}",${card},"has":"${has}","pass":"${pass}"}`,
  );
  return `{"t":"peers","q":${q},"peers":[${list.join(',')}]}`;
}

/** The protocol's `SignalFrom`. */
export function signalText(
  from: PeerId,
  card: Card,
  { pass, box }: Pick<SignalFrom, 'pass' | 'box'>,
): string {
  return `{"t":"signal","from":"${from}",${card},"pass":"${pass}","box":"${box}"}`;
}
