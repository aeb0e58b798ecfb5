import type { Config } from 'jest'

/** Jest is for lib/ alone: the CDK's own assertions are at home in it. Everything else is tested by vitest. */
export default {
  roots: ['<rootDir>/lib'],
  testMatch: ['**/*.test.ts'],
  testEnvironment: 'node',
  testTimeout: 60_000,
  maxWorkers: 1,
  transform: { '\\.ts$': '<rootDir>/lib/jest-transform.cjs' },
} satisfies Config
