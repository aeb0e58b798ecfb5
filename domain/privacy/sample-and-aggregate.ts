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
import { type ReleasedOutput, type Scalar, type Sheet, sheetsOf } from '../release/outputs.ts'
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
/** Blocks over the epsilon of each output. */
const blocksPerEpsilon = 100
/** Steps of the grid over a declared range. */
export const gridSteps = 1000
/** Epsilon in millionths, so that it is a rational. */
const parts = 1_000_000
const millionths = (epsilon: number): bigint => BigInt(Math.max(1, Math.floor(epsilon * parts)))

/**
 * Blocks for a total `epsilon` that `outputs` medians share evenly: 100 over each one's epsilon, at least 20. Undefined
 * when it would be more than 500, which would take too long: spend more, or declare fewer outputs.
 */
export function blocksWanted(epsilon: number, outputs: number): number | undefined {
  const wanted = Math.ceil((blocksPerEpsilon * Math.max(1, outputs)) / epsilon - 1e-9)
  const blocks = Math.max(leastBlocks, wanted)
  return blocks <= mostBlocks ? blocks : undefined
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
  const blocks = blocksWanted(epsilon, outputs)
  return blocks !== undefined && subjects >= blocks * subjectsPerBlock ? blocks : undefined
}

/**
 * What the whole release costs. It is epsilon-differentially private; an exponential mechanism has a bounded range as
 * well, and then epsilon^2/8-zCDP (Cesar and Rogers 2021, "Bounding, concentrating, and truncating"), a quarter of what
 * epsilon-DP alone would give. Rounded up.
 */
export function scriptCharge(epsilon: number): NanoRho {
  const numerator = millionths(epsilon) ** 2n * nano
  const denominator = 8n * BigInt(parts) ** 2n
  return (numerator + denominator - 1n) / denominator
}

/**
 * A draw from the private median of answers on the grid 0..`steps`, each a whole number of it; `epsilon` in millionths,
 * over `share` medians. Exact: by rejection, with the exponential mechanism's weights relative to the best point's.
 */
export function medianOnGrid(
  answers: readonly number[],
  steps: number,
  epsilon: bigint,
  share: bigint,
  uniform: Uniform,
): number {
  const costs = costsOnGrid(answers, steps)
  const least = Math.min(...costs)
  for (;;) {
    const point = uniform.below(steps + 1)
    const worse = BigInt(costs[point]! - least)
    if (bernoulliExp(uniform, { numerator: epsilon * worse, denominator: 2n * BigInt(parts) * share })) return point
  }
}

/** For each point of the grid: how many answers lie on the side that has more of them. */
function costsOnGrid(answers: readonly number[], steps: number): number[] {
  const at = new Array<number>(steps + 1).fill(0)
  for (const answer of answers) at[answer]!++
  let below = 0
  return at.map((here) => {
    const above = answers.length - below - here
    const cost = Math.max(below, above)
    below += here
    return cost
  })
}

/** What is read of a run's files. */
const readLimits = { rows: 5000, bytes: 16_000_000 }

/**
 * The numbers of a run by the name that a declaration uses: a scalar's or estimate's own, `<model>.<term>`,
 * `<output>.<column>` of one row, `<table>.<key>.<column>` otherwise. The first of a name counts.
 */
function answersOf(run: RunReport): Map<string, number> {
  const answers = new Map<string, number>()
  if (run.end !== 'finished') return answers
  const files = run.outputs.map(({ file, bytes }) => ({ file, bytes: fromBase64url(bytes) }))
  const { outputs } = parseOutputs(files, readLimits)
  for (const sheet of outputs.flatMap(sheetsOf))
    for (const [name, value] of namedCells(sheet))
      if (!answers.has(name) && (typeof value === 'number' || typeof value === 'boolean'))
        answers.set(name, Number(value))
  return answers
}

/** Every cell of a sheet under each name that a declaration may use for it. */
function* namedCells(sheet: Sheet): Generator<[name: string, value: Scalar]> {
  for (const row of sheet.rows) {
    const isKey = (value: Scalar, at: number): boolean =>
      sheet.columns[at]!.kind === 'group' || typeof value === 'string'
    const keys = row.filter(isKey).map(String)
    for (const [at, column] of sheet.columns.entries()) {
      const value = row[at]!
      if (at === 0 && keys.length === 0) yield [sheet.name, value]
      if (sheet.type === 'model' && (column.name === 'estimate' || column.name === 'value'))
        yield [[sheet.name, ...keys].join('.'), value]
      yield [[sheet.name, ...keys, column.name].join('.'), value]
    }
  }
}

/** Without the last binary digits, so that 0.30000000000000004 is 0.3; never -0. */
const withoutDust = (value: number): number => Number(value.toPrecision(12)) + 0

const blocked = (code: NonNullable<Verdict['code']>): { verdict: Verdict; charged: NanoRho } => ({
  verdict: { outcome: 'block', code, outputs: [], findings: [], guarantee: 'Nothing left.' },
  charged: 0n,
})

const isRange = ({ low, high }: DeclaredOutput): boolean =>
  Number.isFinite(low) && Number.isFinite(high) && high > low && Number.isFinite(high - low)
const areDistinct = (names: readonly unknown[]): boolean => new Set(names).size === names.length

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
  const { epsilon, uniform } = options
  if (report.refused) return blocked(report.refused)
  if (declared.length === 0 || !areDistinct(declared.map(({ name }) => name)) || !declared.every(isRange))
    return blocked('output-invalid')
  const blocks = blocksWanted(epsilon, declared.length)
  if (blocks === undefined) return blocked('too-small-for-noise')
  const runs = report.runs.filter(({ run }) => run !== 'all')
  if (runs.length > blocks || !areDistinct(runs.map(({ run }) => run))) return blocked('infrastructure')
  const answers = runs.map(answersOf)
  const outputs = declared.map(({ name, low, high }): ReleasedOutput => {
    const width = high - low
    const onGrid = Array.from({ length: blocks }, (_, block) => {
      const answer = answers[block]?.get(name)
      if (answer === undefined || !Number.isFinite(answer)) return gridSteps / 2
      return Math.round(((Math.min(high, Math.max(low, answer)) - low) / width) * gridSteps)
    })
    const point = medianOnGrid(onGrid, gridSteps, millionths(epsilon), BigInt(declared.length), uniform)
    const step = width / gridSteps
    return {
      name,
      type: 'scalar',
      columns: [{ name: 'value', kind: 'value' }],
      rows: [[{ value: withoutDust(low + point * step), precision: withoutDust(step) }]],
    }
  })
  const guarantee = `Differential privacy with ε = ${epsilon}: whatever the code does, one person’s data change the chance of any answer at most by a factor of e^${epsilon}. Each number is a private median over ${blocks} separate groups of people, within the range declared beforehand.`
  return { verdict: { outcome: 'release', outputs, findings: [], guarantee }, charged: scriptCharge(epsilon) }
}
