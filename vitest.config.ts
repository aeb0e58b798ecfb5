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
      {
        extends: true,
        // Files of a worker share the modules they import, which takes a third of the processor's time off them; none
        // of them changes what another sees.
        test: { name: 'unit', include: unit, exclude: [...platform, ...browser], isolate: false },
      },
      {
        extends: true,
        test: { name: 'platform', include: platform, exclude: browser, globalSetup: 'test/prepare-platform.ts' },
      },
      { extends: true, test: { name: 'browser', include: browser, globalSetup: 'test/prepare-browser.ts' } },
    ],
  },
})
