import { describe, expect, it } from 'vitest';
import { inputsOf, licenceNotice, packageOf } from '../../../scripts/licences.mjs';

describe('licences of what is shipped', () => {
  it.each([
    ['node_modules/idb-keyval/dist/index.js', 'idb-keyval'],
    ['node_modules/@videojs/vhs-utils/es/stream.js', '@videojs/vhs-utils'],
    ['node_modules/a/node_modules/b/index.js', 'b'],
    ['src/page/loader.ts', undefined],
  ])('%s is of %s', (file, name) => {
    expect(packageOf(file)?.name).toBe(name);
  });

  it('are each there once, with version, places and text', async () => {
    const inputs = ['node_modules/idb-keyval/dist/index.js', 'src/a.ts'];
    const notice = await licenceNotice([
      { name: 'one.js', inputs },
      { name: 'two.js', inputs: [...inputs, 'node_modules/workbox-window/index.mjs'] },
    ]);
    expect(notice.match(/^\S+ \d+\.\d+\.\d+ \(.*\), in .*$/gm)).toEqual([
      expect.stringMatching(/^idb-keyval .* \(Apache-2.0\), in one.js, two.js$/),
      expect.stringMatching(/^workbox-window .* \(MIT\), in two.js$/),
    ]);
    expect(notice).toMatch(/^https:\/\/www\.npmjs\.com\/package\/idb-keyval\/v\/\d+\.\d+\.\d+$/m);
    expect(notice).toContain('Copyright 2016, Jake Archibald');
  });

  it('are those of files that left something in the bundle', () => {
    const inputs = { 'a.js': { bytesInOutput: 5 }, 'b.js': { bytesInOutput: 0 } };
    expect(inputsOf({ outputs: { 'dist/x.js': { inputs } } })).toEqual(['a.js']);
  });
});
