import { isObject, isText } from './check.js';

/**
 * How a page and the worker come to talk. The page opens a `MessageChannel`, posts `BridgeHello` with one
 * port to the worker, and both keep their port: a kept port is nearly twice as fast as a channel per
 * question. These two are the only messages that other code of the site may see.
 */
export interface BridgeHello {
  readonly peerfold: 'hello';
  /** Builds that differ do not talk; both sides then use HTTP only. */
  readonly build: string;
  /** Names the visit across pages and tabs; pieces of other visits are not offered to peers. */
  readonly visit: string;
  readonly allowed: boolean;
  /** Media elements of this page began to load before the worker controlled it: ask about each. */
  readonly early: boolean;
}

/** Posted by a restarted worker to its windows: say hello again, my ports are gone. */
export interface BridgeCall {
  readonly peerfold: 'call';
  readonly build: string;
}

export function isBridgeHello(value: unknown): value is BridgeHello {
  return (
    isObject(value) &&
    value['peerfold'] === 'hello' &&
    isText(value['build'], 64) &&
    isText(value['visit'], 64) &&
    typeof value['allowed'] === 'boolean' &&
    typeof value['early'] === 'boolean'
  );
}

export function isBridgeCall(value: unknown): value is BridgeCall {
  return isObject(value) && value['peerfold'] === 'call' && isText(value['build'], 64);
}
