/**
 * What is built, what may be inside, and how large it may get. The sizes are gzip bytes of what a
 * visitor downloads; a bundle that outgrows its budget makes every page of every site slower.
 */
const KIB = 1024;

/**
 * Chrome 94, Firefox 93, Safari 16.4: older ones stop at the first line and keep using HTTP. Lowering
 * private fields to ES2020 would cost the loader a fifth of its size.
 */
export const BROWSER_TARGET = 'es2022';

/** How webpack and Vite are told, by comments in a module, to leave an `import()` to the browser. */
export const FOR_BUNDLERS = ['webpackIgnore: true', '@vite-ignore'];

/**
 * `packages` and `folders` are complete: anything else that turns up in a bundle fails the check. That
 * keeps WebRTC out of the worker, signature checks out of the page, and the services' packages out of
 * both.
 */
export const BROWSER_BUNDLES = [
  {
    name: 'peerfold.js',
    entry: 'src/page/loader.ts',
    format: 'iife',
    budget: 6.75 * KIB,
    packages: ['workbox-window', 'workbox-core'],
    folders: ['src/core', 'src/protocol', 'src/page'],
  },
  {
    name: 'peerfold-engine.js',
    entry: 'src/page/engine.ts',
    format: 'esm',
    budget: 36 * KIB,
    packages: ['simple-peer', 'inherits'],
    folders: ['src/core', 'src/protocol', 'src/page', 'src/peer'],
  },
  {
    name: 'peerfold-overlay.js',
    entry: 'src/page/overlay.ts',
    format: 'esm',
    budget: 8.25 * KIB,
    packages: [],
    folders: ['src/core', 'src/protocol', 'src/page'],
  },
  {
    name: 'peerfold-notice.js',
    entry: 'src/page/notice.ts',
    format: 'esm',
    budget: 3 * KIB,
    packages: [],
    folders: ['src/page'],
  },
  {
    name: 'peerfold-beacons.js',
    entry: 'src/page/beacons.ts',
    format: 'esm',
    budget: 3.25 * KIB,
    packages: [],
    folders: ['src/core', 'src/protocol', 'src/page'],
  },
  {
    name: 'peerfold-players.js',
    entry: 'src/page/players.ts',
    format: 'esm',
    budget: 6 * KIB,
    packages: [],
    folders: ['src/core', 'src/protocol', 'src/page'],
  },
  {
    name: 'peerfold-playlists.js',
    entry: 'src/page/playlists.ts',
    format: 'esm',
    budget: 13 * KIB,
    packages: ['m3u8-parser', 'mpd-parser', '@videojs/vhs-utils', '@babel/runtime'],
    folders: ['src/core', 'src/protocol', 'src/page'],
    // Browsers have what these bring: two thirds of the weight.
    alias: {
      '@xmldom/xmldom': 'src/page/playlists/shims/xmldom.ts',
      'global/window': 'src/page/playlists/shims/window.ts',
    },
  },
  {
    name: 'peerfold-worker.js',
    entry: 'sw/entry.ts',
    format: 'iife',
    budget: 26.75 * KIB,
    packages: ['idb-keyval'],
    folders: ['src/core', 'src/protocol', 'src/verify', 'src/store', 'sw'],
  },
  {
    // The same worker, as a module for workers that Workbox's router serves.
    name: 'workbox.js',
    entry: 'sw/workbox.ts',
    format: 'esm',
    budget: 26.75 * KIB,
    packages: ['idb-keyval'],
    folders: ['src/core', 'src/protocol', 'src/verify', 'src/store', 'sw'],
  },
  {
    name: 'index.js',
    entry: 'src/package.ts',
    format: 'esm',
    budget: 6.375 * KIB,
    packages: ['workbox-window', 'workbox-core'],
    folders: ['src/core', 'src/protocol', 'src/page', 'src/index.ts'],
  },
  {
    // The operator's, served by the hash service; no visitor downloads it.
    name: 'dashboard/dashboard.js',
    entry: 'hasher-service/dashboard/main.ts',
    format: 'esm',
    budget: 32 * KIB,
    packages: ['uplot'],
    folders: ['src/protocol', 'hasher-service/dashboard'],
  },
];

/**
 * Programs for Node; their packages are installed with Peerfold, but for those of a program that is `whole`. Mediabunny
 * brings types of browser APIs, and every TypeScript project that they are installed in would see them.
 */
export const NODE_BUNDLES = [
  { name: 'hasher.js', entry: 'hasher-service/index.ts' },
  // Started by the hash service, which looks for them beside itself.
  { name: 'hash-worker.js', entry: 'hasher-service/hashing/hash-worker.ts' },
  {
    name: 'media-parser.js',
    entry: 'hasher-service/hashing/media-parser.ts',
    whole: true,
    packages: ['mediabunny'],
  },
  { name: 'tracker.js', entry: 'tracker-service/index.ts' },
  { name: 'cli.js', entry: 'src/cli/main.ts', banner: '#!/usr/bin/env node' },
];

/** Packages that are in what is built: whoever installs Peerfold has no need of them. */
export const BUNDLED_PACKAGES = [...BROWSER_BUNDLES, ...NODE_BUNDLES].flatMap(
  ({ packages = [] }) => packages,
);

/** Files taken as they are: what the dashboard has beside its script. */
export const COPIED_FILES = [
  { from: 'node_modules/uplot/dist/uPlot.min.css', to: 'dashboard/uplot.css' },
  { from: 'hasher-service/dashboard/index.html', to: 'dashboard/index.html' },
  { from: 'hasher-service/dashboard/icon.svg', to: 'dashboard/icon.svg' },
  { from: 'hasher-service/dashboard/dashboard.css', to: 'dashboard/dashboard.css' },
];
