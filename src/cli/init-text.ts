import { join } from 'node:path';
import { columns } from './help.js';
import { changeOf } from './init-files.js';
import { scriptTag, WORKER_FILE, type Literal } from './init-literal.js';
import type { Plan, WorkerPlan } from './init-plan.js';
import { aboutServices, type Followed } from './init-services.js';
import type { Survey } from './init-survey.js';

export interface Told extends Followed {
  /** How the folder was found, if it was. */
  readonly why: string | undefined;
  readonly consent: 'required' | 'implied';
  readonly dryRun: boolean;
  readonly include: readonly string[];
  readonly bundles: ReadonlyMap<string, Uint8Array>;
}

/** What was done, and what is left to do by hand. */
export function told(plan: Plan, how: Told): string {
  const { worker, survey } = plan;
  return [
    ...heading(how),
    columns(plan.files.map((file) => [changeOf(file), join(how.folder, file.name)] as const)),
    ...(survey.cut ? ['', `${how.folder} is too large to be looked at in whole.`] : []),
    '',
    ...aboutWorker(worker, how),
    ...(worker.is === 'kept' ? [] : [aboutInclude(worker.literal, how, survey), '']),
    ...aboutTag(worker, how),
    ...(worker.is === 'kept' ? [] : ['', ...aboutServices(worker.literal, how)]),
  ].join('\n');
}

function heading({ folder, why, dryRun }: Told): string[] {
  const found = why === undefined ? [] : [`${folder} is what is served: ${why}.`];
  return [...found, ...(dryRun ? ['Nothing is written; without --dry-run this would be:'] : [])];
}

function aboutWorker(worker: WorkerPlan, { folder, dryRun }: Told): string[] {
  if (worker.is === 'kept') return aboutKept(join(folder, worker.file), worker.missing);
  if (worker.is === 'written') {
    const written = dryRun ? 'would hold' : 'holds';
    return [`${join(folder, WORKER_FILE)} ${written} what visitors' browsers believe.`];
  }
  return [
    `No worker file is written, because ${worker.evidence}, and pages have one worker only.`,
    `Add these lines at the top of that worker's file (${worker.address}):`,
    '',
    indented(worker.lines),
    '',
    `If it is not in use any more, run this again with --new-worker.`,
  ];
}

function aboutKept(path: string, missing: readonly string[]): string[] {
  if (missing.length === 0) return [`${path} is as you left it.`, ''];
  return [
    `${path} is as you left it, and what was given here was NOT written to it.`,
    'It says something else; if it is to follow, change it there to:',
    '',
    indented(missing.map((field) => `${field},`).join('\n')),
    '',
  ];
}

function aboutInclude(literal: Literal, { include }: Told, { segments }: Survey): string {
  const always = 'Images, video and audio are shared';
  if (literal.include.length === 0)
    return `${always}; files that pages fetch by script are when --include names them.`;
  const patterns = literal.include.join(', ');
  if (include.length > 0) return `${always}, and what pages fetch by script from ${patterns}.`;
  return `${always}, and what players fetch from ${patterns}, because ${streams(segments)} there.`;
}

function streams(segments: readonly string[]): string {
  const [first = ''] = segments;
  const others = segments.length - 1;
  if (others === 0) return `${first} lies`;
  return `${first} and ${others} more files of streams lie`;
}

function aboutTag(worker: WorkerPlan, { base, consent, bundles }: Told): string[] {
  const loader = bundles.get('peerfold.js');
  const tag = { base, consent, worker: worker.address };
  return [
    'The tag for your pages:',
    '',
    indented(scriptTag(tag)),
    '',
    'The same for browsers to refuse the script when somebody changed it; its digest changes with each upgrade,',
    'so run this again then and replace the tag:',
    '',
    indented(scriptTag({ ...tag, ...(loader ? { loader } : {}) })),
    '',
    consent === 'required'
      ? 'Nothing happens for a visitor before your page calls peerfold.consent(true); data-notice shows a ready-made question.'
      : 'It starts for every visitor who does not object; whether that is allowed is yours to know.',
  ];
}

function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ');
}
