import { z } from 'zod';

/** One field of a configuration schema, as a flag and an environment variable. */
export interface Setting {
  /** The field's name, which is also its name in a configuration file. */
  readonly key: string;
  /** Without the leading dashes. */
  readonly flag: string;
  readonly variable: string;
  readonly kind: 'text' | 'number' | 'switch' | 'list';
  readonly required: boolean;
  readonly fallback: unknown;
  readonly meaning: string;
}

export interface Naming {
  /** Leads the environment variables, such as `PEERFOLD_HASHER`. */
  readonly prefix: string;
  /** For fields that the schema does not describe itself. */
  readonly meanings?: Readonly<Record<string, string>>;
}

/** What JSON Schema says about a field; only what is needed here. */
interface Described {
  readonly type?: unknown;
  /** Of a field that can be different things, the first one is what text is read as if it looks like it. */
  readonly anyOf?: readonly { readonly type?: unknown }[];
  readonly description?: string;
}

/**
 * The settings of a schema. A list's flag is its singular and may be repeated (`sites`: `--site`).
 * Fields that text cannot express, such as functions, are for callers of the library and left out.
 */
export function settingsOf(schema: z.ZodObject, { prefix, meanings = {} }: Naming): Setting[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).flatMap(([key, value]) => {
    const field: Described = typeof value === 'object' ? value : {};
    const kind = kindOf(field.type ?? field.anyOf?.[0]?.type);
    if (!kind) return [];
    const flag = kebab(kind === 'list' ? singular(key) : key);
    const variable = `${prefix}_${flag.replaceAll('-', '_').toUpperCase()}`;
    const meaning = field.description ?? meanings[key] ?? '';
    return [{ key, flag, variable, kind, meaning, ...defaultOf(schema, key) }];
  });
}

/** What a field becomes when nobody says anything. */
function defaultOf(schema: z.ZodObject, key: string): Pick<Setting, 'required' | 'fallback'> {
  const result = z.safeParse(schema.shape[key] ?? z.undefined(), undefined);
  return { required: !result.success, fallback: result.data };
}

function kindOf(type: unknown): Setting['kind'] | undefined {
  if (type === 'array') return 'list';
  if (type === 'boolean') return 'switch';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'string' ? 'text' : undefined;
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What ends in `is` or `ss` is no plural. */
function singular(key: string): string {
  return key.replace(/ies$/, 'y').replace(/(?<![is])s$/, '');
}
