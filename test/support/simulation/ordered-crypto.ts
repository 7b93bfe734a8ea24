import { eventLoopTurn } from '../swift-clock.js';

/**
 * WebCrypto works on other threads, in real time, and finishes in any order. Here what was asked for first
 * is done first, each in a turn of the event loop of its own, so that a simulation repeats exactly, and
 * a clock can wait for it.
 */
const METHODS = [
  ...(['digest', 'sign', 'verify', 'encrypt', 'decrypt'] as const),
  ...(['generateKey', 'importKey', 'exportKey', 'deriveBits', 'deriveKey'] as const),
];

let latest: Promise<unknown> = Promise.resolve();
let underWay = 0;

function order(name: (typeof METHODS)[number]): void {
  const subtle = globalThis.crypto.subtle;
  const original = subtle[name].bind(subtle) as (...args: unknown[]) => Promise<unknown>;
  const ordered = async (...args: unknown[]): Promise<unknown> => {
    underWay++;
    const before = latest;
    const work = original(...args);
    latest = before.then(() => work.catch(() => undefined)).then(eventLoopTurn);
    await latest;
    underWay--;
    return work;
  };
  Object.defineProperty(subtle, name, { value: ordered, configurable: true });
}

METHODS.forEach(order);

/** Settles when neither promises nor WebCrypto have anything left to do at this moment of the clock. */
export async function cryptoAtRest(): Promise<void> {
  await eventLoopTurn();
  while (underWay > 0) {
    await latest;
    await eventLoopTurn();
  }
}
