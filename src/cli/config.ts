import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { UsageError, type Io } from './io.js';
import type { Setting } from './settings.js';

/** Flags that every command understands. */
export const COMMON_FLAGS = {
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Flags = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
type Values = Record<string, unknown>;

/** A value and who gave it, for messages. */
interface Given {
  readonly value: unknown;
  readonly by: string;
}

/**
 * Reads a command's flags, and its operand if it takes one. Throws a `UsageError` that names what is not
 * understood; `command` is what the user typed so far, for the hint at its end.
 */
export function readFlags(
  command: string,
  args: readonly string[],
  settings: readonly Setting[],
  takesOperand = false,
): { readonly flags: Flags; readonly operand: string } {
  const options = Object.fromEntries(
    settings.map(({ flag, kind }) => [
      flag,
      { type: kind === 'switch' ? 'boolean' : 'string', multiple: kind === 'list' } as const,
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...options, ...COMMON_FLAGS },
      strict: true,
      allowPositionals: takesOperand,
    });
    const [operand = '', more] = positionals;
    if (more !== undefined) throw new Error(`Unexpected argument '${more}'`);
    return { flags: values, operand };
  } catch (error) {
    throw new UsageError(`${command}: ${complaint(error)}; see ${command} --help`);
  }
}

/** Merges flags over environment over the `--config` file and checks the result against the schema. */
export async function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  settings: readonly Setting[],
  flags: Flags,
  io: Io,
): Promise<z.output<Schema>> {
  const path = typeof flags['config'] === 'string' ? flags['config'] : undefined;
  const given = new Map<string, Given>();
  if (path !== undefined) {
    const file = await readFile(path, io);
    for (const [key, value] of Object.entries(file)) given.set(key, { value, by: `"${key}" in ${path}` });
  }
  for (const setting of settings) {
    const found = fromText(setting, flags, io.env);
    if (found) given.set(setting.key, found);
  }
  const values: Values = Object.fromEntries([...given].map(([key, { value }]) => [key, value]));
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => faultOf(issue, settings, given, path));
  throw new UsageError([...new Set(faults)].join('\n'));
}

function fromText(setting: Setting, flags: Flags, env: Io['env']): Given | undefined {
  const flag = flags[setting.flag];
  if (flag !== undefined) return { value: typed(setting, flag), by: `--${setting.flag}` };
  const text = env[setting.variable];
  if (text === undefined || text === '') return undefined;
  const value = setting.kind === 'list' ? text.split(',').map((part) => part.trim()) : text;
  return { value: typed(setting, value), by: setting.variable };
}

/** Text as what the setting is; what does not look like it stays text, and the schema complains. */
function typed({ kind }: Setting, value: string | boolean | (string | boolean)[]): unknown {
  if (typeof value !== 'string') return value;
  if (kind === 'number') return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (kind !== 'switch') return value;
  if (['1', 'true', 'yes'].includes(value)) return true;
  return ['0', 'false', 'no'].includes(value) ? false : value;
}

async function readFile(path: string, io: Io): Promise<Values> {
  const text = await io.readFile(path).catch((error: unknown) => {
    throw new UsageError(`--config ${path} cannot be read: ${reasonOf(error)}`);
  });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw new UsageError(`--config ${path} is not JSON: ${reasonOf(error)}`);
  }
  throw new UsageError(`--config ${path} must hold one JSON object`);
}

function faultOf(
  issue: z.core.$ZodIssue,
  settings: readonly Setting[],
  given: ReadonlyMap<string, Given>,
  path: string | undefined,
): string {
  if (issue.code === 'unrecognized_keys') {
    return `${issue.keys.map((key) => `"${key}"`).join(', ')} in ${path ?? 'the file'}: no such setting`;
  }
  const key = String(issue.path[0]);
  const setting = settings.find((candidate) => candidate.key === key);
  const source = given.get(key);
  if (source) return `${source.by}: ${issue.message}`;
  if (!setting) return `${key}: ${issue.message}`;
  return `--${setting.flag} is needed (or ${setting.variable}): ${setting.meaning}`;
}

function complaint(error: unknown): string {
  const [first = ''] = reasonOf(error).split('. ');
  return first.charAt(0).toLowerCase() + first.slice(1);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
