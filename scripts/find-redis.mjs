import { installByApt } from './install-by-apt.mjs';
import { programOnPath } from './on-path.mjs';

const NAMES = ['redis-server', 'valkey-server'];

async function installNow() {
  const why = 'No Redis found; installing the one of the distribution.';
  return (await installByApt(['redis-server'], why)) ? programOnPath(NAMES) : undefined;
}

/**
 * Path of a Redis or Valkey server: the one `PEERFOLD_REDIS` names, or an installed one, or one installed
 * now. `undefined` when there is none: the tests that need it then fail and say so, the others run.
 */
export async function findRedis() {
  return process.env.PEERFOLD_REDIS || ((await programOnPath(NAMES)) ?? (await installNow()));
}
