import { z } from 'zod';
import type { Clock } from './clock.js';
import { globTest } from './glob.js';
import { Pace } from './pace.js';

/** An hour: longer than any client waits. */
const MAX_MS = 3_600_000;
const milliseconds = z.number().min(0).max(MAX_MS);
const byteRate = z.number().positive().max(1e12);
const byteCount = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** A path on this site, such as `/media/images/01-first-light.jpg`. */
const sitePath = z.string().startsWith('/').max(4096);
/** RFC 9110 section 5: what may stand in a header section without breaking out of it. */
const fieldName = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/);
const fieldValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/);

/** One way in which answers go wrong. Rules for different paths that match one request add up. */
export const faultRuleShape = z.strictObject({
  /** Which paths; `*` stands for any characters. */
  path: z.string().min(1).max(4096),
  /** Wait before anything is answered. */
  latencyMs: milliseconds.optional(),
  /** Wait after each line of the header section; the connection closes afterwards. */
  headerLineMs: milliseconds.optional(),
  /** Limit of each response on its own. */
  bytesPerSecond: byteRate.optional(),
  /** Limit that all responses under this rule share: the origin's uplink. */
  sharedBytesPerSecond: byteRate.optional(),
  /** Answer with this status and a short text. With `redirect`, the status of the redirect. */
  status: z.number().int().min(200).max(599).optional(),
  /** Answer 302 to this address. */
  redirect: z.string().min(1).max(4096).optional(),
  /** Close the connection after so many bytes of the body. */
  abortAfter: byteCount.optional(),
  /** Declare a Content-Length that is wrong by so many bytes, then close the connection. */
  lengthOff: z.number().int().optional(),
  /** Parts do not say of how many bytes they are a part: a server that does not know. */
  unknownLength: z.boolean().optional(),
  /** Header fields to add or replace; `null` removes one. */
  headers: z.record(fieldName, fieldValue.nullable()).optional(),
  /** Other content, with validators of its own: the file was replaced. */
  content: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
  /** The content of another path on this site. */
  contentOf: sitePath.optional(),
  /** The content of another path for each value of a cookie, without a word about it in `Vary`. */
  byCookie: z.strictObject({ name: z.string().min(1), contentOf: z.record(z.string(), sitePath) }).optional(),
  /** Reset the connection instead of answering: the origin is down. */
  stop: z.boolean().optional(),
});
export type FaultRule = z.infer<typeof faultRuleShape>;

/** What the rules say about one request. */
export interface Fault extends Omit<FaultRule, 'path' | 'bytesPerSecond' | 'sharedBytesPerSecond'> {
  /** When the content was replaced (milliseconds since 1970). */
  readonly since: number;
  readonly paces: readonly Pace[];
}

interface ActiveRule {
  readonly rule: FaultRule;
  readonly matches: (path: string) => boolean;
  readonly since: number;
  readonly shared: Pace | undefined;
}

/** Many more than anyone plays with by hand; tests set a handful. */
const MAX_RULES = 200;

/** The rules in force. They act on requests that come after they are set. */
export class Faults {
  readonly #rules = new Map<string, ActiveRule>();

  constructor(private readonly clock: Clock) {}

  /** Puts a rule in force, in place of an earlier one for the same path. Throws when it is malformed. */
  set(rule: FaultRule): void {
    const checked = faultRuleShape.safeParse(rule);
    if (!checked.success) throw new TypeError(`bad fault rule: ${z.prettifyError(checked.error)}`);
    this.#rules.delete(rule.path);
    if (this.#rules.size >= MAX_RULES) throw new RangeError(`more than ${MAX_RULES} fault rules`);
    const { path, sharedBytesPerSecond } = checked.data;
    this.#rules.set(path, {
      rule: checked.data,
      matches: globTest(path),
      since: this.clock.now(),
      shared: sharedBytesPerSecond === undefined ? undefined : new Pace(this.clock, sharedBytesPerSecond),
    });
  }

  /** Ends the rule for `path`, or all of them. */
  clear(path?: string): void {
    if (path === undefined) this.#rules.clear();
    else this.#rules.delete(path);
  }

  get rules(): readonly FaultRule[] {
    return [...this.#rules.values()].map((active) => active.rule);
  }

  /** The faults of a request for `path`: of all rules that match, the later ones win. */
  for(path: string): Fault {
    const matching = [...this.#rules.values()].filter((active) => active.matches(path));
    const merged = matching.reduce<Partial<FaultRule>>((sum, { rule }) => ({ ...sum, ...rule }), {});
    const own = merged.bytesPerSecond;
    return {
      ...merged,
      headers: matching.reduce((sum, { rule }) => ({ ...sum, ...rule.headers }), {}),
      since: matching.findLast((active) => active.rule.content !== undefined)?.since ?? 0,
      paces: [
        ...(own === undefined ? [] : [new Pace(this.clock, own)]),
        ...matching.flatMap((active) => active.shared ?? []),
      ],
    };
  }
}
