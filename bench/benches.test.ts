/** Every benchmark in its quick form: it runs to its end and prints its line, and what counts faults counts none. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { benchNames } from '../tools/bench-names.ts'
import { root } from '../tools/steps.ts'
import type { Goal } from './report.ts'

/** Goals that hang on no clock: they hold however busy the machine is. */
const faults = [
  'lost',
  'duplicated',
  'altered',
  'outOfOrder',
  'leaked',
  'failedRounds',
  'bytes',
  'gate',
  'falseAlarms',
  'bites',
  'failed',
  'hostEnded',
  'refused',
]

interface Line {
  bench: string
  machine: object
  figures: object
  goals: Record<string, Goal>
}

/** Runs a benchmark; its last line, read. Rejects with what it said when it fails. */
async function lineOf(name: string): Promise<Line> {
  const child = spawn(process.execPath, [join('bench', `${name}.ts`), '--quick'], { cwd: root })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (part: Buffer) => {
    stdout += part.toString()
  })
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString()
  })
  const code = await new Promise((resolve) => {
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}:\n${stdout}\n${stderr}`.slice(0, 5000))
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Line
}

it.each(benchNames())(
  '%s',
  async (wanted) => {
    const { bench, machine, figures, goals } = await lineOf(wanted)
    expect(bench).toBe(wanted)
    expect(machine).toEqual({
      cpu: expect.any(String),
      cores: expect.any(Number),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    })
    expect(figures).toMatchObject({ quick: true })
    const judged = Object.entries(goals)
    expect(judged.length).toBeGreaterThan(0)
    expect(judged.map(([, goal]) => goal)).toEqual(
      judged.map(() => ({ goal: expect.anything(), got: expect.anything(), met: expect.any(Boolean) })),
    )
    expect(judged.filter(([name, { met }]) => faults.includes(name) && !met)).toEqual([])
  },
  180_000,
)

it('there are as many as there were', () => {
  expect(benchNames()).toEqual([
    'attacks',
    'coldstart',
    'corrupt',
    'hostile',
    'ingest',
    'job',
    'logs',
    'mutants',
    'outage',
    'powercut',
    'properties',
    'query',
    'sealed',
    'simulate',
    'soak',
    'synthesis',
  ])
})
