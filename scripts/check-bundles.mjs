import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { BROWSER_BUNDLES } from './bundles.mjs';
import { inputsOf, packageOf } from './licences.mjs';
import { ROOT } from './run.mjs';

async function contentsOf(name) {
  const file = path.join(ROOT, 'dist/meta', `${path.basename(name, '.js')}.json`);
  return inputsOf(JSON.parse(await readFile(file, 'utf8')));
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
/** How webpack and Vite are told to leave an import to the browser. */
const FOR_BUNDLERS = ['webpackIgnore: true', '@vite-ignore'];

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
