import { spawn } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';

/** A package that we are compared with. */
interface Rival {
  readonly name: string;
  readonly version: string;
  /** The file of it that is needed. */
  readonly file: string;
}

export const TRACKER_RIVAL: Rival = { name: 'bittorrent-tracker', version: '11', file: 'server.js' };
/** Brings the tracker of its family along. */
export const BROWSER_RIVAL: Rival = { name: 'webtorrent', version: '2', file: 'dist/webtorrent.min.js' };
/** Brings its core and the tracker of its family along. */
export const STREAM_RIVAL: Rival = {
  name: 'p2p-media-loader-hlsjs',
  version: '2.3.1',
  file: 'dist/p2p-media-loader-hlsjs.es.min.js',
};

/**
 * Where a rival is installed; it is fetched when it is not there. It is no dependency of the project: one
 * of their own downloads a program when it is installed, which a strange machine may not allow, and which
 * neither of them needs here. Resolves to nothing when it cannot be had.
 */
export async function rivalFolder(root: string, { name, version, file }: Rival): Promise<string | undefined> {
  const prefix = path.join(root, 'dist/bench-rivals', name);
  const folder = path.join(prefix, 'node_modules', name);
  const isThere = (): Promise<boolean> =>
    access(path.join(folder, file)).then(
      () => true,
      () => false,
    );
  if (await isThere()) return folder;
  await mkdir(prefix, { recursive: true });
  const quietly = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
  const command = ['install', ...quietly, '--prefix', prefix, `${name}@${version}`];
  const child = spawn('npm', command, { stdio: 'ignore' });
  await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  return (await isThere()) ? folder : undefined;
}
