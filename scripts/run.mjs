import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json; every path in these scripts is relative to it. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Runs a program in the project's folder with its output on ours and no stdin.
 * Resolves with its exit code; 127 when it cannot be started, 128 when a signal ended it.
 *
 * @param {string} command
 * @param {readonly string[]} [args]
 * @param {Record<string, string>} [env] added to the environment
 * @returns {Promise<number>}
 */
export function run(command, args = [], env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (code) => {
      resolve(code ?? 128);
    });
  });
}

/** Runs a command that one of our devDependencies brought; spares the half second npx takes to find it. */
export function runTool(name, args, env) {
  return run(path.join(ROOT, 'node_modules/.bin', name), args, env);
}
