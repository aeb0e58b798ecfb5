import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'
import { projects } from './test/projects.ts'

const { browser, platform, unit } = projects

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default'],
    sequence: { sequencer: LongestFirst },
    setupFiles: ['test/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'unit', include: unit, exclude: [...platform, ...browser] } },
      {
        extends: true,
        test: { name: 'platform', include: platform, exclude: browser, globalSetup: 'test/prepare-platform.ts' },
      },
      { extends: true, test: { name: 'browser', include: browser, globalSetup: 'test/prepare-browser.ts' } },
    ],
  },
})
