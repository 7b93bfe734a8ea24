import type { PeerId } from '../../src/core/brands.js';
import type { Bytes } from '../../src/core/bytes.js';
import { toBase64Url } from '../../src/protocol/base64.js';

declare const brand: unique symbol;
/** A node's name, drawn anew at each start: what its pids begin with. */
export type NodeName = string & { readonly [brand]: 'NodeName' };

/** Bytes that name a node: a multiple of three, so that their base64url leads every pid as it stands. */
export const NODE_LENGTH = 3;
const NAME_LENGTH = (NODE_LENGTH * 4) / 3;
const NAME_SHAPE = /^[A-Za-z0-9_-]{4}$/;

export function nodeName(node: Bytes): NodeName {
  return toBase64Url(node) as NodeName;
}

/** The node that gave this pid. */
export function nodeOf(pid: PeerId): NodeName {
  return pid.slice(0, NAME_LENGTH) as NodeName;
}

export function isNodeName(value: unknown): value is NodeName {
  return typeof value === 'string' && NAME_SHAPE.test(value);
}
