import type { Command } from './command.js';
import { columns } from './help.js';
import { UsageError } from './io.js';

export interface Group {
  /** What the user types, such as `peerfold keys`. */
  readonly name: string;
  readonly summary: string;
  readonly actions: ReadonlyMap<string | undefined, Command>;
}

/** A command that is several: the next word says which. */
export function grouped({ name, summary, actions }: Group): Command {
  const names = [...actions.keys()].map(String);
  return {
    summary,
    run([action, ...rest], io) {
      const command = actions.get(action);
      if (command) return command.run(rest, io);
      if (action === '--help' || action === '-h') return Promise.resolve(showActions());
      const said = action === undefined ? 'say what to do' : `"${action}" is not known`;
      throw new UsageError(`${name}: ${said}: ${oneOf(names)}; see ${name} --help`);

      function showActions(): number {
        const rows = [...actions].map(([word, one]) => [String(word), one.summary] as const);
        io.out(`Usage: ${name} ${names.join('|')} [options]\n\n${columns(rows)}`);
        return 0;
      }
    },
  };
}

function oneOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}
