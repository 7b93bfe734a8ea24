/** `policy` is the operator's, `purges` the service's; see `policy/`. */
export type DocumentName = 'policy' | 'purges';

/** Small named texts that several writers change: services, the command, and, in files, a person. */
export interface Documents {
  /** The text as it stands; `undefined` when there is none. */
  read(name: DocumentName): Promise<string | undefined>;
  /**
   * Replaces the text by what `change` makes of it, and resolves to that. Another writer's text is never
   * lost: `change` runs again when one came first, so it must depend on nothing but its argument.
   * What it throws is passed on, and nothing is changed.
   */
  update(name: DocumentName, change: (before?: string) => string): Promise<string>;
  /** Differs from what it was when the text has changed since; cheap enough to be asked every second. */
  version(name: DocumentName): Promise<string>;
}
