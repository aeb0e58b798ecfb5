/**
 * Whether the tests would notice: Stryker changes one thing of the code at a time (a comparison, a bound, a branch, a
 * removed statement) and runs the tests that reach it. Prints last one line of JSON: percent of the mutants that a test
 * noticed, by room (`bench/mutants/rooms.ts`).
 *
 * `--only ROOM,ROOM` some rooms; `--mutate GLOB,GLOB` some files of the one room that is named; `--quick` one small
 * file of each room that names one; `--survivors` prints each mutant that nobody noticed, to write the missing test
 * from. Mutants of module-level constants are left out (they would need a process each).
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { type Room, rooms } from './mutants/rooms.ts'
import { type Goal, report } from './report.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    mutate: { type: 'string' },
    quick: { type: 'boolean', default: false },
    survivors: { type: 'boolean', default: false },
  },
})

interface Score {
  noticed: number
  survived: number
  percent: number
}
type Mutant = Awaited<ReturnType<Stryker['runMutationTest']>>[number]

type Part = Pick<Room, 'mutate' | 'tests'>
/** What a call mutates of a room, and the tests that judge it; nothing when the room has no part in the call. */
function partOf(room: Room): Part {
  if (values.mutate !== undefined) return { mutate: values.mutate.split(','), tests: room.tests }
  if (!values.quick) return room
  return room.sample ? { mutate: [room.sample.mutate], tests: [room.sample.test] } : { mutate: [], tests: [] }
}

async function mutantsOf(room: Room, part: Part): Promise<Mutant[]> {
  process.env['CLOISTER_MUTANTS_TESTS'] = part.tests.join(',')
  const stryker = new Stryker({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'bench/mutants/vitest.config.ts', related: true },
    mutate: [...part.mutate],
    mutator: { plugins: null, excludedMutations: [...room.leaveOut] },
    coverageAnalysis: 'perTest',
    ignoreStatic: true,
    reporters: [],
    concurrency: availableParallelism(),
    tempDirName: 'dist/mutants',
    ignorePatterns: ['cdk.out', '.cloister'],
    allowConsoleColors: false,
    fileLogLevel: 'off' as never,
    logLevel: 'error' as never,
  })
  return stryker.runMutationTest()
}

function scoreOf(mutants: readonly Mutant[]): Score {
  const noticed = mutants.filter((m) => m.status === 'Killed' || m.status === 'Timeout').length
  const survived = mutants.filter((m) => m.status === 'Survived' || m.status === 'NoCoverage').length
  return { noticed, survived, percent: Math.round((1000 * noticed) / Math.max(1, noticed + survived)) / 10 }
}

const wanted = Object.entries(rooms).filter(
  ([name]) => values.only === undefined || values.only.split(',').includes(name),
)
const figures: Record<string, number> = {}
const goals: Record<string, Goal> = {}
for (const [name, room] of wanted) {
  const part = partOf(room)
  if (part.mutate.length === 0) continue
  const began = performance.now()
  const mutants = await mutantsOf(room, part)
  const score = scoreOf(mutants)
  if (values.survivors)
    for (const mutant of mutants.filter((one) => one.status === 'Survived' || one.status === 'NoCoverage')) {
      const { line, column } = mutant.location.start
      console.log(`${mutant.fileName}:${line}:${column} ${mutant.mutatorName} -> ${mutant.replacement}`)
    }
  figures[`${name}Noticed`] = score.noticed
  figures[`${name}Survived`] = score.survived
  figures[`${name}Percent`] = score.percent
  figures[`${name}Seconds`] = Math.round((performance.now() - began) / 1000)
  goals[name] = { goal: `${room.goal} % noticed`, got: `${score.percent} %`, met: score.percent >= room.goal }
}
report('mutants', values.quick, figures, goals)
