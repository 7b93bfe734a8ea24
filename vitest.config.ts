import { defineConfig } from 'vitest/config';
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

export default defineConfig({
  test: {
    // On two cores: many of these wait for a service.
    maxWorkers: 3,
    sequence: { sequencer: WaitingFirst },
    projects: [
      // What these import holds no state: to load it once spares half of their time.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000, isolate: false } },
      {
        test: {
          name: 'property',
          include: ['test/property/**/*.test.ts'],
          testTimeout: 60_000,
          isolate: false,
        },
      },
      { test: { name: 'service', include: ['test/service/**/*.test.ts'], testTimeout: 30_000 } },
    ],
  },
});
