import type { Root } from '../../../src/core/brands.js';
import type { Bytes } from '../../../src/core/bytes.js';
import type { CloseReason } from '../../../src/peer/link.js';
import type { RequestFrame } from '../../../src/protocol/peer.js';
import type { Conversation } from './hostile-peer.js';

/** One way to be a bad peer. What is left out is done as an honest peer does it. */
export interface HostileKind {
  /** Completes "a peer that …". */
  readonly name: string;
  /** Why honest visitors end the link; absent for what they cannot know, or need not mind. */
  readonly ends?: CloseReason;
  readonly opened?: (talk: Conversation) => void;
  readonly asked?: (talk: Conversation, root: Root, layers: boolean) => void;
  readonly requested?: (talk: Conversation, request: RequestFrame) => void;
}

export function greet(talk: Conversation): void {
  talk.send({ type: 'hello', version: 1 });
}

export function noise(talk: Conversation, length: number): Bytes {
  return Uint8Array.from({ length }, () => Math.floor(256 * talk.random()));
}

/** A root that is nobody's, another one each time. */
export function someRoot(talk: Conversation): Root {
  return talk.count('root').toString(16).padStart(64, '0') as Root;
}
