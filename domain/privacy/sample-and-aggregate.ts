/**
 * Sample-and-aggregate (Nissim, Raskhodnikova and Smith 2007): the script has run on disjoint blocks of subjects, and
 * each declared output is the private median of the blocks' answers.
 *
 * One person is in one block, so one person changes one of k answers, whatever the code does with it. The median is
 * drawn by the exponential mechanism (McSherry and Talwar 2007) over a fixed grid of the declared range, with weight
 * exp(-epsilon/2 * max(below, above)), where below and above count the answers on either side: one answer changes that
 * by at most 1. Sampling is exact: a uniform grid point is kept with probability Bernoulli(exp(-x)) for rational x
 * (noise.ts); no floating-point number touches a probability.
 */
import type { Verdict } from '../release/verdict.ts'
import { fromBase64url } from '../hash.ts'
import type { Report, RunReport } from '../release/run-report.ts'
import { type ReleasedOutput, sheetsOf } from '../release/outputs.ts'
import { parseOutputs } from '../release/parse-outputs.ts'
import { type NanoRho, nano } from './accounting.ts'
import { bernoulliExp } from './noise.ts'
import type { Uniform } from './randomness.ts'

/** What a script will answer, and the range it is clamped to, chosen before looking. */
export interface DeclaredOutput {
  name: string
  low: number
  high: number
}

const subjectsPerBlock = 20
const leastBlocks = 20
const mostBlocks = 500
/** Steps of the grid over a declared range. */
export const gridSteps = 1000
/** Epsilon in millionths, so that it is a rational. */
const parts = 1_000_000
const millionths = (epsilon: number): bigint => BigInt(Math.max(1, Math.floor(epsilon * parts)))

/**
 * Blocks for a total `epsilon` that `outputs` medians share evenly: 100 over each one's epsilon, at least 20. More than
 * 500 would take too long: spend more, or declare fewer outputs.
 */
export function blocksWanted(epsilon: number, outputs: number): number | undefined {
  const k = Math.max(leastBlocks, Math.ceil((100 * Math.max(1, outputs)) / epsilon - 1e-9))
  return k <= mostBlocks ? k : undefined
}
/**
 * The same for a dataset of so many people, as its custodian declares (a count would tell of them): undefined
 * (`too-small-for-noise`) when a block would have fewer than 20 subjects. Named arguments, as two numbers are easily
 * swapped.
 */
export function blocksFor({
  epsilon,
  subjects,
  outputs,
}: {
  epsilon: number
  subjects: number
  outputs: number
}): number | undefined {
  const k = blocksWanted(epsilon, outputs)
  return k !== undefined && subjects >= k * subjectsPerBlock ? k : undefined
}

/**
 * What the whole release costs. It is epsilon-differentially private; an exponential mechanism has a bounded range as
 * well, and then epsilon^2/8-zCDP (Cesar and Rogers 2021, "Bounding, concentrating, and truncating"), a quarter of what
 * epsilon-DP alone would give. Rounded up.
 */
export function scriptCharge(epsilon: number): NanoRho {
  const e = millionths(epsilon)
  const over = 8n * BigInt(parts) * BigInt(parts)
  return (e * e * nano + over - 1n) / over
}

/** A draw from the private median of answers on the grid 0..`steps`; `epsilon` in millionths, over `share` medians. */
export function medianOnGrid(
  answers: readonly number[],
  steps: number,
  epsilon: bigint,
  share: bigint,
  uniform: Uniform,
): number {
  const at = new Array<number>(steps + 1).fill(0)
  for (const a of answers) at[a]!++
  const cost: number[] = []
  for (let g = 0, below = 0; g <= steps; g++) {
    cost.push(Math.max(below, answers.length - below - at[g]!))
    below += at[g]!
  }
  const least = Math.min(...cost)
  for (;;) {
    const g = uniform.below(steps + 1)
    if (
      bernoulliExp(uniform, { numerator: epsilon * BigInt(cost[g]! - least), denominator: 2n * BigInt(parts) * share })
    )
      return g
  }
}

