/**
 * Synthetic data on the UCI Adult table: epsilon 0.1, 1, 3 and 10 by each method and `auto`, three seeds, each run in a
 * process of its own. Figures are CPU seconds, peak memory, mean total variation distance over all 1-, 2- and 3-way
 * marginals, and the area under the curve of a model trained on synthetic rows and tested on real ones (by the tool in
 * Python, where it is there; the distances must agree with it to 1e-9). Then a million rows of 30 columns. `--small`:
 * epsilon 1 only, no million; `--large`: the million only; `--quick`: 5,000 rows of 30 columns only. `--method`,
 * `--seeds` narrow it down. The Adult files stay outside the project: `ADULT` names their folder, else
 * ../shared/data/adult; `SYNTHESIS_METRICS` names the tool. Prints last one line of JSON.
 */
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { atLeast, atMost, type Goal, report } from './report.ts'
import type { RunFigures } from './synthesis-run.ts'
import { pythonTool } from './synthesis/python.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    small: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    method: { type: 'string', default: 'aim,privsyn,mst,independent,auto' },
    epsilon: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    'no-ml': { type: 'boolean', default: false },
  },
})
const shared = fileURLToPath(new URL('../../shared/', import.meta.url))
const adult = process.env['ADULT'] ?? join(shared, 'data/adult')
const python = pythonTool(process.env['SYNTHESIS_METRICS'] ?? join(shared, 'tools/synthesis_metrics.py'))
const epsilons = (values.epsilon ?? (values.small ? '1' : '0.1,1,3,10')).split(',')

interface Target {
  tvd2: number
  tvd3?: number
  tvd1?: number
  auc?: number
  cpuSeconds: number
}
/** Goals: the best peer's error at about a twentieth of its time. Peak memory of every run: 300 MB. */
const targets: Record<string, Record<string, Target>> = {
  aim: {
    '0.1': { tvd2: 0.12, tvd3: 0.191, auc: 0.825, cpuSeconds: 10 },
    1: { tvd2: 0.034, tvd3: 0.071, auc: 0.897, cpuSeconds: 15 },
    3: { tvd2: 0.0212, tvd3: 0.0495, auc: 0.912, cpuSeconds: 25 },
    10: { tvd2: 0.0165, tvd3: 0.042, auc: 0.913, cpuSeconds: 40 },
  },
  privsyn: {
    '0.1': { tvd2: 0.13, cpuSeconds: 2 },
    1: { tvd2: 0.06, tvd1: 0.012, cpuSeconds: 3 },
    3: { tvd2: 0.033, cpuSeconds: 4 },
    10: { tvd2: 0.0165, cpuSeconds: 6 },
  },
}
const mostMb = 300

const run = (args: string[]): Promise<RunFigures> =>
  new Promise((resolve, reject) => {
    let answer: RunFigures | undefined
    const child = fork(fileURLToPath(new URL('./synthesis-run.ts', import.meta.url)), args)
    child.on('message', (m) => {
      answer = m as RunFigures
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (answer && code === 0) resolve(answer)
      else reject(new Error(`A run of ${args.slice(1, 4).join(' ')} ended with ${code}`))
    })
  })
const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length
const round = (x: number, digits = 4): number => Number(x.toFixed(digits))

