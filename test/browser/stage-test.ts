import { test as base, expect } from 'playwright/test';
import { originSha256 } from '../support/media.js';
import { Stage } from '../support/stage.js';
import type { Received, Visitor } from '../support/visitor.js';

export interface Fixtures {
  readonly stage: Stage;
}

/** A test with a stage of its own: nothing that one test does is seen by another. */
export const test = base.extend<Fixtures>({
  stage: async ({}, use) => {
    const stage = await Stage.open();
    await use(stage);
    await stage.close();
  },
});

export { expect };

/** A visitor in any browser. */
interface Receiver {
  received(): Promise<readonly Pick<Received, 'path' | 'status' | 'sha256'>[]>;
}

/** Every whole answer that the page received has exactly the bytes of the origin's file. */
export async function expectExact(visitor: Receiver, paths: readonly string[]): Promise<void> {
  const received = await visitor.received();
  for (const path of paths) {
    const answers = received.filter((one) => one.path === path && one.status === 200);
    expect(answers.length, `answers for ${path}`).toBeGreaterThan(0);
    for (const answer of answers) expect(answer.sha256, path).toBe(originSha256(path));
  }
}

type Bytes = Readonly<Record<'peer' | 'store' | 'cache' | 'http' | 'wasted', number>>;

/** What the visitor's page says it received for `paths`, by source, summed. */
export async function bytesFor(visitor: Pick<Visitor, 'stats'>, paths: readonly string[]): Promise<Bytes> {
  const { resources } = await visitor.stats();
  const sum = { peer: 0, store: 0, cache: 0, http: 0, wasted: 0 };
  for (const { url, bytes } of resources) {
    if (!paths.includes(new URL(url).pathname)) continue;
    for (const source of Object.keys(sum) as (keyof Bytes)[]) sum[source] += bytes[source];
  }
  return sum;
}

export function share(bytes: Bytes, source: keyof Bytes): number {
  const all = bytes.peer + bytes.store + bytes.cache + bytes.http;
  return all === 0 ? 0 : bytes[source] / all;
}
