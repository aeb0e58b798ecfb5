/**
 * Whether the tests would notice: Stryker changes one thing of the code at a time (a comparison, a bound, a branch, a
 * removed statement) and runs the tests that reach it. Prints last one line of JSON: percent of the mutants that a test
 * noticed, by room (`bench/mutants/rooms.ts`). A room that could not be judged (a test that fails without any mutant,
 * say) is told of on stderr and in the line, and the exit code is then 1. A run that is ended from outside says what it
 * had counted.
 *
 * `--only ROOM,ROOM` some rooms; `--mutate GLOB,GLOB` some files of the one room that is named; `--quick` one small
 * file of each room that names one; `--survivors` prints each mutant that nobody noticed, to write the missing test
 * from. Mutants of module-level constants are left out (they would need a process each).
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { type Room, rooms } from './mutants/rooms.ts'
import { type Mutant, tally } from './mutants/tally.ts'
import { type Goal, report } from './report.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    mutate: { type: 'string' },
    quick: { type: 'boolean', default: false },
    survivors: { type: 'boolean', default: false },
  },
})

type Part = Pick<Room, 'mutate' | 'tests'>
/** What a call mutates of a room, and the tests that judge it; nothing when the room has no part in the call. */
function partOf(room: Room): Part {
  if (values.mutate !== undefined) return { mutate: values.mutate.split(','), tests: room.tests }
  if (!values.quick) return room
  return room.sample ? { mutate: [room.sample.mutate], tests: [room.sample.test] } : { mutate: [], tests: [] }
}

/** Runs the mutants of a part of a room; `tally` has the counts. Throws what Stryker throws. */
async function judge(room: Room, part: Part): Promise<void> {
  Object.assign(tally, { noticed: 0, timedOut: 0, survived: 0 })
  process.env['CLOISTER_MUTANTS_TESTS'] = part.tests.join(',')
  const stryker = new Stryker({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner', './bench/mutants/tally.ts'],
    vitest: { configFile: 'bench/mutants/vitest.config.ts', related: true },
    mutate: [...part.mutate],
    mutator: { plugins: null, excludedMutations: [...room.leaveOut] },
    coverageAnalysis: 'perTest',
    ignoreStatic: true,
    reporters: ['tally'],
    // The first run of a whole room's tests may take long on a busy machine.
    dryRunTimeoutMinutes: 20,
    concurrency: availableParallelism(),
    tempDirName: 'dist/mutants',
    ignorePatterns: ['cdk.out', '.cloister'],
    allowConsoleColors: false,
    fileLogLevel: 'off' as never,
    logLevel: 'error' as never,
  })
  await stryker.runMutationTest()
}

/** One mutant that nobody noticed, as a line to write the missing test from. */
function tell({ fileName, location, mutatorName, replacement }: Mutant): void {
  console.log(`${fileName}:${location.start.line}:${location.start.column} ${mutatorName} -> ${replacement}`)
}
if (values.survivors) tally.onSurvivor = tell

/** The room that is being judged; undefined before the first and after the last. */
let underWay: string | undefined
// A signal ends the process inside of Stryker, and a worker that is lost without a word leaves nothing to wait for.
process.on('exit', (code) => {
  if (underWay === undefined) return
  const { noticed, survived } = tally
  console.error(`Ended in ${underWay} with code ${code}, without a result: ${noticed} noticed, ${survived} not so far.`)
  process.exitCode = code === 0 ? 1 : code
})

const wanted = Object.entries(rooms).filter(
  ([name]) => values.only === undefined || values.only.split(',').includes(name),
)
const figures: Record<string, number> = {}
const goals: Record<string, Goal> = {}
for (const [name, room] of wanted) {
  const part = partOf(room)
  if (part.mutate.length === 0) continue
  const began = performance.now()
  underWay = name
  try {
    await judge(room, part)
  } catch (error) {
    const { message } = error as Error
    console.error(`${name} could not be judged: ${message}`)
    goals[name] = { goal: `${room.goal} % noticed`, got: message, met: false }
    process.exitCode = 1
    continue
  }
  const { noticed, timedOut, survived } = tally
  const percent = Math.round((1000 * noticed) / Math.max(1, noticed + survived)) / 10
  figures[`${name}Noticed`] = noticed
  figures[`${name}TimedOut`] = timedOut
  figures[`${name}Survived`] = survived
  figures[`${name}Percent`] = percent
  figures[`${name}Seconds`] = Math.round((performance.now() - began) / 1000)
  goals[name] = { goal: `${room.goal} % noticed`, got: `${percent} %`, met: percent >= room.goal }
}
underWay = undefined
report('mutants', values.quick, figures, goals)