type Row = {
  method: string
  epsilon: string
  took: string
  tvd1: number
  tvd2: number
  tvd3: number
  auc?: number
  cpuSeconds: number
  peakMb: number
}
const rows: Row[] = []
const goals: Record<string, Goal> = {}
const expectAtMost = (name: string, goal: number, got: number): void => {
  goals[name] = atMost(goal, got)
}
/** By which methods the made-up rows are synthesised. */
function madeUpMethods(): string[] {
  if (values.quick) return ['privsyn']
  return values.large ? values.method.split(',') : ['auto', 'aim']
}
const home = await mkdtemp(join(tmpdir(), 'cloister-synthesis-'))
let disagreement = 0
let inexact = 0
try {
  if (values.quick || values.large) console.log('The made-up rows only.')
  else if (!existsSync(join(adult, 'train.csv')))
    process.stdout.write(
      `The Adult files are not at ${adult}: set ADULT to their folder. Nothing was measured on them.\n`,
    )
  else
    for (const epsilon of epsilons)
      for (const method of values.method.split(',')) {
        const runs: RunFigures[] = []
        const files: string[] = []
        for (let seed = 1; seed <= Number(values.seeds); seed++) {
          const file = join(home, `${method}-${epsilon}-${seed}.csv`)
          runs.push(await run([adult, method, epsilon, String(seed), file]))
          files.push(file)
        }
        const judged = python?.(adult, files, !values['no-ml'])
        for (const [i, j] of (judged ?? []).entries())
          disagreement = Math.max(
            disagreement,
            ...j.tvd.map((t, k) => Math.abs(t - [runs[i]!.tvd1, runs[i]!.tvd2, runs[i]!.tvd3][k]!)),
          )
        inexact += runs.filter((r) => !r.exact).length
        const auc = judged && judged.every((j) => j.auc !== null) ? round(mean(judged.map((j) => j.auc!))) : undefined
        const row: Row = {
          method,
          epsilon,
          took: [...new Set(runs.map((r) => r.method))].join('/'),
          tvd1: round(mean(runs.map((r) => r.tvd1))),
          tvd2: round(mean(runs.map((r) => r.tvd2))),
          tvd3: round(mean(runs.map((r) => r.tvd3))),
          auc,
          cpuSeconds: round(mean(runs.map((r) => r.cpuSeconds)), 2),
          peakMb: Math.round(Math.max(...runs.map((r) => r.peakMb))),
        }
        rows.push(row)
        process.stdout.write(
          `${method.padEnd(12)} epsilon ${epsilon.padEnd(4)} tvd1 ${row.tvd1} tvd2 ${row.tvd2} tvd3 ${row.tvd3} auc ${row.auc ?? '-'} ${row.cpuSeconds} CPU s, ${row.peakMb} MB${method === 'auto' ? ` (${row.took})` : ''}\n`,
        )
        const t = targets[method]?.[epsilon]
        const name = (what: string): string => `${method} ${epsilon} ${what}`
        if (t) {
          for (const k of ['tvd1', 'tvd2', 'tvd3', 'cpuSeconds'] as const)
            if (t[k] !== undefined) expectAtMost(name(k), t[k], row[k])
          if (t.auc !== undefined && row.auc !== undefined) goals[name('auc')] = atLeast(t.auc, row.auc)
        }
        expectAtMost(name('peakMb'), mostMb, row.peakMb)
      }
  if (rows.length) {
    expectAtMost('charges that differ from what was drawn', 0, inexact)
    if (python) expectAtMost('disagreement with the tool in Python', 1e-9, disagreement)
    else
      process.stdout.write(
        'The tool in Python or its libraries are not there: no area under the curve, no comparison of the distances.\n',
      )
  }
  const madeUp: { asked: string; method: string; wallSeconds: number; cpuSeconds: number; peakMb: number }[] = []
  const madeUpRows = values.quick ? 5_000 : 1_000_000
  if (!values.small) {
    for (const asked of madeUpMethods()) {
      const r = await run([String(madeUpRows), asked, '1', '1'])
      const m = {
        asked,
        method: r.method,
        wallSeconds: round(r.wallSeconds, 1),
        cpuSeconds: round(r.cpuSeconds, 1),
        peakMb: Math.round(r.peakMb),
      }
      madeUp.push(m)
      process.stdout.write(
        `${madeUpRows} rows of 30 columns, ${asked} (${r.method}): ${m.wallSeconds} s, ${m.cpuSeconds} CPU s, ${m.peakMb} MB\n`,
      )
      expectAtMost(`made-up rows, ${asked}: seconds`, 600, m.wallSeconds)
      expectAtMost(`made-up rows, ${asked}: MB`, 24 * 1024, m.peakMb)
    }
  }
  report('synthesis', values.quick, { runs: rows, disagreement, madeUpRows, madeUp }, goals)
} finally {
  await rm(home, { recursive: true, force: true })
}
