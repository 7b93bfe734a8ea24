import { defineConfig } from 'playwright/test';
import { CHROMIUM_ARGS } from './scripts/find-browser.mjs';

const inCi = process.env['CI'] === 'true';
const executablePath = process.env['PEERFOLD_CHROMIUM'];

/** Of these two at a time spare the time in which one waits: none looks at a deadline, or asks for much of a share. */
const IN_PAIRS = [
  ...['asleep', 'broken', 'bundles', 'composition', 'dashboard', 'doctor', 'downloads', 'hostile-page'],
  ...['other-origins', 'out-of-the-way', 'overlay', 'policy', 'private', 'signals', 'static'],
  ...['tabs', 'uploads'],
].map((name) => `**/${name}.spec.ts`);

export default defineConfig({
  projects: [
    { name: 'pairs', testDir: 'test/browser', testMatch: IN_PAIRS, fullyParallel: true },
    { name: 'browser', testDir: 'test/browser', testIgnore: IN_PAIRS },
    { name: 'firefox', testDir: 'test/firefox' },
    { name: 'webkit', testDir: 'test/webkit', fullyParallel: true },
  ],
  testMatch: '**/*.spec.ts',
  outputDir: 'test-results',
  // Two cores: a second test's browsers beside the visitors of the first would distort every deadline.
  workers: 1,
  fullyParallel: false,
  forbidOnly: inCi,
  // A retry tells a flaky test from a broken one; the test script prints each as a defect.
  retries: inCi ? 1 : 0,
  // Some play a film of a minute twice, at several times its pace; the slowest took 42 s on two busy cores.
  timeout: 120_000,
  globalTimeout: 16 * 60_000,
  use: {
    browserName: 'chromium',
    headless: true,
    launchOptions: { args: CHROMIUM_ARGS, ...(executablePath ? { executablePath } : {}) },
  },
});
