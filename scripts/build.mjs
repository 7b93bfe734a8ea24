import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';
import { BROWSER_BUNDLES, BROWSER_TARGET, COPIED_FILES, FOR_BUNDLERS, NODE_BUNDLES } from './bundles.mjs';
import { inputsOf, licenceNotice } from './licences.mjs';
import { ROOT, runTool } from './run.mjs';

const DIST = path.join(ROOT, 'dist');
/** What is shipped; tests and tools are compiled by `npm run check`. */
const PROJECTS = ['src', 'sw', 'hasher-service', 'tracker-service', 'src/cli'];
const SHIMS = path.join(ROOT, 'src/peer/shims');

/** Stands where the build's name goes; as long as the name, so that source maps stay right. */
const BUILD_PLACEHOLDER = '@peerfold-build@';

const common = { absWorkingDir: ROOT, bundle: true, metafile: true, write: false, logLevel: 'warning' };

/** Browser-native stand-ins for simple-peer's Node packages: `shims/<package>.ts` replaces `<package>`. */
async function shimAliases() {
  const files = await readdir(SHIMS);
  return Object.fromEntries(
    files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [path.basename(file, '.ts'), path.join(SHIMS, file)]),
  );
}

function absolute(alias) {
  return Object.fromEntries(Object.entries(alias).map(([name, file]) => [name, path.join(ROOT, file)]));
}

async function bundleForBrowser({ name, entry, format, alias = {} }, shims) {
  const result = await build({
    ...common,
    entryPoints: [entry],
    outfile: path.join('dist', name),
    platform: 'browser',
    format,
    target: BROWSER_TARGET,
    alias: { ...shims, ...absolute(alias) },
    minifyIdentifiers: true,
    minifySyntax: true,
    // White space is left to the second pass: without it esbuild drops the comments that bundlers read.
    minifyWhitespace: false,
    sourcemap: 'linked',
    define: {
      __PEERFOLD_BUILD__: JSON.stringify(BUILD_PLACEHOLDER),
      'process.env.NODE_ENV': '"production"',
      global: 'globalThis',
    },
  });
  return minified({ name, ...result }, format);
}

/**
 * A second pass of minification: with esbuild alone the worker is 4 % larger, and over its budget.
 * Returns esbuild's result with code and source map replaced.
 */
async function minified(bundle, format) {
  const [map, script] = bundle.outputFiles;
  const file = path.basename(script.path);
  const { code, map: newMap } = await minify(script.text, {
    ecma: 2020,
    module: format === 'esm',
    compress: { passes: 3 },
    format: { comments: format === 'esm' && new RegExp(FOR_BUNDLERS.join('|')) },
    sourceMap: { content: map.text, filename: file, url: `${file}.map` },
  });
  const outputFiles = [
    { path: map.path, text: newMap, contents: Buffer.from(newMap) },
    { path: script.path, text: code, contents: Buffer.from(code) },
  ];
  return { ...bundle, outputFiles };
}

async function bundleForNode({ name, entry, banner = '', whole = false }) {
  const result = await build({
    ...common,
    entryPoints: [entry],
    outfile: path.join('dist', name),
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: whole ? 'bundle' : 'external',
    banner: { js: banner },
  });
  return { name, ...result };
}

/** The bundles that talk to each other in a browser are one build: a change in any of them renames all. */
function nameOf(bundles) {
  const hash = createHash('sha256');
  for (const { outputFiles } of bundles) for (const file of outputFiles) hash.update(file.contents);
  return hash.digest('hex').slice(0, BUILD_PLACEHOLDER.length);
}

async function write(bundle, buildName) {
  for (const { path: file, text } of bundle.outputFiles) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text.replaceAll(BUILD_PLACEHOLDER, buildName));
  }
  const meta = path.join(DIST, 'meta', `${path.basename(bundle.name, '.js')}.json`);
  await writeFile(meta, JSON.stringify(bundle.metafile));
}

async function writeLicences(bundles) {
  const shipped = [
    ...bundles.map(({ name, metafile }) => ({ name, inputs: inputsOf(metafile) })),
    ...COPIED_FILES.map(({ from, to }) => ({ name: to, inputs: [from] })),
  ];
  await writeFile(path.join(DIST, 'THIRD-PARTY-LICENSES.txt'), await licenceNotice(shipped));
}

async function bundleAll() {
  const shims = await shimAliases();
  const [forBrowser, forNode] = await Promise.all([
    Promise.all(BROWSER_BUNDLES.map((bundle) => bundleForBrowser(bundle, shims))),
    Promise.all(NODE_BUNDLES.map(bundleForNode)),
  ]);
  const buildName = nameOf(forBrowser);
  await mkdir(path.join(DIST, 'meta'), { recursive: true });
  await Promise.all([...forBrowser, ...forNode].map((bundle) => write(bundle, buildName)));
  await writeLicences([...forBrowser, ...forNode]);
  await chmod(path.join(DIST, 'cli.js'), 0o755);
  return buildName;
}

async function copyFiles() {
  for (const { from, to } of COPIED_FILES) {
    const target = path.join(DIST, to);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(path.join(ROOT, from), target);
  }
}

const [buildName, , typesExit] = await Promise.all([
  bundleAll(),
  copyFiles(),
  runTool('tsc', ['-b', ...PROJECTS]),
]);
if (typesExit !== 0) process.exit(typesExit);
console.log(`built ${buildName}`);
