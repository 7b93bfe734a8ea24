import type { Io } from '../../src/cli/io.js';

/** A terminal that keeps what was written, with files in memory and a stop that the test decides on. */
export class FakeIo implements Io {
  readonly version = '1.2.3';
  readonly outLines: string[] = [];
  readonly errLines: string[] = [];
  /** Resolves `stopped`. */
  stop: () => void = () => undefined;
  readonly #stopped: Promise<void>;
  readonly #lineWritten = new Set<() => void>();

  constructor(
    readonly env: Readonly<Record<string, string>> = {},
    private readonly files: Readonly<Record<string, string>> = {},
  ) {
    this.#stopped = new Promise((resolve) => (this.stop = resolve));
  }

  out(text: string): void {
    this.outLines.push(text);
    for (const wake of this.#lineWritten) wake();
  }

  err(text: string): void {
    this.errLines.push(text);
  }

  readFile(path: string): Promise<string> {
    const text = this.files[path];
    return text === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(text);
  }

  stopped(): Promise<void> {
    return this.#stopped;
  }

  /** The next thing that is written to standard output. */
  async nextLine(): Promise<string> {
    const before = this.outLines.length;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#lineWritten.delete(wake);
        resolve();
      };
      this.#lineWritten.add(wake);
    });
    return this.outLines[before] ?? '';
  }

  get errors(): string {
    return this.errLines.join('\n');
  }

  get output(): string {
    return this.outLines.join('\n');
  }
}