/**
 * The numbers of a run by the name that a declaration uses: a scalar's or estimate's own, `<model>.<term>`,
 * `<output>.<column>` of one row, `<table>.<key>.<column>` otherwise.
 */
function answersOf(run: RunReport): Map<string, number> {
  const out = new Map<string, number>()
  if (run.end !== 'finished') return out
  const { outputs } = parseOutputs(
    run.outputs.map((o) => ({ file: o.file, bytes: fromBase64url(o.bytes) })),
    { rows: 5000, bytes: 16_000_000 },
  )
  const put = (name: string, v: unknown): void => {
    if (!out.has(name) && (typeof v === 'number' || typeof v === 'boolean')) out.set(name, Number(v))
  }
  for (const s of outputs.flatMap(sheetsOf))
    for (const row of s.rows) {
      const keys = row.filter((v, c) => s.columns[c]!.kind === 'group' || typeof v === 'string').map(String)
      s.columns.forEach((c, i) => {
        if (i === 0 && keys.length === 0) put(s.name, row[i])
        if (s.type === 'model' && (c.name === 'estimate' || c.name === 'value'))
          put([s.name, ...keys].join('.'), row[i])
        put([s.name, ...keys, c.name].join('.'), row[i])
      })
    }
  return out
}

const tidy = (x: number): number => Number(x.toPrecision(12)) + 0

/**
 * The release of a `blocks` report. Answers are clamped to their declared range; a block that failed, timed out, or did
 * not answer counts as the middle of the range. What is charged does not depend on the answers: all of it, or nothing
 * when no code ran.
 */
export function aggregateBlocks(
  report: Report,
  declared: readonly DeclaredOutput[],
  options: { epsilon: number; uniform: Uniform },
): { verdict: Verdict; charged: NanoRho } {
  const block = (code: NonNullable<Verdict['code']>): { verdict: Verdict; charged: NanoRho } => ({
    verdict: { outcome: 'block', code, outputs: [], findings: [], guarantee: 'Nothing left.' },
    charged: 0n,
  })
  const { epsilon, uniform } = options
  if (report.refused) return block(report.refused)
  if (
    declared.length === 0 ||
    new Set(declared.map((d) => d.name)).size !== declared.length ||
    declared.some(
      (d) => !(Number.isFinite(d.low) && Number.isFinite(d.high) && d.high > d.low && Number.isFinite(d.high - d.low)),
    )
  )
    return block('output-invalid')
  const k = blocksWanted(epsilon, declared.length)
  if (k === undefined) return block('too-small-for-noise')
  const runs = report.runs.filter((r) => r.run !== 'all')
  if (runs.length > k || new Set(runs.map((r) => r.run)).size !== runs.length) return block('infrastructure')
  const answers = runs.map(answersOf)
  const outputs = declared.map(({ name, low, high }): ReleasedOutput => {
    const width = high - low
    const step = width / gridSteps
    const onGrid = Array.from({ length: k }, (_, i) => {
      const v = answers[i]?.get(name)
      return v === undefined || !Number.isFinite(v)
        ? gridSteps / 2
        : Math.round(((Math.min(high, Math.max(low, v)) - low) / width) * gridSteps)
    })
    const g = medianOnGrid(onGrid, gridSteps, millionths(epsilon), BigInt(declared.length), uniform)
    return {
      name,
      type: 'scalar',
      columns: [{ name: 'value', kind: 'value' }],
      rows: [[{ value: tidy(low + g * step), precision: tidy(step) }]],
    }
  })
  const guarantee = `Differential privacy with ε = ${epsilon}: whatever the code does, one person’s data change the chance of any answer at most by a factor of e^${epsilon}. Each number is a private median over ${k} separate groups of people, within the range declared beforehand.`
  return { verdict: { outcome: 'release', outputs, findings: [], guarantee }, charged: scriptCharge(epsilon) }
}
