import { isObject, isText } from './check.js';

/**
 * How a page and the worker come to talk. The page opens a `MessageChannel`, posts `BridgeHello` with one
 * port to the worker, and both keep their port: a kept port is nearly twice as fast as a channel per
 * question. But what is said over a port neither wakes a worker nor keeps it awake, and browsers stop one that nobody
 * asked anything for half a minute. The messages of this file do both, and are the only ones that other code of the site
 * may see.
 */
export interface BridgeHello {
  readonly peerfold: 'hello';
  /** Builds that differ do not talk; both sides then use HTTP only. */
  readonly build: string;
  /**
   * Names the visit across pages and tabs; pieces of other visits are not offered to peers. A page that is not allowed
   * has none.
   */
  readonly visit?: string;
  readonly allowed: boolean;
  /** Media elements of this page began to load before the worker controlled it: ask about each. */
  readonly early: boolean;
}

/** Posted by a restarted worker to its windows: say hello again, my ports are gone. */
export interface BridgeCall {
  readonly peerfold: 'call';
  readonly build: string;
}

/** Posted by a page whose engine works for all tabs, now and then: do not stop, or if you were stopped, start. */
export const BRIDGE_STAY = { peerfold: 'stay' };

/** Posted by a page of any build: the visitor wants nothing of us any more, so forget all that is kept of them, and end. */
export const BRIDGE_FORGET = { peerfold: 'forget' };

/** Posted by a worker to all windows once that is done. */
export const BRIDGE_FORGOTTEN = { peerfold: 'forgotten' };

/** Whether `value` is one of these three. */
export function isBridge(value: unknown, like: { readonly peerfold: string }): boolean {
  return isObject(value) && value['peerfold'] === like.peerfold;
}

export function isBridgeHello(value: unknown): value is BridgeHello {
  return (
    isObject(value) &&
    value['peerfold'] === 'hello' &&
    isText(value['build'], 64) &&
    (value['visit'] === undefined ? value['allowed'] === false : isText(value['visit'], 64)) &&
    typeof value['allowed'] === 'boolean' &&
    typeof value['early'] === 'boolean'
  );
}

export function isBridgeCall(value: unknown): value is BridgeCall {
  return isObject(value) && value['peerfold'] === 'call' && isText(value['build'], 64);
}
