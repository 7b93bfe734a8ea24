/**
 * The part of simple-peer 9 that we use. Its published types extend Node's streams, and Node's types
 * have no place in code for browsers.
 */
declare module 'simple-peer' {
  interface Options {
    initiator: boolean;
    trickle: boolean;
    config: RTCConfiguration;
    channelConfig: RTCDataChannelInit;
    wrtc: {
      RTCPeerConnection: typeof RTCPeerConnection;
      RTCSessionDescription: typeof RTCSessionDescription;
      RTCIceCandidate: typeof RTCIceCandidate;
    };
  }

  export default class SimplePeer {
    constructor(options: Options);
    readonly bufferSize: number;
    signal(data: unknown): void;
    send(data: Uint8Array<ArrayBuffer>): void;
    destroy(): void;
    on(event: 'signal' | 'data' | 'error', listener: (value: unknown) => void): this;
    on(event: 'close', listener: () => void): this;
  }
}
