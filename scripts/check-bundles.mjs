import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { BROWSER_BUNDLES, FOR_BUNDLERS, NODE_BUNDLES } from './bundles.mjs';
import { inputsOf, packageOf } from './licences.mjs';
import { ROOT } from './run.mjs';

async function metaOf(name) {
  const file = path.join(ROOT, 'dist/meta', `${path.basename(name, '.js')}.json`);
  return JSON.parse(await readFile(file, 'utf8'));
}

async function contentsOf(name) {
  return inputsOf(await metaOf(name));
}

function isAllowed(input, { packages, folders }) {
  const found = packageOf(input);
  if (found) return packages.includes(found.name);
  return folders.some((folder) => input === folder || input.startsWith(`${folder}/`));
}

/** Whether every bundle holds only what `bundles.mjs` lists for it; says what else was found. */
export async function checkContents() {
  let clean = true;
  for (const bundle of BROWSER_BUNDLES) {
    for (const input of await contentsOf(bundle.name)) {
      if (isAllowed(input, bundle)) continue;
      console.error(`${bundle.name} must not contain ${input}`);
      clean = false;
    }
  }
  return clean;
}

const PACKAGE = /^(?!node:)(?:@[^/]+\/)?[^/]+/;

/** The packages that a bundle imports when it runs, of esbuild's account of it. */
export function importedPackages({ outputs }) {
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  const names = imports.flatMap(({ path: name, external }) => (external && PACKAGE.exec(name)) || []);
  return [...new Set(names)].sort();
}

/**
 * Whether `dependencies` are what is imported at run time, no more and no less: what is only bundled would be installed
 * for nothing, and bring its types to every adopter's compiler.
 */
export async function checkDependencies() {
  const metas = await Promise.all([...BROWSER_BUNDLES, ...NODE_BUNDLES].map(({ name }) => metaOf(name)));
  const imported = new Set(metas.flatMap(importedPackages));
  const { dependencies } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
  const missing = [...imported].filter((name) => !(name in dependencies));
  const idle = Object.keys(dependencies).filter((name) => !imported.has(name));
  for (const name of missing) console.error(`dist imports ${name}, which is not in dependencies`);
  for (const name of idle) console.error(`nothing in dist imports ${name}: it belongs to devDependencies`);
  return missing.length + idle.length === 0;
}

/** Gzip sizes against the budgets, in bytes. */
export async function bundleSizes() {
  return Promise.all(
    BROWSER_BUNDLES.map(async ({ name, budget }) => {
      const code = await readFile(path.join(ROOT, 'dist', name));
      return { name, budget, gzip: gzipSync(code, { level: 9 }).byteLength };
    }),
  );
}

/** Whether every bundle is within its budget; prints all sizes. */
export async function checkSizes() {
  const sizes = await bundleSizes();
  for (const { name, gzip, budget } of sizes) {
    const mark = gzip > budget ? 'OVER BUDGET' : '';
    console.log(`${name.padEnd(22)} ${String(gzip).padStart(7)} of ${budget} bytes gzip ${mark}`);
  }
  return sizes.every(({ gzip, budget }) => gzip <= budget);
}

/** Dynamic imports of a computed address: what stands between the bracket and the address. */
const COMPUTED_IMPORT = /\bimport\(((?:\s|\/\*.*?\*\/)*)(?!["'\s/])/g;

/** How many imports of computed addresses `code` has, and how many of them a bundler would make its own. */
export function computedImports(code) {
  const comments = [...code.matchAll(COMPUTED_IMPORT)].map(([, before]) => before);
  const bundled = comments.filter((before) => !FOR_BUNDLERS.every((words) => before.includes(words)));
  return { all: comments.length, bundled: bundled.length };
}

/** Whether the module works under an adopter's bundler: the engine is imported from the site, by the browser. */
export async function checkModule() {
  const { all, bundled } = computedImports(await readFile(path.join(ROOT, 'dist/index.js'), 'utf8'));
  console.log(`index.js: ${all} imports of computed addresses, ${bundled} without the comments for bundlers`);
  return all > 0 && bundled === 0;
}
