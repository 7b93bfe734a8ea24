import type { PageSeen, ScriptSeen } from './examination.js';
import { fine, skipped, wrong, type Finding } from './finding.js';
import { isScriptType } from './script-type.js';

/** What a page loads by itself, beside the loader; the worker's files have checks of their own. */
const COMPANION = /\/peerfold-(engine|beacons|notice|overlay|players|playlists)\.js$/;

/** Whether the scripts that the page asked for, besides the loader, came. */
export function checkCompanions({ started, scripts, violations }: PageSeen): Finding {
  if (!started) return skipped('companions', 'the script does not run');
  const asked = scripts.filter(({ url }) => COMPANION.test(new URL(url).pathname));
  const forbidden = asked.filter(({ url }) => violations.some(({ blocked }) => blocked === url));
  const missing = asked
    .filter((script) => !forbidden.includes(script))
    .flatMap((script) => {
      const problem = problemOf(script);
      return problem === undefined ? [] : [`${script.url} ${problem}`];
    });
  if (missing.length > 0) {
    const says = `${missing.length === 1 ? 'a script' : 'scripts'} beside the loader cannot be loaded`;
    const change = 'put all peerfold*.js files of one version beside the loader (peerfold init)';
    return wrong('companions', says, change, missing);
  }
  if (forbidden.length > 0) return skipped('companions', 'browsers are forbidden to load them: see csp');
  if (asked.length === 0) return skipped('companions', 'the page has not asked for any');
  return fine('companions', asked.map(({ url }) => url).join(' '));
}

/** Servers that answer missing files with a page send a type that browsers refuse for modules. */
function problemOf({ failure, status, type }: ScriptSeen): string | undefined {
  if (failure !== undefined) return `does not come: ${failure}`;
  if (status >= 400) return `answers ${status}`;
  if (!isScriptType(type)) return `comes as ${type || 'nothing'}, not as text/javascript`;
  return undefined;
}
