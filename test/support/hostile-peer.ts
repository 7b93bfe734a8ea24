import type { BrowserContext } from 'playwright';

declare global {
  interface Window {
    /** Data frames that a page of `makeHostile` owed somebody. */
    tamperedFrames: number;
  }
}

/** How a hostile visitor treats the data frames that it owes. */
export type Malice = 'wrong-bytes' | 'short' | 'long' | 'silence';

/**
 * Makes every page of `context` a hostile peer: its real engine runs, but what leaves its data channels
 * is tampered with. Type 5 is a `data` frame (docs/protocol.md): id, offset, payload.
 */
export async function makeHostile(context: BrowserContext, malice: Malice): Promise<void> {
  await context.addInitScript((malice) => {
    const DATA = 5;
    const HEADER = 9;
    window.tamperedFrames = 0;
    const channel = RTCDataChannel.prototype;
    const send = Reflect.get(channel, 'send') as (this: RTCDataChannel, data: ArrayBufferView) => void;
    const tampered: Record<string, (frame: Uint8Array) => Uint8Array | undefined> = {
      'wrong-bytes': (frame) => {
        const copy = frame.slice();
        copy[HEADER] = (copy[HEADER] ?? 0) ^ 1;
        return copy;
      },
      short: (frame) => frame.slice(0, Math.max(HEADER + 1, frame.byteLength - 1000)),
      long: (frame) => {
        const longer = new Uint8Array(frame.byteLength + 1000);
        longer.set(frame);
        return longer;
      },
      silence: () => undefined,
    };
    channel.send = function (this: RTCDataChannel, data: unknown): void {
      if (!ArrayBuffer.isView(data)) throw new TypeError('the engine sends views');
      const frame = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      if (frame[0] === DATA) window.tamperedFrames++;
      const sent = frame[0] === DATA ? tampered[malice]?.(frame) : frame;
      if (sent) send.call(this, sent);
    };
  }, malice);
}
