import { vi } from 'vitest';

/** Longer than anything here takes on the slowest machine; reached only by a failing test. */
const PATIENCE = 10_000;

/**
 * Waits for work that runs on real threads (WebCrypto, worker threads), which no fake clock can hurry
 * and no fixed number of turns is sure to see finished.
 */
export async function until(check: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!check()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The same for what is said by an assertion. */
export function eventually(assertion: () => unknown): Promise<unknown> {
  return vi.waitFor(assertion, { timeout: PATIENCE, interval: 5 });
}
