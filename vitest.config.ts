import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Two cores are two workers: many of these wait for a service, and Vitest would leave one core idle.
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      { test: { name: 'property', include: ['test/property/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'service', include: ['test/service/**/*.test.ts'], testTimeout: 30_000 } },
    ],
  },
});
