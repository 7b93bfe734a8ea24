import { rivalsOf } from './deciding.js';
import type { Registered } from './in-page/observe.js';
import { longKept } from './page-checks.js';
import type { Examination, FileSeen, PageSeen } from './examination.js';
import { fine, skipped, wrong, type Finding } from './finding.js';
import { isScriptType } from './script-type.js';

const LITERAL = /^Peerfold is off: (.*)$/;
const SAME_BUILD =
  'put all peerfold*.js files of one version there (peerfold init), and empty caches on the way';

/** The worker's file, whom it controls, what it believes, and whether all scripts are of one build. */
export function checkWorker(seen: Examination): Finding[] {
  const { page } = seen;
  if (!page?.started) {
    const why = page ? 'the script does not run' : 'the page did not load';
    const others = (['worker-scope', 'worker-literal', 'builds'] as const).map((id) => skipped(id, why));
    return [seen.worker ? checkFile(seen) : skipped('worker-file', why), ...others];
  }
  const file = checkFile(seen);
  return [file, checkScope(seen, page, file), checkLiteral(seen, page, file), checkBuilds(page)];
}

function checkFile({ worker, page }: Examination): Finding {
  if (!worker) return skipped('worker-file', 'nothing says where it is');
  const { file, imported } = worker;
  const spoilt = spoiltFile(file);
  if (spoilt !== undefined) {
    const change = 'put the worker file there (peerfold init), or name it with data-sw';
    return wrong('worker-file', `${file.url} ${spoilt}`, change);
  }
  if (!imported && !page?.worker) {
    const change = "add importScripts('/peerfold-worker.js') to it, after the literal";
    return wrong('worker-file', `${file.url} does not import peerfold-worker.js`, change);
  }
  const spoiltImport = imported && spoiltFile(imported);
  if (spoiltImport !== undefined && !page?.worker) {
    const change = 'put peerfold-worker.js there, or correct the address in importScripts';
    return wrong('worker-file', `${imported?.url ?? ''}, which it imports, ${spoiltImport}`, change);
  }
  const fault = page?.worker ? undefined : page?.faults.find(({ code }) => code === 'worker-failed');
  if (fault?.message.includes('Content Security Policy'))
    return skipped('worker-file', 'browsers are forbidden to take it: see csp');
  if (fault) return refusedFile(fault.message);
  return fine('worker-file', file.url);
}

/** What is wrong with a script as it is served. */
function spoiltFile(file: FileSeen): string | undefined {
  if (!file.ok) return `does not come: ${file.problem}`;
  if (file.redirected) return 'is a redirect, which browsers do not follow for workers';
  if (file.status !== 200) return `answers ${file.status}`;
  if (!isScriptType(file.type)) return `comes as ${file.type || 'nothing'}, not as text/javascript`;
  return undefined;
}

function checkScope({ opening }: Examination, page: PageSeen, file: Finding): Finding {
  const { controller, registrations } = page;
  if (file.status !== 'ok') return skipped('worker-scope', 'there is no worker');
  const address = opening.ok ? opening.url : '';
  if (registrations.length === 0 && controller === undefined)
    return skipped('worker-scope', 'no worker was registered');
  const covering = registrations.filter(({ scope }) => address.startsWith(scope));
  if (covering.length === 0) {
    const says = `the worker is for pages below ${registrations.map(({ scope }) => scope).join(', ')} only`;
    const change =
      'put the worker file into the top folder of the site (or of its part) and name it with data-sw';
    return wrong('worker-scope', says, change);
  }
  const rivals = rivalsOf(page, address);
  if (rivals.length > 0) return rivalry(rivals);
  const isOff = page.workerConsole.some((line) => LITERAL.test(line));
  if (controller === undefined && !isOff) {
    const change = 'look into the browser for its errors';
    return wrong('worker-scope', 'the worker does not take the page over', change);
  }
  const scopes = covering.map(({ scope }) => scope).join(', ');
  const when = page.reloaded ? '; it takes visitors over with their second page' : '';
  return fine('worker-scope', scopes + when);
}

const HAVE_ONE =
  "have one: add Peerfold's lines to the top of the site's own, and name that with data-sw (docs/composition.md)";

/** By the browser, or by the loader, which takes no other worker's place unasked. */
function refusedFile(message: string): Finding {
  const [, other] = /^(\S+) is here: /.exec(message) ?? [];
  if (other) return wrong('worker-file', `${other} is this site's worker already`, HAVE_ONE);
  return wrong('worker-file', `browsers refuse it: ${message}`, 'correct what the browser names');
}

function rivalry(rivals: readonly Registered[]): Finding {
  const [{ scope } = { scope: '' }] = rivals;
  const says = `${rivals.length} workers are registered for ${scope}, and replace each other at each page load`;
  const scripts = rivals.map(({ script }) => script);
  return wrong('worker-scope', says, HAVE_ONE, scripts);
}

function checkLiteral({ opening, services }: Examination, page: PageSeen, file: Finding): Finding {
  const [, complaint] = page.workerConsole.flatMap((line) => LITERAL.exec(line) ?? []);
  if (complaint !== undefined) {
    const change = 'correct self.peerfold in the worker file; nothing is intercepted until then';
    return wrong('worker-literal', complaint, change);
  }
  if (page.worker?.config !== undefined) {
    const { include = [] } = services?.config ?? {};
    const more = include.length === 0 ? '' : `, include ${include.join(' ')}`;
    return fine(
      'worker-literal',
      `hasher ${services?.hasher ?? ''}, tracker ${services?.tracker ?? ''}${more}`,
    );
  }
  if (opening.ok && rivalsOf(page, opening.url).length > 0)
    return skipped('worker-literal', 'another worker takes its place: see worker-scope');
  if (file.status !== 'ok' || page.worker || page.controller === undefined)
    return skipped('worker-literal', 'the worker does not answer');
  const change = 'look into the console of the worker; another script may keep its messages from it';
  return wrong('worker-literal', 'the worker runs and does not answer', change);
}

function checkBuilds(page: PageSeen): Finding {
  const { loader, worker, faults } = page;
  const engine = faults.find(
    ({ code, message }) => code === 'not-supported' && /loader .* engine/.test(message),
  );
  if (loader === undefined || !worker) return skipped('builds', 'loader and worker have not met');
  const kept = longKept(page);
  if (loader !== worker.build)
    return wrong(
      'builds',
      `the loader is of build ${loader}, the worker of ${worker.build}`,
      SAME_BUILD,
      kept,
    );
  if (engine) return wrong('builds', engine.message, SAME_BUILD, kept);
  return fine('builds', loader);
}
