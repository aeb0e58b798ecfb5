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
  'simulation',
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
  { name: 'docs/command-line.md', command: ['clients/cli/reference.ts', '--check'] },
  { name: 'docs/cost.md', command: ['lib/cost.ts', '--check'] },
  { name: 'licences of packages', command: ['tools/supply/licences.ts'] },
  { name: 'docs/dependencies.md', command: ['tools/supply/dependencies.ts', '--check'] },
  { name: 'docs/third-party-notices.md', command: ['tools/supply/notices.ts', '--check'] },
  { name: 'plugin catalogue', command: ['web/study/catalogue.ts', '--check'] },
]

/** Runs all checks, `atOnce` at a time (as many as there are cores); `done` hears of each. */
export async function runChecks(
  done: (outcome: Outcome) => void,
  atOnce = Math.max(2, availableParallelism()),
): Promise<Outcome[]> {
  const waiting = [...steps]
  const outcomes: Outcome[] = []
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
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
export function describe({ name, code, seconds, output }: Outcome): string {
  const what = `${name} (${seconds.toFixed(1)} s)`
  return code === 0 ? `  ok      ${what}` : `  FAILED  ${what}\n${output.replaceAll(/^/gm, '          ')}`
}
