import { BUNDLED_PACKAGES } from './scripts/bundles.mjs';

/** Which folder may import which; see docs/architecture.md. Project references say the same to the compiler. */
const MAY_IMPORT = {
  'src/core': [],
  'src/protocol': ['src/core'],
  'src/verify': ['src/core', 'src/protocol'],
  'src/store': ['src/core', 'src/protocol'],
  'src/peer': ['src/core', 'src/protocol'],
  'src/page': ['src/core', 'src/protocol', 'src/peer'],
  sw: ['src/core', 'src/protocol', 'src/verify', 'src/store'],
  'hasher-service': ['src/core', 'src/protocol', 'src/verify'],
  'tracker-service': ['src/core', 'src/protocol', 'src/verify'],
};

/** Packages that one file wraps: replacing one means changing that file. */
const SINGLE_IMPORTER = ['simple-peer', 'idb-keyval', 'workbox-window', 'mediabunny'];

const SERVICES = '^(hasher-service|tracker-service)/';
const ENTRY_POINTS = '^(hasher-service|tracker-service)/index\\.ts$';
const BROWSER_CODE = '^(src/(core|protocol|verify|store|peer|page)|sw)/';

const inside = (folder) => `^${folder}/`;

const layers = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `layer: ${folder}`,
  severity: 'error',
  from: { path: inside(folder) },
  to: { pathNot: ['node_modules/', ...[folder, ...allowed].map(inside)], dependencyTypesNot: ['core'] },
}));

const singleImporters = SINGLE_IMPORTER.map((name) => ({
  name: `one importer: ${name}`,
  severity: 'error',
  from: { path: '^(src|sw|hasher-service|tracker-service)/' },
  module: { path: `node_modules/${name}/`, numberOfDependentsMoreThan: 1 },
}));

export default {
  forbidden: [
    ...layers,
    ...singleImporters,
    {
      name: 'no cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'services by their entry point',
      comment:
        'The command, the demo site and the benchmarks use what every embedder can use; one benchmark looks at the core of the tracker alone.',
      severity: 'error',
      from: { path: '^(src/cli|demo-site|bench)/', pathNot: '^bench/programs/tracker-index\\.ts$' },
      to: { path: SERVICES, pathNot: ENTRY_POINTS },
    },
    {
      name: 'no Node in browser code',
      severity: 'error',
      from: { path: BROWSER_CODE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nothing imports tests',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'no development packages in the product, but those that are bundled',
      severity: 'error',
      from: { path: '^(src|sw|hasher-service|tracker-service)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        pathNot: `(^|/)node_modules/(${BUNDLED_PACKAGES.join('|')})/`,
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|demo-site/(public|media-source))/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['browser', 'import', 'node', 'default', 'types'],
    },
  },
};
