import type { Bytes } from '../../src/core/bytes.js';
import { WorkerRig, type TestPage } from './worker-rig.js';

/** A rig with one signed file on the origin and a leading page that knows its token. */
export interface Visit {
  readonly rig: WorkerRig;
  readonly path: string;
  readonly bytes: Bytes;
  readonly signed: Awaited<ReturnType<WorkerRig['sign']>>;
  readonly page: TestPage;
}

export async function visitTo(
  path: string,
  length: number,
  options: Parameters<typeof WorkerRig.make>[0] & { claims?: Record<string, unknown> } = {},
): Promise<Visit> {
  const rig = await WorkerRig.make(options);
  const bytes = rig.file(path, length);
  const signed = await rig.sign(path, bytes, options.claims);
  const page = await rig.visitor();
  page.say({ t: 'tokens', tokens: [signed.token] });
  await rig.rest(10);
  return { rig, path, bytes, signed, page };
}

/** The worker is started anew, the page leads and knows its token again, and peers hold the file. */
export async function restarted({ rig, page, bytes, signed }: Visit): Promise<void> {
  rig.restart();
  page.lead();
  page.say({ t: 'tokens', tokens: [signed.token] });
  await rig.rest(10);
  rig.serve(page, bytes, signed, (one) => one);
}
