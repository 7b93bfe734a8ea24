import type { z } from 'zod';
import { readConfig, readFlags } from './config.js';
import { commandHelp } from './help.js';
import type { Io } from './io.js';
import { settingsOf, type Naming, type Setting } from './settings.js';

export interface Command {
  /** One sentence for the list of commands. */
  readonly summary: string;
  /** Runs until done; resolves with the exit code. */
  run(args: readonly string[], io: Io): Promise<number>;
}

export interface CommandShape<Schema extends z.ZodObject> {
  /** What the user types, such as `peerfold tracker`. */
  readonly name: string;
  readonly summary: string;
  readonly schema: Schema;
  readonly naming: Naming;
  readonly act: (config: z.output<Schema>, io: Io) => Promise<number>;
}

/** A command whose flags, variables and file are one schema. */
export function configured<Schema extends z.ZodObject>(shape: CommandShape<Schema>): Command {
  const { name, summary, schema, act } = shape;
  return {
    summary,
    async run(args, io) {
      const settings: Setting[] = settingsOf(schema, shape.naming);
      const flags = readFlags(name, args, settings);
      if (flags['help'] === true) {
        io.out(commandHelp(`${name} [options]`, summary, settings));
        return 0;
      }
      return act(await readConfig(schema, settings, flags, io), io);
    },
  };
}
