import { installByApt } from './install-by-apt.mjs';
import { programOnPath } from './on-path.mjs';

const NAMES = ['firefox-esr', 'firefox'];
/** Debian's Firefox plays MP4 by the system's FFmpeg. */
const PACKAGES = ['firefox-esr', 'libavcodec-extra'];

async function installNow() {
  const why = 'No Firefox found; installing the one of the distribution.';
  return (await installByApt(PACKAGES, why)) ? programOnPath(NAMES) : undefined;
}

/**
 * Path of a Firefox: the one `PEERFOLD_FIREFOX` names, or an installed one, or one installed now.
 * `undefined` when there is none: the tests that need it then fail and say so, the others run.
 */
export async function findFirefox() {
  return process.env.PEERFOLD_FIREFOX || ((await programOnPath(NAMES)) ?? (await installNow()));
}
