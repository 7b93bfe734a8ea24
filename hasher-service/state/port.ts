import type { Bytes } from '../../src/core/bytes.js';
import type { CanonicalUrl, Root, Site } from '../../src/core/brands.js';
import type { Statement } from '../signing/statements.js';
import type { Voucher } from './voucher.js';

/** What a state tells, unasked. */
export interface StateListener {
  /** A genuine statement, kept or said elsewhere; perhaps older than what is known, perhaps over. */
  learn(statement: Statement): void;
  /** What a kept token says about its root, by an index: enough to answer for the root, not to give it out. */
  vouch(voucher: Voucher): void;
  /** What was kept about `url` cannot be used any more. */
  forget(site: Site, url: CanonicalUrl): void;
  /** A version that was used, here or elsewhere: later ones must be higher. */
  remember(ver: number): void;
}

/**
 * Where statements and layers are kept, and how several instances share work. What is kept is read with
 * suspicion: only a statement with our signature, about the URL that was asked for, whose layer is
 * there, is ever given back; anything else is removed.
 */
export interface State {
  /** Comes first, once. When it resolves, the versions used before are known, as far as they can be. */
  open(listener: StateListener): Promise<void>;
  /** Resolves when the listener has heard of every root that a kept token vouches for. */
  recall(signal: AbortSignal): Promise<void>;
  /** The statement kept about `url`, current or not. */
  read(site: Site, url: CanonicalUrl): Promise<Statement | undefined>;
  /**
   * Keeps a statement, unless one about the URL with a higher `ver` is kept; resolves to the one that
   * counts. Short refusals may be left out. The layer that a token needs must have been written before.
   * Rejects when a token would be lost.
   */
  write(statement: Statement): Promise<Statement>;
  /** The layer of `root` as it goes over the wire. */
  readLayer(root: Root): Promise<Bytes | undefined>;
  writeLayer(root: Root, layer: readonly Bytes[]): Promise<void>;
  /**
   * Resolves when no later run can use `ver` or a lower one, whatever its clock says, and the listener has
   * heard of higher ones that are used elsewhere.
   */
  reserve(ver: number): Promise<void>;
  /**
   * Runs `work` on `url` while no other instance does, after the listener has learnt what is kept. Where
   * another one came first, waits for what it says, which the listener learns, and leaves the work undone.
   * Aborted while it waits, it resolves.
   */
  alone(site: Site, url: CanonicalUrl, work: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /**
   * Looks through what is kept, gently, and removes what cannot be used or is needed no more. Resolves to
   * whether the listener has heard of everything that vouches for a root. Rejects when aborted.
   */
  survey(signal: AbortSignal): Promise<boolean>;
  /** What keeps it from doing all this, in a sentence; `undefined` when nothing does. */
  readonly trouble: string | undefined;
  close(): Promise<void>;
}
