import type { z } from 'zod';
import { readConfig, readFlags } from './config.js';
import { commandHelp } from './help.js';
import { UsageError, type Io } from './io.js';
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
  /** How the help calls the one argument that is no flag; in brackets when it may be left out. */
  readonly operand?: string;
  /** `operand` is empty when there is none. */
  readonly act: (config: z.output<Schema>, io: Io, operand: string) => Promise<number>;
}

/** A command whose flags, variables and file are one schema. */
export function configured<Schema extends z.ZodObject>(shape: CommandShape<Schema>): Command {
  const { name, summary, schema, act, operand: called } = shape;
  return {
    summary,
    async run(args, io) {
      const settings: Setting[] = settingsOf(schema, shape.naming);
      const { flags, operand } = readFlags(name, args, settings, called !== undefined);
      if (flags['help'] === true) {
        const usage = [name, ...(called === undefined ? [] : [called]), '[options]'].join(' ');
        io.out(commandHelp(usage, summary, settings));
        return 0;
      }
      if (operand === '' && called !== undefined && !called.startsWith('['))
        throw new UsageError(`${name}: say ${called}; see ${name} --help`);
      return act(await readConfig(schema, settings, flags, io), io, operand);
    },
  };
}
