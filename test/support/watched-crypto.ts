import { settle } from './fake-clock.js';

/**
 * WebCrypto works on other threads, in real time, which a fake clock knows nothing of. This counts what
 * is under way, so that a test can let it finish before it moves the clock on.
 */
const underWay = new Set<Promise<unknown>>();

function watch(name: 'verify' | 'importKey' | 'sign' | 'digest'): void {
  const subtle = globalThis.crypto.subtle;
  const original = subtle[name].bind(subtle) as (...args: unknown[]) => Promise<unknown>;
  const watched = (...args: unknown[]): Promise<unknown> => {
    const work = original(...args);
    const done = (): void => {
      underWay.delete(work);
    };
    underWay.add(work);
    work.then(done, done);
    return work;
  };
  Object.defineProperty(subtle, name, { value: watched, configurable: true });
}

for (const name of ['verify', 'importKey', 'sign', 'digest'] as const) watch(name);

/** Settles when neither promises nor WebCrypto have anything left to do at this moment of the clock. */
export async function quiet(): Promise<void> {
  await settle();
  while (underWay.size > 0) {
    await Promise.allSettled(underWay);
    await settle();
  }
}
