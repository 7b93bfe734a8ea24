import { z } from 'zod';
import type { Site } from '../../src/core/brands.js';
import { CLOCK_TOLERANCE } from '../../src/core/limits.js';
import type { Revocation } from '../../src/protocol/hasher.js';
import { isSite } from '../../src/protocol/url.js';
import { LONGEST_LOOK, TOKEN_LIFE } from '../signing/lives.js';
import { FOREVER, fitPolicy, revocable } from './revocations.js';

/**
 * After this (ms) a purge needs no revocation any more. A look that had begun when the purge came may
 * sign as late as `LONGEST_LOOK` after it, for `TOKEN_LIFE`; verifiers' clocks may be late.
 */
const KEEP = (LONGEST_LOOK + TOKEN_LIFE + CLOCK_TOLERANCE) * 1000;

const of = z.string().refine((text) => revocable(text) === text);
const site = z.custom<Site>(isSite).optional();
/** Far beyond any clock, and far below the end of whole numbers: versions go on rising from here. */
const time = z
  .number()
  .int()
  .min(0)
  .max(2 ** 44);

const purges = z.strictObject({
  /** The highest epoch that was ever in force; visitors remember it, so it never falls. */
  epoch: z
    .number()
    .int()
    .min(0)
    .max(2 ** 40),
  /** What was purged, and when (ms). */
  revoked: z.array(z.strictObject({ of, before: time, at: time, site })),
  /** What is to be purged; only a running service knows which versions it has used. */
  orders: z.array(z.strictObject({ of, site })),
});

/** The document `purges`: what the service must remember of purges. */
export type Purges = Readonly<z.output<typeof purges>>;
export type PurgeOrder = Purges['orders'][number];

/** What a purge means: orders, or everything. */
export type PurgeWish = { readonly orders: readonly PurgeOrder[] } | 'all';

const NOTHING: Purges = { epoch: 0, revoked: [], orders: [] };

/** Reads the document; throws when it is damaged. */
export function readPurges(text: string | undefined): Purges {
  if (text === undefined) return NOTHING;
  const result = purges.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  throw new Error(z.prettifyError(result.error));
}

export function writePurges(document: Purges): string {
  return `${JSON.stringify(document)}\n`;
}

/** Takes a wish down. `epoch` is the one in force, which everything signed so far bears at most. */
export function wished(document: Purges, wish: PurgeWish, epoch: number): Purges {
  if (wish === 'all') return everythingVoid(document, epoch);
  const orders = [...document.orders.filter((order) => !wish.orders.some(sameAs(order))), ...wish.orders];
  return withinBounds({ ...document, orders }, epoch);
}

/** How orders are carried out. */
export interface Execution {
  /** A version above all that were used. */
  readonly before: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What has to be revoked so that a URL is, however it is spelt. */
  readonly cover: (of: string) => string;
}

export function carriedOut(document: Purges, { before, at, cover }: Execution): Purges {
  const { epoch } = document;
  const orders = document.orders.map((order) => ({ ...order, of: cover(order.of) }));
  const earlier = document.revoked.filter((purge) => !orders.some(sameAs(purge)));
  return { epoch, orders: [], revoked: [...earlier, ...orders.map((order) => ({ ...order, before, at }))] };
}

/** Whether there is nothing left that a purge at `at` (ms) could void. */
export function isOver({ at }: { readonly at: number }, now: number): boolean {
  return at + KEEP < now;
}

/** What the document revokes for one site. What was ordered is void from now on, until it is carried out. */
export function revocationsFor({ revoked, orders }: Purges, site: Site): Revocation[] {
  const entries = [...revoked, ...orders.map((order) => ({ ...order, before: FOREVER }))];
  return entries
    .filter((entry) => entry.site === undefined || entry.site === site)
    .map((entry) => ({ of: entry.of, before: entry.before }));
}

/** So many purges that visitors would have to read too long a policy: everything is made anew instead. */
function withinBounds(document: Purges, epoch: number): Purges {
  const ordered = document.orders.map((order) => ({ of: order.of, before: FOREVER }));
  const all = [...document.revoked.map(({ of, before }) => ({ of, before })), ...ordered];
  return fitPolicy(all) ? document : everythingVoid(document, epoch);
}

function everythingVoid(document: Purges, epoch: number): Purges {
  return { epoch: Math.max(document.epoch, epoch) + 1, revoked: [], orders: [] };
}

function sameAs(one: PurgeOrder): (other: PurgeOrder) => boolean {
  return (other) => other.of === one.of && other.site === one.site;
}
