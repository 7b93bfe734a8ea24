import type { Command } from './command.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { hasher } from './hasher.js';
import { columns } from './help.js';
import { init } from './init.js';
import { Failure, UsageError, type Io } from './io.js';
import { keys } from './keys.js';
import { policy } from './policy.js';
import { sign } from './sign.js';
import { tracker } from './tracker.js';

const commands: ReadonlyMap<string | undefined, Command> = new Map([
  ['init', init],
  ['doctor', doctor],
  ['demo', demo],
  ['hasher', hasher],
  ['tracker', tracker],
  ['keys', keys],
  ['policy', policy],
  ['sign', sign],
]);

/** Runs `peerfold` with these arguments; resolves with the exit code: 0, 1 failed, 2 not understood. */
export async function run([name, ...args]: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(name, args, io);
  } catch (error) {
    io.err(error instanceof Error ? `peerfold: ${error.message}` : String(error));
    if (error instanceof UsageError || isConfigFault(error)) return 2;
    if (!(error instanceof Failure) && error instanceof Error) io.err(error.stack ?? '');
    return 1;
  }
}

function dispatch(name: string | undefined, args: readonly string[], io: Io): Promise<number> | number {
  const command = commands.get(name);
  if (command) return command.run(args, io);
  if (name === '--version' || name === '-v') io.out(io.version);
  else if (name === '--help' || name === '-h') io.out(overview());
  else if (name === undefined) throw new UsageError(`say what to run\n\n${overview()}`);
  else throw new UsageError(`there is no "${name}"; see peerfold --help`);
  return 0;
}

function overview(): string {
  const rows = [...commands].map(([name, { summary }]) => [name ?? '', summary] as const);
  return [
    'Usage: peerfold COMMAND [options]',
    '',
    columns(rows),
    '',
    'peerfold COMMAND --help shows the options of a command; peerfold --version the version.',
  ].join('\n');
}

/** The services name wrong options themselves. */
function isConfigFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'bad-config';
}
