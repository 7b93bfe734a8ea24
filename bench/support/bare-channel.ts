import type { Page } from 'playwright';

const MESSAGE_BYTES = 64 * 1024;
/** Twice as fast as megabytes. */
const HIGH_WATER = 256 * 1024;
const LOW_WATER = HIGH_WATER / 2;

declare global {
  interface Window {
    /** The benchmark's own connection, between its steps. */
    bare?: RTCPeerConnection;
    /** The receiver's end, as soon as it is there. */
    bareChannel?: Promise<RTCDataChannel>;
  }
}

/**
 * Sends `length` bytes over a data channel of its own from one page to another, as fast as it goes.
 * Milliseconds from the receiver's word to begin to the last byte.
 */
export async function bareTransfer(from: Page, to: Page, length: number): Promise<number> {
  const offer = await from.evaluate(makeOffer, {
    length,
    message: MESSAGE_BYTES,
    high: HIGH_WATER,
    low: LOW_WATER,
  });
  const answer = await to.evaluate(makeAnswer, offer);
  const received = to.evaluate(receive, length);
  await from.evaluate(async (sdp) => {
    await window.bare?.setRemoteDescription({ type: 'answer', sdp });
  }, answer);
  try {
    return await received;
  } finally {
    for (const page of [from, to]) {
      await page.evaluate(() => {
        window.bare?.close();
        delete window.bare;
      });
    }
  }
}

interface Sending {
  readonly length: number;
  readonly message: number;
  readonly high: number;
  readonly low: number;
}

/** Runs in the sender's page: a connection that sends once the other side says so. */
async function makeOffer({ length, message, high, low }: Sending): Promise<string> {
  const connection = (window.bare = new RTCPeerConnection());
  const channel = connection.createDataChannel('bare');
  channel.bufferedAmountLowThreshold = low;
  const payload = new Uint8Array(message);
  let left = length;
  const send = (): void => {
    while (left > 0 && channel.bufferedAmount < high) {
      const size = Math.min(message, left);
      channel.send(payload.subarray(0, size));
      left -= size;
    }
  };
  channel.onmessage = send;
  channel.onbufferedamountlow = send;
  await connection.setLocalDescription();
  await new Promise<void>((resolve) => {
    if (connection.iceGatheringState === 'complete') resolve();
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') resolve();
    };
  });
  return connection.localDescription?.sdp ?? '';
}

/** Runs in the receiver's page. */
async function makeAnswer(offer: string): Promise<string> {
  const connection = (window.bare = new RTCPeerConnection());
  window.bareChannel = new Promise((resolve) => {
    connection.ondatachannel = ({ channel }) => {
      channel.binaryType = 'arraybuffer';
      resolve(channel);
    };
  });
  await connection.setRemoteDescription({ type: 'offer', sdp: offer });
  await connection.setLocalDescription();
  await new Promise<void>((resolve) => {
    if (connection.iceGatheringState === 'complete') resolve();
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') resolve();
    };
  });
  return connection.localDescription?.sdp ?? '';
}

/** Runs in the receiver's page: says the word when the channel is open, and counts. */
async function receive(length: number): Promise<number> {
  const channel = await window.bareChannel;
  if (!channel) throw new Error('no connection');
  return new Promise((resolve) => {
    let start = 0;
    let bytes = 0;
    channel.onmessage = ({ data }) => {
      bytes += (data as ArrayBuffer).byteLength;
      if (bytes >= length) resolve(performance.now() - start);
    };
    const begin = (): void => {
      start = performance.now();
      channel.send('go');
    };
    if (channel.readyState === 'open') begin();
    else channel.onopen = begin;
  });
}
