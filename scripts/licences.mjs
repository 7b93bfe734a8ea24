import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from './run.mjs';

const PACKAGE_OF = /^(.*(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+))\/(?!.*node_modules\/)/;
const LICENCE_FILE = /^licen[cs]e(\.(md|txt))?$/i;

/** The package that a file of `node_modules` belongs to, and its folder; `undefined` for files of ours. */
export function packageOf(file) {
  const [, folder, name] = PACKAGE_OF.exec(file) ?? [];
  return name === undefined ? undefined : { name, folder };
}

/** Files of a bundle that left something in it. */
export function inputsOf({ outputs }) {
  const contents = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return contents.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([input]) => input);
}

/**
 * The notice that must go with what is shipped: every package of which something is in `shipped`, a list of
 * `{name, inputs}`, with its version, where it went, and the text of its licence.
 */
export async function licenceNotice(shipped) {
  const found = new Map();
  for (const { name, inputs } of shipped) {
    for (const owner of inputs.flatMap((input) => packageOf(input) ?? [])) {
      const entry = found.get(owner.name) ?? { ...owner, places: new Set() };
      found.set(owner.name, entry);
      entry.places.add(name);
    }
  }
  const sections = await Promise.all([...found.values()].map(sectionOf));
  return [HEAD, ...sections.sort()].join(`\n${'-'.repeat(80)}\n\n`);
}

const HEAD = `Peerfold is under the MIT licence; see LICENSE. The files that it ships hold parts of the packages
below, under their own licences; their sources are at the addresses given.
`;

/** Some licences (MPL) ask to say where the source is; a package's page of one version goes on to it. */
const SOURCES = 'https://www.npmjs.com/package/';

async function sectionOf({ name, folder, places }) {
  const home = path.join(ROOT, folder);
  const { version, license } = JSON.parse(await readFile(path.join(home, 'package.json'), 'utf8'));
  const file = (await readdir(home)).find((entry) => LICENCE_FILE.test(entry));
  if (file === undefined) throw new Error(`${name} has no licence text`);
  const text = await readFile(path.join(home, file), 'utf8');
  return `${name} ${version} (${license}), in ${[...places].sort().join(', ')}\n${SOURCES}${name}/v/${version}\n\n${text.trim()}\n`;
}
