/** Everything that can be said about the code without running it. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { node, type Outcome, root, type Step } from './steps.ts'

const folders = [
  'bin',
  'lib',
  'contracts',
  'domain',
  'ports',
  'adapters',
  'functions',
  'local',
  'web',
  'clients',
  'bench',
  'tools',
  'test',
].filter((f) => existsSync(join(root, f)))

const knip = ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints']

const steps: Step[] = [
  { name: 'format (oxfmt)', command: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'] },
  { name: 'types (tsc)', command: ['node_modules/typescript/bin/tsc', '-p', '.', '--noEmit'] },
  { name: 'dead code (knip)', command: knip },
  { name: 'dead code in production (knip)', command: [...knip, '--production'] },
  {
    name: 'import rules (dependency-cruiser)',
    command: ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '--no-progress', ...folders],
  },
  { name: 'lint (oxlint)', command: ['node_modules/oxlint/bin/oxlint', '--quiet'] },
  { name: 'style (tools/house-style.ts)', command: ['tools/house-style.ts'] },
  { name: 'docs/permissions.md', command: ['tools/permissions.ts', '--check'] },
  { name: 'docs/architecture.md, entities', command: ['tools/entities.ts', '--check'] },
  { name: 'docs/cost.md', command: ['lib/cost.ts', '--check'] },
  { name: 'plugin catalogue', command: ['web/study/catalogue.ts', '--check'] },
]

/** Runs all checks, as many at a time as there are cores; `done` hears of each. */
export async function runChecks(done: (o: Outcome) => void): Promise<Outcome[]> {
  const waiting = [...steps]
  const outcomes: Outcome[] = []
  await Promise.all(
    Array.from({ length: Math.max(2, availableParallelism()) }, async () => {
      for (let step = waiting.shift(); step; step = waiting.shift()) {
        const outcome = await node(step)
        outcomes.push(outcome)
        done(outcome)
      }
    }),
  )
  return outcomes
}

/** One line for a good outcome; the tool's own words for a bad one. */
export const describe = (o: Outcome): string =>
  o.code === 0
    ? `  ok      ${o.name} (${o.seconds.toFixed(1)} s)`
    : `  FAILED  ${o.name} (${o.seconds.toFixed(1)} s)\n${o.output.replaceAll(/^/gm, '          ')}`
