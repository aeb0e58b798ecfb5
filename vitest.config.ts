import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      '{contracts,domain,ports,adapters,runner,functions,local,web,clients,bench,tools,test,examples}/**/*.test.{ts,tsx}',
    ],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    setupFiles: ['test/seed.ts'],
    reporters: ['default'],
  },
})
