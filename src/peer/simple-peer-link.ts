import SimplePeer from 'simple-peer';
import type { Bytes } from '../core/bytes.js';
import type { Clock, Timer } from '../core/clock.js';
import { PeerfoldError } from '../core/errors.js';
import type { Relays } from '../protocol/hasher.js';
import {
  LOW_WATER,
  type CloseReason,
  type LinkFactory,
  type LinkHandlers,
  type LinkOptions,
  type Signal,
  type SignallingLink,
} from './link.js';
import { SignalBatcher } from './signal-batcher.js';
import { parseSignal } from './signals.js';

/** How long (ms) a link may take to open; a link on a working path takes six round trips. */
const CONNECT_TIMEOUT = 10_000;

export interface SimplePeerOptions {
  readonly clock: Clock;
  /** STUN and TURN servers (default none). simple-peer's own default would call public ones. */
  readonly iceServers?: readonly RTCIceServer[];
  /** Further ones, asked for with each link. */
  readonly relays: () => Relays | undefined;
  /** Only relayed candidates: hides the visitor's address from peers, needs a TURN server. */
  readonly relayOnly?: boolean;
}

/** Links over WebRTC data channels. `create` throws `not-supported` where there are none. */
export function createSimplePeerFactory(options: SimplePeerOptions): LinkFactory {
  return {
    create(link: LinkOptions): SignallingLink {
      if (typeof RTCPeerConnection === 'undefined') {
        throw new PeerfoldError('not-supported', 'this browser has no WebRTC');
      }
      return new SimplePeerLink(options, link);
    },
  };
}

class SimplePeerLink implements SignallingLink {
  readonly #peer: SimplePeer;
  readonly #clock: Clock;
  readonly #batcher: SignalBatcher;
  #handlers: LinkHandlers | undefined;
  #timer: Timer;
  #open = false;
  #closed = false;

  constructor({ clock, iceServers = [], relays, relayOnly }: SimplePeerOptions, options: LinkOptions) {
    const { urls, ...user } = relays() ?? {};
    this.#clock = clock;
    this.#batcher = new SignalBatcher(clock, (signals) => {
      options.onSignals(signals);
    });
    this.#peer = new SimplePeer({
      initiator: options.initiator,
      trickle: true,
      config: {
        iceServers: [...iceServers, ...(urls ? [{ urls: [...urls], ...user }] : [])],
        iceTransportPolicy: relayOnly ? 'relay' : 'all',
      },
      channelConfig: { ordered: true },
      wrtc: constructorsTelling((channel) => {
        this.#watch(channel);
      }),
    });
    this.#attach();
    this.#timer = clock.setTimeout(() => {
      this.close('timeout');
    }, CONNECT_TIMEOUT);
  }

  get open(): boolean {
    return this.#open && !this.#closed;
  }

  get buffered(): number {
    return this.#closed ? 0 : this.#peer.bufferSize;
  }

  listen(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  send(frame: Bytes): boolean {
    if (!this.open) return false;
    try {
      this.#peer.send(frame);
      return true;
    } catch {
      // The channel closed a moment ago and nobody said so yet, or its queue is full: the same to us.
      this.close('failed');
      return false;
    }
  }

  signal(signals: readonly Signal[]): void {
    try {
      for (const signal of signals) if (!this.#closed) this.#peer.signal(signal);
    } catch {
      // RTCIceCandidate throws for text that is no candidate; the other end is broken.
      this.close('failed');
    }
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTimer();
    this.#batcher.stop();
    this.#peer.destroy();
    this.#handlers?.onClose(reason);
  }

  /** Frames can come before simple-peer says `connect`, so all listeners are there from the start. */
  #attach(): void {
    this.#peer.on('signal', (signal) => {
      const known = parseSignal(signal);
      if (known && !this.#closed) this.#batcher.add(known);
    });
    this.#peer.on('data', (data) => {
      // Text is not ours: an empty frame is one that no session accepts.
      const bytes = data instanceof Uint8Array ? data : new Uint8Array();
      if (!this.#closed)
        this.#handlers?.onFrame(
          new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength),
        );
    });
    this.#peer.on('error', () => {
      this.close(this.#open ? 'lost' : 'failed');
    });
    this.#peer.on('close', () => {
      this.close('lost');
    });
  }

  /** simple-peer has no event for a drained queue outside its stream, so the channel itself is listened to. */
  #watch(channel: RTCDataChannel): void {
    channel.addEventListener('open', () => {
      this.#onOpen();
    });
    channel.addEventListener('bufferedamountlow', () => {
      if (this.open) this.#handlers?.onDrain();
    });
    channel.bufferedAmountLowThreshold = LOW_WATER;
  }

  /** `connect` of simple-peer comes later: it waits for statistics that we do not need. */
  #onOpen(): void {
    if (this.#open || this.#closed) return;
    this.#open = true;
    this.#stopTimer();
    this.#handlers?.onOpen();
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** The platform's constructors, with word of each data channel as it appears. */
function constructorsTelling(onChannel: (channel: RTCDataChannel) => void) {
  class TellingConnection extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('datachannel', ({ channel }) => {
        onChannel(channel);
      });
    }

    override createDataChannel(label: string, init?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, init);
      onChannel(channel);
      return channel;
    }
  }
  return { RTCPeerConnection: TellingConnection, RTCSessionDescription, RTCIceCandidate };
}
