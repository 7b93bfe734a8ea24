import { test as base } from '../browser/stage-test.js';
import { FirefoxVisitor } from './firefox-visitor.js';

interface Fixtures {
  readonly firefox: FirefoxVisitor;
}

/** A test with a stage of its own and Firefox on it. */
export const test = base.extend<Fixtures>({
  firefox: async ({ stage }, use) => {
    const firefox = await FirefoxVisitor.arrive(stage.site.url);
    await use(firefox);
    await firefox.leave();
  },
});
