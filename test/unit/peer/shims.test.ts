import { readdirSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { Duplex } from '../../../src/peer/shims/readable-stream.js';

const SHIMS = path.resolve(import.meta.dirname, '../../../src/peer/shims');

describe('the shims of simple-peer', () => {
  it('leave nothing of its Node packages in a bundle, within 7 KiB gzip', async () => {
    const files = readdirSync(SHIMS);
    const alias = Object.fromEntries(
      files.map((file) => [path.basename(file, '.ts'), path.join(SHIMS, file)]),
    );
    const { outputFiles, metafile } = await build({
      stdin: { contents: "import Peer from 'simple-peer'; globalThis.Peer = Peer;", resolveDir: SHIMS },
      ...{ bundle: true, minify: true, write: false, metafile: true, logLevel: 'silent' },
      platform: 'browser',
      define: { global: 'globalThis' },
      alias,
    });
    const packages = Object.keys(metafile.inputs).filter((input) => input.includes('node_modules/'));
    expect(packages.map((input) => input.replace(/.*node_modules\//, ''))).toEqual(['simple-peer/index.js']);
    const [bundle] = outputFiles;
    expect(bundle?.text).not.toContain('process.');
    expect(gzipSync(bundle?.contents ?? '', { level: 9 }).byteLength).toBeLessThan(7 * 1024);
  });

  it('give simple-peer the events it needs of a stream', () => {
    const stream = new Duplex();
    const seen: unknown[] = [];
    const listener = (value: unknown) => seen.push(value);
    stream.on('data', listener).once('data', listener);
    stream.push(1);
    stream.push(2);
    expect(seen).toEqual([1, 1, 2]);
    stream.removeListener('data', listener);
    expect(stream.emit('data', 3)).toBe(false);
    stream.push(null);
    stream.end();
    expect([stream._readableState.ended, stream._writableState.finished]).toEqual([true, true]);
    expect(seen).toEqual([1, 1, 2]);
  });
});
