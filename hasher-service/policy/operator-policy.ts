import { z } from 'zod';
import { reasonOf } from '../../src/core/errors.js';
import { MAX_URL_LENGTH } from '../../src/core/limits.js';
import { FOREVER, MAX_REVOCATIONS, fitPolicy, revocable } from './revocations.js';

/** Far below the largest epoch that verifiers read, so that purges can go on raising it. */
const MAX_EPOCH = 2 ** 39;

const what = z
  .string()
  .max(MAX_URL_LENGTH)
  .transform((text, context): string => {
    const of = revocable(text);
    if (of !== undefined) return of;
    context.addIssue({ code: 'custom', message: `"${text}" is neither a URL, a URL pattern nor a root` });
    return z.NEVER;
  });

const forEver = what.transform((of) => ({ of, before: FOREVER }));
const upTo = z.strictObject({ of: what, before: z.number().int().min(0).max(FOREVER) });

/** The document `policy`: what the operator decides. Members left out keep their defaults. */
const operatorPolicy = z.strictObject({
  enabled: z.boolean().default(true),
  minEpoch: z.number().int().min(0).max(MAX_EPOCH).default(0),
  rollout: z.number().min(0).max(1).default(1),
  revoked: z
    .array(z.union([forEver, upTo]))
    .refine(fitPolicy, `more than ${MAX_REVOCATIONS} revocations, or too long ones: raise minEpoch instead`)
    .default([]),
});

export type OperatorPolicy = Readonly<z.output<typeof operatorPolicy>>;

/** Reads the document; throws with a sentence that says what is wrong with it. */
export function readOperatorPolicy(text: string | undefined): OperatorPolicy {
  const result = operatorPolicy.safeParse(text === undefined ? {} : parseJson(text));
  if (result.success) return result.data;
  throw new Error(z.prettifyError(result.error));
}

/** The document as people read and write it: what is revoked for ever is plain text. */
export function writeOperatorPolicy(policy: OperatorPolicy): string {
  const revoked = policy.revoked.map(({ of, before }) => (before === FOREVER ? of : { of, before }));
  return `${JSON.stringify({ ...policy, revoked }, undefined, 2)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON: ${reasonOf(error)}`, { cause: error });
  }
}
