/**
 * Property tests with seeds that nobody has tried: `npm test` draws from one fixed seed, so that no landing hangs on
 * chance, and this looks further. Prints last one line of JSON; a seed that fails is named, and
 * `CLOISTER_SEED=N npm test -- FILE` shows it again.
 *
 * `--rounds N` (default 10); `--quick` one round over the laws of `domain/runs` alone.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sourceFiles } from '../tools/source-files.ts'
import { root } from '../tools/steps.ts'
import { atMost, report } from './report.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, quick: { type: 'boolean', default: false } },
})
const rounds = values.quick ? 1 : Number(values.rounds)

const files = sourceFiles()
  .filter((file) => /\.test\.tsx?$/.test(file) && !file.startsWith('test/'))
  .filter((file) => readFileSync(join(root, file), 'utf8').includes("from 'fast-check'"))
  .filter((file) => !values.quick || file.startsWith('domain/runs/'))

/** Runs the property tests once; true when all of them held. */
function holdsUnder(seed: number): boolean {
  const run = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', ...files], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, CLOISTER_SEED: String(seed) },
  })
  if (run.status !== 0) console.log(`Seed ${seed}:\n${run.stdout.slice(-8000)}`)
  return run.status === 0
}

const failed: number[] = []
for (let i = 0; i < rounds; i++) {
  const seed = randomInt(2 ** 31)
  if (!holdsUnder(seed)) failed.push(seed)
}
report(
  'properties',
  values.quick,
  { rounds, files: files.length, failedSeeds: failed },
  { failedRounds: atMost(0, failed.length) },
)
process.exitCode = failed.length === 0 ? 0 : 1
