import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { configured } from './command.js';
import { putInPlace, readBundles } from './init-files.js';
import { checkFolder, findFolder } from './init-folder.js';
import { planInit } from './init-plan.js';
import { told } from './init-text.js';

const path = z.string().regex(/^\/(?:[\w.~%-]+\/?)*$/, 'must be a path such as /shop/');

const schema = z.strictObject({
  hasher: z.string().optional().describe('address of the hash service, such as https://hash.example.com'),
  tracker: z.string().optional().describe('address of the tracker, such as wss://tracker.example.com'),
  include: z
    .array(z.string())
    .default([])
    .describe(
      'pattern of what pages fetch by script and may be shared, such as /media/*; repeatable; without it, chosen by what the folder holds',
    ),
  static: z
    .boolean()
    .default(false)
    .describe('at --hasher lie files that `peerfold sign` writes, and no service'),
  consent: z
    .enum(['required', 'implied'])
    .default('required')
    .describe('required (visitors are asked first) or implied (they may object)'),
  base: path.default('/').describe('path of the site that the folder is served at'),
  newWorker: z
    .boolean()
    .default(false)
    .describe('write a worker file although another worker was found, because that one is not in use'),
  dryRun: z.boolean().default(false).describe('say what would be done, and do nothing'),
});

/** The built command lies beside the scripts for browsers. */
const BESIDE = dirname(fileURLToPath(import.meta.url));

export const init = configured({
  name: 'peerfold init',
  summary: 'Puts scripts and worker file into the folder that a site is served from, and prints the tag.',
  schema,
  naming: { prefix: 'PEERFOLD_INIT' },
  operand: '[FOLDER]',
  async act(config, io, operand) {
    const cwd = process.cwd();
    const named = { folder: operand, why: undefined, copied: false };
    const found = operand === '' ? await findFolder(cwd) : named;
    const folder = resolve(cwd, found.folder);
    await checkFolder(folder);
    const base = config.base.endsWith('/') ? config.base : `${config.base}/`;
    const bundles = await readBundles(BESIDE);
    const { hasher, tracker } = config;
    const plan = await planInit({ ...config, hasher, tracker, folder, base, bundles });
    if (!config.dryRun) await putInPlace(folder, plan.files);
    io.out(told(plan, { ...config, ...found, folder: join(found.folder), base, bundles }));
    return 0;
  },
});
