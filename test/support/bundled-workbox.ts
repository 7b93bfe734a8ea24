import path from 'node:path';
import { build } from 'esbuild';

/** A site's worker with Workbox and Peerfold, as bundlers make it; `literal` is what Peerfold is told, as JSON. */
export async function bundledWorkbox(literal: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: path.resolve(import.meta.dirname, '../..'),
    entryPoints: ['test/support/site-workers/workbox.ts'],
    ...{ bundle: true, write: false, format: 'iife', minify: true },
    define: { 'process.env.NODE_ENV': '"production"', SITE_LITERAL: literal },
  });
  return outputFiles[0]?.text ?? '';
}
