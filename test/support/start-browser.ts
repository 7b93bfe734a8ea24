import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { chromium } from 'playwright';
import { CHROMIUM_ARGS } from '../../scripts/find-browser.mjs';

/** A browser that Playwright did not start. */
export interface StartedBrowser {
  /** What it says of its troubles. */
  readonly errors: Readable;
  /** Ends it, and resolves when it is gone. */
  readonly quit: () => Promise<void>;
}

/** Starts Chromium without a window, with the profile in the folder `profile`. */
export function startBrowser(profile: string, args: readonly string[]): StartedBrowser {
  const program = process.env['PEERFOLD_CHROMIUM'] ?? chromium.executablePath();
  const all = [...CHROMIUM_ARGS, '--headless=new', `--user-data-dir=${profile}`, ...args];
  // Its own process group: the program may be a script that starts the browser.
  const browser = spawn(program, all, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const gone = new Promise((resolve) => browser.once('exit', resolve));
  // Or it waits for somebody to read what it says.
  browser.stderr.resume();
  return {
    errors: browser.stderr,
    quit: async () => {
      if (browser.exitCode === null && browser.pid !== undefined) process.kill(-browser.pid);
      await gone;
    },
  };
}
