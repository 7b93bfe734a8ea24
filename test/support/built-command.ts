import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

const PACKAGE = resolve(import.meta.dirname, '../..');
/** The command, and what it starts, which lies beside it. */
const BUNDLES = {
  cli: 'src/cli/main.ts',
  'hash-worker': 'hasher-service/hashing/hash-worker.ts',
  'media-parser': 'hasher-service/hashing/media-parser.ts',
};

/** One run of the command. */
export interface Run {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly errors: string[];
  /** The first line of standard output. */
  readonly ready: Promise<string>;
  readonly exit: Promise<number | null>;
}

/** The command as it is built, in a folder that finds the package's dependencies and pages. */
export class BuiltCommand {
  readonly #running = new Map<ChildProcess, Promise<unknown>>();

  private constructor(
    readonly folder: string,
    private readonly file: string,
  ) {}

  static async build(): Promise<BuiltCommand> {
    const folder = await mkdtemp(join(tmpdir(), 'peerfold-cli-'));
    for (const name of ['node_modules', 'demo-site']) await symlink(join(PACKAGE, name), join(folder, name));
    await writeFile(join(folder, 'package.json'), '{"version":"9.9.9","type":"module"}');
    await build({
      entryPoints: Object.entries(BUNDLES).map(([out, file]) => ({ out, in: join(PACKAGE, file) })),
      outdir: join(folder, 'dist'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'silent',
    });
    return new BuiltCommand(folder, join(folder, 'dist', 'cli.js'));
  }

  start(args: readonly string[], env: Record<string, string> = {}): Run {
    const child = spawn(process.execPath, [this.file, ...args], {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    const errors: string[] = [];
    const out = createInterface({ input: child.stdout });
    out.on('line', (line) => lines.push(line));
    createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
    const exit = new Promise<number | null>((done, failed) => {
      child.once('error', failed);
      child.once('close', (code) => {
        this.#running.delete(child);
        done(code);
      });
    });
    this.#running.set(child, exit);
    const ready = Promise.race([
      once(out, 'line').then(([line]) => String(line)),
      exit.then(() => Promise.reject(new Error(errors.join('\n')))),
    ]);
    ready.catch(() => undefined);
    return { child, lines, errors, ready, exit };
  }

  /** Ends what still runs. */
  async stop(): Promise<void> {
    for (const [child, exit] of this.#running) {
      child.kill('SIGKILL');
      await exit;
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
