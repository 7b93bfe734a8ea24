import { describe, expect, it } from 'vitest';
import { computedImports, importedPackages } from '../../../scripts/check-bundles.mjs';

describe('imports of computed addresses', () => {
  it.each([
    ['return import(/* webpackIgnore: true */ /* @vite-ignore */ s)', { all: 1, bundled: 0 }],
    ['return import(\n/* webpackIgnore: true */\n/* @vite-ignore */\ns)', { all: 1, bundled: 0 }],
    ['return import(/* webpackIgnore: true */ s)', { all: 1, bundled: 1 }],
    ['import(/* @vite-ignore */ a),import(b)', { all: 2, bundled: 2 }],
    ['return import(new URL(`peerfold-${n}.js`,e).href)', { all: 1, bundled: 1 }],
    ['import("fs");import(/* why */ \'fs\');import{a}from"b";reimport(s)', { all: 0, bundled: 0 }],
  ])('%s', (code, counts) => {
    expect(computedImports(code)).toEqual(counts);
  });
});

describe('packages that a bundle imports', () => {
  it('are named once each, without their files, and without what is of Node or bundled', () => {
    const external = ['zod', '@hpke/core', 'redis/dist/a.js', 'zod', 'node:fs', '@a/b/c'];
    const imports = [
      ...external.map((name) => ({ path: name, kind: 'import-statement', external: true })),
      { path: 'src/a.ts', kind: 'import-statement' },
    ];
    expect(importedPackages({ outputs: { 'dist/x.js': { imports } } })).toEqual([
      '@a/b',
      '@hpke/core',
      'redis',
      'zod',
    ]);
  });
});
