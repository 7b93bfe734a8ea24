/** What the command touches of the world, so that tests can stand in for it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** One or more lines for the user, to standard output. */
  out(text: string): void;
  /** To standard error. */
  err(text: string): void;
  readFile(path: string): Promise<string>;
  /** Resolves when the process is asked to stop (SIGINT or SIGTERM). */
  stopped(): Promise<void>;
}

/** The user wrote something that cannot be meant: exit code 2, as is the custom of Unix. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something outside went wrong, and the message says all there is to know: exit code 1. */
export class Failure extends Error {
  override readonly name = 'Failure';
}
