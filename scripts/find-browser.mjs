import { existsSync } from 'node:fs';
import { chromium } from 'playwright';
import { installByApt } from './install-by-apt.mjs';
import { isExecutable, programOnPath } from './on-path.mjs';
import { runTool } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A browser that does only what it is told: no updates, no sync, no requests of its own. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-client-side-phishing-detection',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-extensions',
  '--disable-sync',
  '--metrics-recording-only',
  '--mute-audio',
];

function ofPlaywright() {
  const file = chromium.executablePath();
  return existsSync(file) ? file : undefined;
}

async function installed() {
  return (await programOnPath(NAMES)) ?? ofPlaywright();
}

async function installByPlaywright() {
  console.log('No Chromium found; asking Playwright to install its own.');
  await runTool('playwright', ['install', 'chromium']);
  return ofPlaywright();
}

async function installNow() {
  const why = 'Installing the Chromium of the distribution.';
  return (await installByApt(['chromium'], why)) ? programOnPath(NAMES) : undefined;
}

/**
 * Path of a Chromium: the one `PEERFOLD_CHROMIUM` names, or an installed one, or one installed now.
 * Throws when there is none and none can be installed.
 */
export async function findBrowser() {
  const named = process.env.PEERFOLD_CHROMIUM;
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Error(`PEERFOLD_CHROMIUM names ${named}, which is not a program`);
  }
  const found = (await installed()) ?? (await installByPlaywright()) ?? (await installNow());
  if (found) return found;
  throw new Error('The browser tests need Chromium: install it, or name it with PEERFOLD_CHROMIUM.');
}
