/** One cell of a script's output, from its value in every run: what may leave of it, or the rule that keeps it. */
import type { Uniform } from '../privacy/randomness.ts'
import type { ReleasedCell, Scalar } from '../release/outputs.ts'
import type { DisclosurePolicy, Rule } from '../release/policy.ts'
import { type Agreement, agree, roundTo, stepOf } from './agreement.ts'
import type { AlignedRow, AlignedSheet } from './alignment.ts'
import { shownCount } from './rounding.ts'
import { nameSays, type Words } from './words.ts'

/** A cell on its way: what is released, what its number is judged by, or the rule that keeps it. */
export interface Draft {
  value: Scalar
  rule?: Rule
  number?: Agreement
  /** The number counts people. */
  count?: boolean
  /** The number is a probability of a test. */
  chance?: boolean
  /** Written down beforehand, or the number of people. */
  known?: boolean
}
/** A cell that stays behind because of a rule. */
export const kept = (rule: Rule): Draft => ({ value: null, rule })

/** Subjects of the cohort, and of each run without a block, on the cohort's scale. */
export interface Subjects {
  all: number
  without: number[]
}
export interface Judging {
  subjects: Subjects
  policy: DisclosurePolicy
  words: Words
}

/** What a row's numbers are called: by its keys, or by the output where it has no others. */
export const labelOf = (sheet: AlignedSheet, row: AlignedRow): string =>
  isSingle(sheet) ? sheet.name : row.key.filter((key) => typeof key === 'string').join(' ')
/** Whether an output is one number and what belongs to it. */
export const isSingle = (sheet: AlignedSheet): boolean => sheet.type === 'scalar' || sheet.type === 'estimate'

/** A p-value under this is shown as this. */
const leastChance = 1e-4

/**
 * A key that is the same in every run, as rows are matched by it: it leaves when it is a word or number that was known
 * before.
 */
export function draftKey(value: Scalar, words: Words): Draft {
  const isUnknown =
    (typeof value === 'string' && !words.text(value)) || (typeof value === 'number' && !words.number(value))
  return isUnknown ? kept('names') : { value }
}

/**
 * A cell that is no key, from its value in every run (the run on all first). Only `stability` depends on single people;
 * every other rule says the same whatever block is left out.
 */
export function draftCell(sheet: AlignedSheet, at: number, row: AlignedRow, judging: Judging): Draft {
  const { subjects, policy, words } = judging
  const column = sheet.columns[at]!
  const label = labelOf(sheet, row)
  const runs = row.runs.map((values) => values[at]!)
  if (runs.some((value) => typeof value === 'string')) return draftText(runs, words)
  if (nameSays.extreme(column.name) || nameSays.extreme(label)) return kept('extreme')
  const chance = isChance(sheet, column.name, label)
  const values = chance ? fairChances(runs, subjects) : runs.map(numberOf)
  const isCount = column.kind === 'count'
  if (isCount && values.every((value) => value === null || isFew(value, policy))) return kept('minimum-subjects')
  const shape = chance ? shapeOf(runs) : undefined
  const number = agree(values[0]!, values.slice(1), subjects.all, subjects.without, shape)
  if (number.kind === 'missing') return { value: null }
  if (number.kind === 'alone' || number.kind === 'mixed') return kept('stability')
  if (countsFew(number, values, isCount, policy)) return kept('minimum-subjects')
  const count = isCount && number.whole
  if (count && leavesFew(number, subjects, policy)) return kept('complementary')
  const known = words.chosen(number.extensive ? number.centre / subjects.all : number.centre)
  return { value: null, number, count, chance, known }
}

/** Whether the number is a p-value, by its column or, in a table of two columns, by its row. */
const isChance = (sheet: AlignedSheet, column: string, label: string): boolean =>
  nameSays.chance(column) || (sheet.columns.length <= 2 && nameSays.chance(label))

function draftText(runs: readonly Scalar[], words: Words): Draft {
  const [first] = runs
  if (runs.some((value) => value !== first)) return kept('stability')
  return words.text(first as string) ? { value: first! } : kept('names')
}

const isFew = (number: number, policy: DisclosurePolicy): boolean => number >= 0 && number < policy.minimumSubjects

/** A whole number that may count people, and few of them: one that moves is taken for a count whatever it is called. */
function countsFew(
  number: Agreement,
  values: readonly (number | null)[],
  isCount: boolean,
  policy: DisclosurePolicy,
): boolean {
  if (!number.whole || number.centre < 0) return false
  if (isCount) return number.centre < policy.minimumSubjects
  return number.kind === 'varying' && values.every((value) => value! < policy.minimumSubjects)
}

/** All but a few: the few are as visible as if they had been counted. */
const leavesFew = ({ centre }: Agreement, { all }: Subjects, policy: DisclosurePolicy): boolean =>
  centre < all && isFew(all - centre, policy)

function numberOf(value: Scalar): number | null {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' ? value : null
}

/**
 * p-values as they would be on the whole cohort. -2 ln p is about the square of a test statistic and grows with the
 * number of subjects.
 */
function fairChances(runs: readonly Scalar[], subjects: Subjects): (number | null)[] {
  return runs.map((value, run) => {
    const chance = numberOf(value)
    if (chance === null || chance < 0 || chance > 1) return chance
    if (chance === 0) return leastChance
    return Math.max(leastChance, run === 0 ? chance : chance ** (subjects.all / subjects.without[run - 1]!))
  })
}

/** p-values of the runs without a block on the scale of the test statistic's size, on which they are fair. */
function shapeOf(runs: readonly Scalar[]): number[] | undefined {
  if (!runs.every((value) => typeof value === 'number' && value >= 0 && value <= 1)) return undefined
  return runs.slice(1).map((value) => Math.sqrt(-Math.log(Math.max(value as number, 1e-300))))
}

/**
 * The number of a draft as it leaves, and the rule that had a say in it. `numbers` is how many leave together;
 * `uniform` decides where between two steps it is rounded, and must not be known to the analyst.
 */
export function shownNumber(
  draft: Draft,
  numbers: number,
  policy: DisclosurePolicy,
  uniform: Uniform,
): { cell: ReleasedCell; rule?: Rule } {
  const number = draft.number!
  const step = stepOf(number, numbers, draft.known)
  const rounded = roundTo(number, step, uniform)
  const value = draft.count ? shownCount(rounded, policy) : rounded
  if (value === undefined) return { cell: { value: null, suppressed: true }, rule: 'minimum-subjects' }
  const precision = precisionOf(draft, value, step, policy)
  const isRounded = value !== number.centre || number.kind === 'varying'
  return {
    cell: { value, precision: precision > 0 ? precision : undefined },
    rule: isRounded ? 'rounding' : undefined,
  }
}
function precisionOf(draft: Draft, value: number, step: number, policy: DisclosurePolicy): number {
  if (draft.chance && value === leastChance) return leastChance
  return draft.count ? Math.max(step, policy.roundTo) : step
}
