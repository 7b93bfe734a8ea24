import { existsSync } from 'node:fs';
import { programOnPath } from './on-path.mjs';
import { run } from './run.mjs';

const DRIVER = 'WebKitWebDriver';
const SCREEN = 'Xvfb';
/** The driver brings the small browser; GStreamer plays MP4 with the last three. */
const PACKAGES = [
  ...['webkit2gtk-driver', 'xvfb'],
  ...['gstreamer1.0-libav', 'gstreamer1.0-plugins-good', 'gstreamer1.0-plugins-bad'],
];

async function installed() {
  const [driver, screen] = await Promise.all([programOnPath([DRIVER]), programOnPath([SCREEN])]);
  return driver && screen ? { driver, screen } : undefined;
}

async function installByApt() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log('No WebKit found; installing the one of the distribution, with a screen that nobody sees.');
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run('apt-get', ['update'], quiet)) !== 0) return undefined;
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...PACKAGES], quiet);
  return installed();
}

/**
 * Paths of the driver of GTK's WebKit and of the screen it needs: those that `PEERFOLD_WEBKIT` and `PEERFOLD_SCREEN`
 * name, or installed ones, or ones installed now. `undefined` when they are not to be had: the tests that need them
 * then fail and say so, the others run.
 */
export async function findWebKit() {
  const { PEERFOLD_WEBKIT: driver, PEERFOLD_SCREEN: screen } = process.env;
  return driver && screen ? { driver, screen } : ((await installed()) ?? (await installByApt()));
}
