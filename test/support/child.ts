import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, onTestFinished } from 'vitest';

const PACKAGE = resolve(import.meta.dirname, '../..');

/** Builds one of `children/`, from the sources as they are, for the tests of one file. */
export async function buildChild(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'peerfold-child-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  for (const needed of ['node_modules', 'dist']) await symlink(join(PACKAGE, needed), join(folder, needed));
  // As deep as its source, so that it finds by its own address what its source does.
  const outfile = join(folder, 'test/support', `${name}.mjs`);
  await build({
    entryPoints: [join(PACKAGE, 'test/support/children', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  return outfile;
}

/** A program that runs beside the test, and no longer than it. */
export class Child {
  readonly lines: string[] = [];
  readonly #errors: string[] = [];
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<void>;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(program: string, args: readonly string[]) {
    this.#process = spawn(process.execPath, [program, ...args]);
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.#wake?.();
    });
    createInterface({ input: this.#process.stderr }).on('line', (line) => this.#errors.push(line));
    this.#exited = new Promise((done) => {
      this.#process.once('close', () => {
        this.#isOver = true;
        this.#wake?.();
        done();
      });
    });
    onTestFinished(() => this.kill());
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Resolves to the line with this number, from 0, once it was said. */
  async line(number: number): Promise<string> {
    for (;;) {
      const line = this.lines[number];
      if (line !== undefined) return line;
      if (this.#isOver) throw new Error(`ended before it said line ${number}: ${this.#errors.join('\n')}`);
      await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  say(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }
}
