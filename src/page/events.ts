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

/** An `EventTarget` that knows what its listeners are given. */
export interface PeerfoldEventTarget extends EventTarget {
  addEventListener<Type extends keyof PeerfoldEvents>(
    type: Type,
    listener: Listener<PeerfoldEvents[Type]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: Listener<Event>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Type extends keyof PeerfoldEvents>(
    type: Type,
    listener: Listener<PeerfoldEvents[Type]>,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: Listener<Event>,
    options?: boolean | EventListenerOptions,
  ): void;
}

export const PeerfoldEventTarget = EventTarget as new () => PeerfoldEventTarget;
