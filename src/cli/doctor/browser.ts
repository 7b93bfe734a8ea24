import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import type { Browser, BrowserType } from 'playwright-core';
import { reasonOf } from '../../core/errors.js';
import { Failure, type Io } from '../io.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'];
/** Where systems put it that have no PATH to speak of. */
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** It does only what it is told: no updates, no requests of its own. */
const QUIET = [
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--mute-audio',
];

/** Starts the browser that was named, or one that is found. Throws a `Failure` that says what to do. */
export async function startBrowser(named: string | undefined, env: Io['env']): Promise<Browser> {
  const chromium = await driver();
  const executablePath = await findBrowser(named, env);
  // Chromium's sandbox does not start for root, which programs in containers mostly are.
  const args = process.getuid?.() === 0 ? [...QUIET, '--no-sandbox'] : QUIET;
  try {
    return await chromium.launch({ executablePath, args });
  } catch (error) {
    const [first = ''] = reasonOf(error).split('\n');
    throw new Failure(`${executablePath} does not start: ${first}`);
  }
}

/** Path of a Chromium or Chrome. */
export async function findBrowser(named: string | undefined, env: Io['env']): Promise<string> {
  const wanted = named ?? env['PEERFOLD_CHROMIUM'];
  if (wanted !== undefined && wanted !== '') {
    if (await isExecutable(wanted)) return wanted;
    throw new Failure(`${wanted} is no browser that can be started (--browser, PEERFOLD_CHROMIUM)`);
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const candidate of [...onPath, ...PLACES]) if (await isExecutable(candidate)) return candidate;
  const itsOwn = (await driver()).executablePath();
  if (await isExecutable(itsOwn)) return itsOwn;
  throw new Failure(
    'the doctor needs Chromium or Chrome: install one (npx playwright install chromium does), or name it with --browser',
  );
}

/** Loaded when it is needed: the services share this program's file, and start without it. */
async function driver(): Promise<BrowserType> {
  return (await import('playwright-core')).chromium;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
