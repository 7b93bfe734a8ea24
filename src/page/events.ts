import type { TransferReport } from '../protocol/bridge.js';
import type { Fault, PeerEvent } from './engine-host.js';
import type { PlaybackEvent } from './playbacks.js';

/** The events of `window.peerfold`. */
export interface PeerfoldEvents {
  readonly transfer: CustomEvent<TransferReport>;
  readonly peer: CustomEvent<PeerEvent>;
  readonly playback: CustomEvent<PlaybackEvent>;
  readonly error: CustomEvent<Fault>;
}

type Listener<Occasion extends Event> =
  ((event: Occasion) => void) | { handleEvent(event: Occasion): void } | null;

/** Adds or removes a listener, which knows what it is given. */
interface Listen<Options> {
  <Type extends keyof PeerfoldEvents>(
    type: Type,
    listener: Listener<PeerfoldEvents[Type]>,
    options?: boolean | Options,
  ): void;
  (type: string, listener: Listener<Event>, options?: boolean | Options): void;
}

/** An `EventTarget` that knows what its listeners are given. */
export interface PeerfoldEventTarget extends EventTarget {
  addEventListener: Listen<AddEventListenerOptions>;
  removeEventListener: Listen<EventListenerOptions>;
}

export const PeerfoldEventTarget = EventTarget as new () => PeerfoldEventTarget;
