import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBrowser } from './start-browser.js';

/**
 * Opens `url` in a browser that nobody looks into: what happens there is known from what it asks of
 * the servers. For what Chromium does not do while a debugger is attached, such as prerendering.
 * Resolves to what closes it.
 */
export async function openUnattended(url: string): Promise<() => Promise<void>> {
  const profile = await mkdtemp(path.join(tmpdir(), 'peerfold-unattended-'));
  const { quit } = startBrowser(profile, [url]);
  return async () => {
    await quit();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
}
