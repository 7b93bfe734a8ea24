import fs from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

/** Watches that the kernel holds for this process; Linux only. */
export async function countWatches(): Promise<number> {
  const infos = await readdir('/proc/self/fdinfo');
  const texts = await Promise.all(
    infos.map((fd) => readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => '')),
  );
  return texts.join('\n').match(/^inotify /gm)?.length ?? 0;
}

/** From now on the system gives only so many watches, until the test ends. Returns how many it refused. */
export function limitWatches(left: number): () => number {
  const { watch } = fs;
  let asked = 0;
  const limited = (...args: Parameters<typeof watch>): ReturnType<typeof watch> => {
    if (++asked <= left) return watch(...args);
    const error = new Error('ENOSPC: System limit for number of file watchers reached');
    throw Object.assign(error, { code: 'ENOSPC' });
  };
  replace(limited as typeof watch);
  onTestFinished(() => {
    replace(watch);
  });
  return () => Math.max(0, asked - left);
}

function replace(watch: typeof fs.watch): void {
  fs.watch = watch;
  syncBuiltinESMExports();
}
