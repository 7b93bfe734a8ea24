import { access, mkdir } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import path from 'node:path';

export const RIVAL = 'bittorrent-tracker@11';

/**
 * Where the rival is installed; it is fetched when it is not there. It is no dependency of the project: one
 * of its own downloads a program when it is installed, which a strange machine may not allow, and which
 * its server does not need. Resolves to nothing when it cannot be had.
 */
export async function rivalFolder(root: string): Promise<string | undefined> {
  const prefix = path.join(root, 'dist/bench-rivals');
  const folder = path.join(prefix, 'node_modules/bittorrent-tracker');
  if (await isThere(folder)) return folder;
  await mkdir(prefix, { recursive: true });
  const quietly = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
  const child = spawn('npm', ['install', ...quietly, '--prefix', prefix, RIVAL], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  return (await isThere(folder)) ? folder : undefined;
}

function isThere(folder: string): Promise<boolean> {
  return access(path.join(folder, 'server.js')).then(
    () => true,
    () => false,
  );
}
