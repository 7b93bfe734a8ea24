import { installByApt } from './install-by-apt.mjs';
import { programOnPath } from './on-path.mjs';

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

async function installNow() {
  const why = 'No WebKit found; installing the one of the distribution, with a screen that nobody sees.';
  return (await installByApt(PACKAGES, why)) ? installed() : undefined;
}

/**
 * Paths of the driver of GTK's WebKit and of the screen it needs: those that `PEERFOLD_WEBKIT` and `PEERFOLD_SCREEN`
 * name, or installed ones, or ones installed now. `undefined` when they are not to be had: the tests that need them
 * then fail and say so, the others run.
 */
export async function findWebKit() {
  const { PEERFOLD_WEBKIT: driver, PEERFOLD_SCREEN: screen } = process.env;
  return driver && screen ? { driver, screen } : ((await installed()) ?? (await installNow()));
}
