import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: 'test/support/scratch.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Encoders and searches use two threads themselves; more test files at once only make them wait for each other.
    maxWorkers: 2,
    pool: 'forks',
  },
})
