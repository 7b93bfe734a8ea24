import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './io.js';
import { planFile, type PlannedFile } from './init-files.js';
import {
  checkLiteral,
  missingIn,
  patternsFor,
  workerText,
  WORKER_FILE,
  type Literal,
} from './init-literal.js';
import { ourWorker, survey, type Registration, type Survey } from './init-survey.js';

/** Addresses as they might be. */
const HASHER = 'https://hash.example.com';
const TRACKER = 'wss://tracker.example.com';

export interface InitOptions {
  /** The folder that is served at `base`. */
  readonly folder: string;
  /** Path with a slash at either end. */
  readonly base: string;
  /** The scripts for browsers, by name. */
  readonly bundles: ReadonlyMap<string, Uint8Array>;
  readonly hasher: string | undefined;
  readonly static?: boolean;
  readonly tracker: string | undefined;
  /** Empty: chosen by what the folder holds. */
  readonly include: readonly string[];
  /** A worker that is found is not in use. */
  readonly newWorker: boolean;
}

/** What becomes of the worker file. `address` is where it is served. */
export type WorkerPlan =
  | { readonly is: 'written'; readonly address: string; readonly literal: Literal }
  /** It imports ours already. What it says is the owner's; `missing` is what was given and is not in it. */
  | {
      readonly is: 'kept';
      readonly address: string;
      readonly file: string;
      readonly missing: readonly string[];
    }
  /** The site's own, to which these lines are to be added. */
  | {
      readonly is: 'theirs';
      readonly address: string;
      readonly evidence: string;
      readonly literal: Literal;
      readonly lines: string;
    };

export interface Plan {
  readonly files: readonly PlannedFile[];
  readonly worker: WorkerPlan;
  readonly survey: Survey;
}

/** Decides what to do, and does nothing. Throws a `UsageError` when it cannot. */
export async function planInit(options: InitOptions): Promise<Plan> {
  const { folder, bundles } = options;
  const seen = await survey(folder);
  const kept = await ourWorker(folder);
  const worker: WorkerPlan = kept === undefined ? planWorker(options, seen) : await keepWorker(options, kept);
  const files = [...bundles].map(([name, content]) => planFile(folder, name, content));
  if (worker.is === 'written') {
    const text = Buffer.from(workerText(worker.literal, options.base));
    files.push(planFile(folder, WORKER_FILE, text));
  }
  return { files: await Promise.all(files), worker, survey: seen };
}

function planWorker(options: InitOptions, seen: Survey): WorkerPlan {
  const { base, newWorker } = options;
  const literal = literalOf(options, seen);
  const inUse = newWorker ? { workers: seen.workers.filter(({ file }) => file === WORKER_FILE) } : seen;
  const theirs = theirsOf(base, inUse);
  if (!theirs) return { is: 'written', address: base + WORKER_FILE, literal };
  const composed = theirs.address.endsWith(`/${WORKER_FILE}`) ? { composed: true as const } : {};
  return { is: 'theirs', ...theirs, literal, lines: workerText({ ...literal, ...composed }, base) };
}

async function keepWorker(options: InitOptions, file: string): Promise<WorkerPlan> {
  const { folder, base, hasher, tracker, include } = options;
  checkLiteral({ hasher: hasher ?? HASHER, tracker: tracker ?? TRACKER, include });
  const text = await readFile(join(folder, file), 'utf8');
  return { is: 'kept', file, address: base + file, missing: missingIn(text, options) };
}

function literalOf(options: InitOptions, { segments }: Survey): Literal {
  const { hasher, tracker, include, base } = options;
  if (hasher === undefined || tracker === undefined) {
    throw new UsageError(
      [
        'init: say where hash service and tracker will be, such as',
        `  --hasher ${HASHER} --tracker ${TRACKER}`,
        'or, to try it on this machine,',
        '  --hasher http://localhost:8081 --tracker ws://localhost:8082',
      ].join('\n'),
    );
  }
  const patterns = include.length > 0 ? include : patternsFor(segments, base);
  const literal = { hasher, tracker, include: patterns, static: options.static ?? false };
  checkLiteral(literal);
  return literal;
}

/** A worker answers for the folder that it lies in, so one further down is in nobody's way. */
function isAtTop(file: string): boolean {
  return !file.includes('/');
}

function theirsOf(
  base: string,
  seen: Pick<Survey, 'workers'> & Partial<Survey>,
): { address: string; evidence: string } | undefined {
  const registration = seen.registrations?.find(({ worker }) => !(worker ?? '').endsWith(`/${WORKER_FILE}`));
  const worker = seen.workers.find(({ file }) => isAtTop(file));
  if (registration) {
    const address = addressOf(registration, base) ?? base + (worker?.file ?? 'YOUR-WORKER.js');
    return { address, evidence: `${registration.file} registers a service worker` };
  }
  return worker && { address: base + worker.file, evidence: `${worker.file} is a service worker` };
}

function addressOf({ worker }: Registration, base: string): string | undefined {
  if (worker === undefined) return undefined;
  const site = 'https://site.invalid';
  const url = URL.canParse(worker, site + base) ? new URL(worker, site + base) : undefined;
  return url?.origin === site ? url.pathname : undefined;
}
