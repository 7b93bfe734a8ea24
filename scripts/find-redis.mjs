import { existsSync } from 'node:fs';
import { programOnPath } from './on-path.mjs';
import { run } from './run.mjs';

const NAMES = ['redis-server', 'valkey-server'];

async function installByApt() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log('No Redis found; installing the one of the distribution.');
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run('apt-get', ['update'], quiet)) !== 0) return undefined;
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], quiet);
  return programOnPath(NAMES);
}

/**
 * Path of a Redis or Valkey server: the one `PEERFOLD_REDIS` names, or an installed one, or one installed
 * now. `undefined` when there is none: the tests that need it then fail and say so, the others run.
 */
export async function findRedis() {
  return process.env.PEERFOLD_REDIS || ((await programOnPath(NAMES)) ?? (await installByApt()));
}
