import type { Examination, PageSeen } from './examination.js';
import { checkCompanions } from './companions-check.js';
import { fine, noted, skipped, wrong, type Finding } from './finding.js';

/** A day: browsers that have a script for longer mix it with files of the next version. */
const LONG_KEPT = 86_400;
const OFF = /^Peerfold stays off: (.*)$/;

/** Whether the page comes at all, and what is in it. */
export function checkPage(seen: Examination): Finding[] {
  const opened = checkOpening(seen);
  const { page } = seen;
  if (!page || opened.status !== 'ok') {
    const others = (['secure', 'tag', 'companions', 'attributes', 'consent'] as const).map((id) =>
      skipped(id, 'the page did not load'),
    );
    return [opened, ...others];
  }
  return [
    ...[opened, checkSecure(page), checkTag(page), checkCompanions(page)],
    ...[checkAttributes(page), checkConsent(page)],
  ];
}

function checkOpening({ asked, opening }: Examination): Finding {
  if (!opening.ok)
    return wrong('page', `${asked} does not load: ${opening.problem}`, 'look whether it opens in a browser');
  const { url, status, type } = opening;
  if (new URL(url).origin !== new URL(asked).origin) {
    const { origin } = new URL(url);
    const says = `${asked} leads to ${origin}, which is another site to browsers`;
    return wrong('page', says, `examine that one: peerfold doctor ${url}`);
  }
  if (status >= 400)
    return wrong('page', `${url} answers ${status}`, 'name a page of the site that is there');
  if (!/html/i.test(type)) return wrong('page', `${url} is no page but ${type}`, 'name a page of the site');
  return fine('page', url);
}

function checkSecure({ secure, console }: PageSeen): Finding {
  if (!secure)
    return wrong(
      'secure',
      'browsers have no service workers on pages without HTTPS',
      'serve the site by HTTPS',
    );
  const mixed = console.filter((line) => line.startsWith('Mixed Content'));
  if (mixed.length === 0) return fine('secure', 'a secure context, and nothing comes by HTTP');
  return wrong(
    'secure',
    'the page asks for things by HTTP',
    'name them with https: or wss:',
    mixed.slice(0, 5),
  );
}

function checkTag(page: PageSeen): Finding {
  const { tags, started, scripts } = page;
  const [tag] = tags;
  if (!tag) {
    if (started) return fine('tag', 'none; the page starts Peerfold by itself');
    const change = 'add the tag that peerfold init prints, or look whether something keeps it out';
    return wrong('tag', 'the page has no script tag for peerfold.js', change);
  }
  const script = scripts.find(({ url }) => url === tag.src);
  const failed = script && (script.failure ?? (script.status >= 400 ? `HTTP ${script.status}` : undefined));
  if (!started && page.violations.some(({ blocked }) => blocked === tag.src))
    return skipped('tag', `the content security policy forbids ${tag.src}: see csp`);
  if (failed !== undefined && !started)
    return wrong(
      'tag',
      `${tag.src} does not come: ${failed}`,
      'put the built file there, or correct the address',
    );
  const changed = page.console.find((line) => line.includes('integrity') && line.includes(tag.src));
  if (changed !== undefined && !started) {
    const change = 'print the tag anew with peerfold init: the file is another one than its digest says';
    return wrong('tag', `the browser refuses ${tag.src} for its integrity attribute`, change);
  }
  if (tags.length > 1)
    return wrong('tag', `the page has it ${tags.length} times`, 'keep one; the others are ignored');
  return fine('tag', tag.src);
}

function checkAttributes({ tags, started, console }: PageSeen): Finding {
  if (tags.length === 0 && !started) return skipped('attributes', 'there is no tag');
  const [, complaint] = console.flatMap((line) => OFF.exec(line) ?? []);
  if (complaint !== undefined)
    return wrong('attributes', complaint, 'correct it: Peerfold stays off until then (docs/integration.md)');
  if (!started) return skipped('attributes', 'the script does not run');
  const named = Object.entries(tags[0]?.attributes ?? {}).map(([name, value]) => `${name}="${value}"`);
  return fine('attributes', named.join(' ') || 'none; the page sets its options itself');
}

function checkConsent(page: PageSeen): Finding {
  const { started, firstReason, status } = page;
  if (!started) return skipped('consent', 'the script does not run');
  if (status?.reason === 'off')
    return wrong('consent', 'this page is switched off', 'remove data-off or ?peerfold=off from it');
  if (status?.reason === 'consent')
    return wrong('consent', 'given consent has no effect', 'look whether the page withdraws it by itself');
  if (firstReason === 'consent' && !asks(page)) {
    const says =
      "nothing happened before the doctor's visitor said peerfold.consent(true), and while the page was looked at nobody " +
      'was asked (what a click calls is not seen)';
    const change =
      'unless a click of the visitor does it: add data-notice to the tag, or call peerfold.consent(true) ' +
      'once the visitor agrees';
    return noted('consent', says, change);
  }
  if (firstReason === 'consent')
    return fine(
      'consent',
      "nothing happened before it; the doctor's visitor has said peerfold.consent(true)",
    );
  return fine('consent', "not waited for; the doctor's visitor has said peerfold.consent(true) all the same");
}

/** Whether visitors of the page are asked for consent, as far as that can be seen without touching it. */
function asks({ chooses, scripts, tags }: PageSeen): boolean {
  return (
    chooses ||
    tags[0]?.attributes['data-notice'] !== undefined ||
    scripts.some(({ url }) => new URL(url).pathname.endsWith('/peerfold-notice.js'))
  );
}

/** Scripts that browsers keep for longer than a day without asking. */
export function longKept(page: PageSeen): string[] {
  return page.scripts
    .filter(({ url, cacheControl }) => !new URL(url).search && maxAge(cacheControl) > LONG_KEPT)
    .map(({ url, cacheControl }) => `${url}: ${cacheControl}`);
}

function maxAge(cacheControl: string): number {
  if (/no-(cache|store)/i.test(cacheControl)) return 0;
  return Number(/max-age\s*=\s*"?(\d+)/i.exec(cacheControl)?.[1] ?? 0);
}
