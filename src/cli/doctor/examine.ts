import type { Site } from '../../core/brands.js';
import { parseConfig } from '../../../sw/config.js';
import type { SiteConfig } from '../../protocol/bridge.js';
import { rivalsOf } from './deciding.js';
import type { Examination, HasherSeen, Opening, PageSeen, Services, WorkerFileSeen } from './examination.js';
import { judge } from './judging.js';
import { Probe } from './probe.js';
import { seeServices } from './services.js';
import { transfer } from './transfer.js';
import { Visit, type VisitOptions } from './visit.js';

export interface ExamineOptions extends VisitOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Whether a second visitor is to get something from the first. */
  readonly transfer: boolean;
}

const DEFAULT_WORKER = '/peerfold-sw.js';
/** How long the tracker may take to welcome a page that may ask it (ms). */
const WELCOME = 10_000;
/** How long the hash service may take to look at what it does not know (ms). */
const PATIENCE = 10_000;
const IMPORT = /importScripts\([^)]*?["'`]([^"'`]*peerfold-worker[^"'`]*)["'`]/;

/** Looks at a site as visitors do, and at its services as their browsers do. Rejects only when the browser fails. */
export async function examine(asked: string, options: ExamineOptions): Promise<Examination> {
  const visit = await Visit.begin(options);
  try {
    const opening = await visit.open(asked);
    if (!isThere(asked, opening)) return { asked, opening };
    const seen = await examined({ asked, opening, visit, options });
    return options.transfer ? seen : { ...seen, transfer: { is: 'left-out' } };
  } finally {
    await visit.end();
  }
}

function isThere(asked: string, opening: Opening): opening is Opening & { ok: true } {
  return opening.ok && opening.status < 400 && new URL(opening.url).origin === new URL(asked).origin;
}

interface Opened {
  readonly asked: string;
  readonly opening: Opening & { ok: true };
  readonly visit: Visit;
  readonly options: ExamineOptions;
}

async function examined(opened: Opened): Promise<Examination> {
  const seen = await examinedOnce(opened);
  const { page } = seen;
  if (!page?.status?.active || rivalsOf(page, opened.opening.url).length > 0) return seen;
  const { registered } = await opened.visit.again();
  return { ...seen, page: { ...page, registered } };
}

async function examinedOnce({ asked, opening, visit, options }: Opened): Promise<Examination> {
  const { fetch, clock, timeout } = options;
  const site = new URL(opening.url).origin as Site;
  const probe = new Probe(options);
  let page = await visit.decided();
  const { worker, text } = await seeWorker(page, opening.url, probe);
  const services = servicesOf(page, site, text);
  const seen: Examination = { asked, opening, page, ...(worker ? { worker } : {}) };
  if (!services) return seen;
  const { hasher, tracker } = await seeServices({ services, site, probe, fetch, clock, timeout });
  const isRivalled = (one: PageSeen): boolean => rivalsOf(one, opening.url).length > 0;
  if (page.worker?.config !== undefined && isOpen(hasher))
    page = await visit.until((one) => isGreeted(one) || isRivalled(one), WELCOME);
  const found = { ...seen, page, services, hasher, ...(tracker ? { tracker } : {}) };
  if (hasher.keys.is !== 'given' || hasher.policy.is !== 'given') return found;
  const asking = { found: await visit.resources(), services, site, probe, fetch, clock, patience: PATIENCE };
  const resources = await judge(asking);
  if (
    !options.transfer ||
    isRivalled(page) ||
    !isOpen(hasher) ||
    !isGreeted(page) ||
    page.faults.some(isFatal)
  )
    return { ...found, resources };
  const moved = await transfer({ ...options, url: opening.url, first: visit, resources, services });
  return { ...found, resources, transfer: moved };
}

/** Visitors may be there for each other. */
function isOpen({ policy, admission }: HasherSeen): boolean {
  const isAdmitted = admission === undefined || admission.is === 'given';
  return policy.is === 'given' && policy.value.enabled && policy.value.rollout > 0 && isAdmitted;
}

function isGreeted({ sockets, faults }: PageSeen): boolean {
  return sockets.some(({ welcomed }) => welcomed) || faults.some(isFatal);
}

function isFatal({ code }: PageSeen['faults'][number]): boolean {
  return code === 'tracker-unreachable' || code === 'not-supported';
}

/** The worker file that the page names, and its text. */
async function seeWorker(
  page: PageSeen,
  address: string,
  probe: Probe,
): Promise<{ worker?: WorkerFileSeen; text: string }> {
  const [tag] = page.tags;
  if (!tag && !page.started) return { text: '' };
  const registered = page.registrations.find(({ scope }) => address.startsWith(scope))?.script;
  const named = tag ? (tag.attributes['data-sw'] ?? DEFAULT_WORKER) : (registered ?? DEFAULT_WORKER);
  if (!URL.canParse(named, address)) return { text: '' };
  const { seen: file, text } = await probe.file(new URL(named, address).href);
  const [, path] = IMPORT.exec(text) ?? [];
  if (path === undefined || !URL.canParse(path, file.url)) return { worker: { file }, text };
  const { seen: imported } = await probe.file(new URL(path, file.url).href);
  return { worker: { file, imported }, text };
}

/**
 * From the worker's own mouth. Where it does not run, from the look of its file, so that the services can be
 * looked at all the same.
 */
function servicesOf({ worker }: PageSeen, site: Site, text: string): Services | undefined {
  const config = isConfig(worker?.config) ? worker.config : undefined;
  if (config) return { hasher: config.hasher, tracker: config.tracker, static: config.static, config };
  const field = (name: string): string | undefined =>
    new RegExp(`["']?\\b${name}["']?\\s*:\\s*["'\`]([^"'\`]+)["'\`]`).exec(text)?.[1];
  const isStatic = /["']?\bstatic["']?\s*:\s*true/.test(text);
  try {
    const literal = { hasher: field('hasher'), tracker: field('tracker'), static: isStatic };
    const { hasher, tracker } = parseConfig(literal, site);
    return { hasher, tracker, static: isStatic };
  } catch {
    return undefined;
  }
}

/** What the worker made of its literal; a page between may tell other things. */
function isConfig(value: unknown): value is SiteConfig {
  const { hasher, tracker, include, exclude, origins } = (value ?? {}) as Partial<SiteConfig>;
  const isAddress = (text: unknown): boolean => typeof text === 'string' && URL.canParse(text);
  return isAddress(hasher) && isAddress(tracker) && [include, exclude, origins].every(Array.isArray);
}
