import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that wait for whole services come first: what has nothing to do but compute fills the time they leave. */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFleet = ({ moduleId }: TestSpecification): number => Number(moduleId.includes('/fleet.test.'));
    const isService = ({ moduleId }: TestSpecification): number =>
      Number(moduleId.includes('/test/service/'));
    return sorted.sort((a, b) => isFleet(b) - isFleet(a) || isService(b) - isService(a));
  }
}

/** What the files import holds no state: loading it once spares much of their time. */
function suite(name: string, testTimeout: number): TestProjectInlineConfiguration {
  return { test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, isolate: false } };
}

export default defineConfig({
  test: {
    // On two cores: many of these wait for a service.
    maxWorkers: 3,
    sequence: { sequencer: WaitingFirst },
    projects: [suite('unit', 20_000), suite('property', 60_000), suite('service', 30_000)],
  },
});
