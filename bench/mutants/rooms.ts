/** The rooms whose tests are judged by mutation, and what is expected of each. */

export interface Room {
  /** Files that are mutated, as globs from the root. */
  mutate: readonly string[]
  /** Files of tests that may notice. Vitest runs those of them that reach the mutated file. */
  tests: readonly string[]
  /** Percent of the mutants that must be noticed. */
  goal: number
  /** Mutants that say nothing about the room. Texts are read by people; in statements of IAM they are the meaning. */
  leaveOut: readonly string[]
  /** One file of it for the quick form, with the test that is its own: under a minute on a busy machine. */
  sample?: { mutate: string; test: string }
}

const noTests = ['!**/*.test.ts', '!**/testing/**', '!**/testing.ts']
const texts = ['StringLiteral', 'Regex']
const unit = ['domain/**/*.test.ts', 'runner/engine/*.test.ts']

export const rooms: Readonly<Record<string, Room>> = {
  gate: {
    mutate: ['domain/release/**/*.ts', 'domain/disclosure/**/*.ts', ...noTests],
    tests: ['domain/release/*.test.ts', 'domain/disclosure/*.test.ts'],
    goal: 85,
    leaveOut: texts,
    sample: { mutate: 'domain/disclosure/cell-rules.ts', test: 'domain/disclosure/cell-rules.test.ts' },
  },
  privacy: {
    mutate: ['domain/privacy/**/*.ts', ...noTests],
    tests: ['domain/privacy/*.test.ts'],
    goal: 85,
    leaveOut: texts,
  },
  sql: { mutate: ['domain/sql/**/*.ts', ...noTests], tests: unit, goal: 70, leaveOut: texts },
  runs: {
    mutate: ['domain/runs/**/*.ts', ...noTests],
    tests: unit,
    goal: 70,
    leaveOut: texts,
  },
  jobs: { mutate: ['domain/jobs/**/*.ts', ...noTests], tests: unit, goal: 70, leaveOut: texts },
  stacks: {
    mutate: ['lib/grants.ts', 'lib/accepted-wildcards.ts', 'lib/data-stack.ts'],
    tests: ['lib/statements.test.ts', 'lib/policies.test.ts'],
    goal: 70,
    leaveOut: ['Regex'],
  },
  races: {
    mutate: ['functions/runs/*.ts', 'functions/workflow/*.ts', 'functions/release/*.ts', ...noTests],
    tests: ['functions/**/*.test.ts', 'test/ingest*.test.ts'],
    goal: 70,
    leaveOut: texts,
  },
}
