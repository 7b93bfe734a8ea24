import { test as base } from '../browser/stage-test.js';
import { WebKitVisitor } from './webkit-visitor.js';

interface Fixtures {
  readonly webkit: WebKitVisitor;
}

/** A test with a stage of its own and WebKit on it. */
export const test = base.extend<Fixtures>({
  webkit: async ({ stage }, use) => {
    const webkit = await WebKitVisitor.arrive(stage.site.url);
    await use(webkit);
    await webkit.leave();
  },
});
