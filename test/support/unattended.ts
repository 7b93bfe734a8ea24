import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright';
import { CHROMIUM_ARGS } from '../../scripts/find-browser.mjs';

/**
 * Opens `url` in a browser that nobody looks into: what happens there is known from what it asks of
 * the servers. For what Chromium does not do while a debugger is attached, such as prerendering.
 * Resolves to what closes it.
 */
export async function openUnattended(url: string): Promise<() => Promise<void>> {
  const profile = await mkdtemp(path.join(tmpdir(), 'peerfold-unattended-'));
  const program = process.env['PEERFOLD_CHROMIUM'] ?? chromium.executablePath();
  const args = [...CHROMIUM_ARGS, '--headless=new', `--user-data-dir=${profile}`, url];
  // Its own process group: the program may be a script that starts the browser.
  const browser = spawn(program, args, { stdio: 'ignore', detached: true });
  const gone = new Promise((resolve) => browser.once('exit', resolve));
  return async () => {
    if (browser.exitCode === null && browser.pid !== undefined) process.kill(-browser.pid);
    await gone;
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
}
