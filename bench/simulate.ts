/**
 * Whole histories of the platform in simulated time (docs/decisions/0020): how many a second, how many processes died
 * in them, which states and transitions of the life cycles were walked, and whether every law held.
 *
 * `--seconds N` (default 60), `--seed N` (default: one by chance, which is said), `--threads N` (default: a processor
 * each), `--put-back NAME` with a fault of simulation/mutations.ts, which is then to be found. A history that breaks a
 * law is made small and printed. `--quick` plays the seeds that the tests play.
 */
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { everyStep, missed } from '../simulation/coverage.ts'
import { mutations } from '../simulation/mutations.ts'
import { playHistories } from '../simulation/threads.ts'
import { atLeast, atMost, report } from './report.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    'put-back': { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})
const mutation = values['put-back']
if (mutation !== undefined && !Object.hasOwn(mutations, mutation)) {
  console.error(`There is no fault ${mutation}: ${Object.keys(mutations).join(', ')}`)
  process.exit(2)
}
const patience = values.quick ? 60 : Number(values.seconds)
const threads = Number(values.threads)
const chosen = values.quick ? 1 : randomInt(2 ** 30)
const from = values.seed === undefined ? chosen : Number(values.seed)
console.log(`Histories from seed ${from}, on ${threads} threads, for ${patience} s at most`)

const began = performance.now()
const { outcomes, broken } = await playHistories({
  from,
  threads,
  milliseconds: patience * 1000,
  most: values.quick ? 60 : Infinity,
  ...(mutation === undefined ? {} : { mutation }),
})
const seconds = (performance.now() - began) / 1000
const sum = (of: (outcome: (typeof outcomes)[number]) => number): number => outcomes.reduce((n, o) => n + of(o), 0)
const seen = new Set(outcomes.flatMap((outcome) => outcome.seen))
const unseen = missed(seen)
if (broken) console.log(`${broken.lines.join('\n')}\nSeed ${broken.plan.seed}, ${broken.plan.actors!.join(', ')}`)
if (unseen.length > 0) console.log(`Not walked: ${unseen.join('; ')}`)
const kills = sum((outcome) => outcome.kills)
/** Of all threads: on a machine that others use, what one of its processors would have done alone. */
const { user, system } = process.cpuUsage()
const processorMinutes = (user + system) / 60_000_000
const perMinute = (count: number): number => Math.round((count / seconds) * 60)
report(
  'simulate',
  values.quick,
  {
    seed: from,
    seconds: Number(seconds.toFixed(1)),
    threads,
    histories: outcomes.length,
    historiesPerSecond: Math.round((outcomes.length / seconds) * 10) / 10,
    kills,
    killsPerMinute: perMinute(kills),
    killsPerProcessorMinute: Math.round(kills / processorMinutes),
    happenings: sum((outcome) => outcome.happened),
    simulatedDays: Math.round(sum((outcome) => outcome.lasted) / 86_400_000),
    steps: everyStep.length,
    walked: everyStep.length - unseen.length,
    ...(mutation === undefined ? {} : { putBack: mutation }),
    broken: broken?.outcome.broken,
  },
  { killsPerMinute: atLeast(100_000, perMinute(kills)), failedRounds: atMost(mutation ? 1 : 0, broken ? 1 : 0) },
)
process.exitCode = broken && !mutation ? 1 : 0
