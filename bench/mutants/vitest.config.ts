/**
 * Vitest as Stryker runs it: only the tests of the room that is being mutated (`bench/mutants/rooms.ts` names them in
 * `CLOISTER_MUTANTS_TESTS`), and Jest's globals, since the tests of `lib/` are written for Jest.
 */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: (process.env['CLOISTER_MUTANTS_TESTS'] ?? '').split(','),
    globals: true,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    setupFiles: ['test/seed.ts'],
  },
})
