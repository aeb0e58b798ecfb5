/**
 * The gate for scripts under `rules`: what of a report may leave, by agreement of the runs (agreement.ts) and the rules
 * of the policy.
 */
import type { DatasetSchema } from '../datasets/schema.ts'
import type { Uniform } from '../privacy/randomness.ts'
import type { JobCode } from '../release/job-codes.ts'
import type { ReleasedCell, ReleasedOutput, TypedOutput } from '../release/outputs.ts'
import { type OutputProblem, type ParsedOutputs, parseOutputs } from '../release/parse-outputs.ts'
import type { DisclosurePolicy, Finding, Rule } from '../release/policy.ts'
import type { Report, RunReport } from '../release/run-report.ts'
import type { Verdict } from '../release/verdict.ts'
import { type AlignedRow, type AlignedSheet, align } from './alignment.ts'
import { modelsThatBreakRules } from './model-rules.ts'
import {
  type Draft,
  draftCell,
  draftKey,
  isSingle,
  type Judging,
  kept,
  labelOf,
  shownNumber,
  type Subjects,
} from './script-cells.ts'
import { filesOf, runsOf } from './script-runs.ts'
import { nameSays, Words } from './words.ts'

export interface ScriptContext {
  code: string
  schema: DatasetSchema
  /** Distinct subjects in the cohort, counted by the platform. */
  cohortSubjects: number
  /** Decides where between two steps a number is rounded; must not be known to the analyst. */
  uniform: Uniform
}

const blocked = (code: JobCode, findings: Finding[] = []): Verdict => ({
  outcome: 'block',
  code,
  outputs: [],
  findings,
  guarantee: 'Nothing left.',
})
/** Findings that stop a whole job name no output: which one it was would say something about people. */
const everything = (rule: Rule): Finding[] => [{ output: '(all)', rule, outcome: 'fail' }]
const unstable = (): Verdict => blocked('unstable', everything('stability'))

const guarantee =
  'Every number was computed again eight times, each time without another eighth of the people, and rounded until it no longer showed who was missing; small counts, extremes and words from the data were left out. ' +
  'This makes it very unlikely that a released number tells something about one person, but it is no mathematical guarantee as `noise` gives it.'

/** The most numbers one job may take away: as many as people, between 100 and 500. */
const numbersAllowed = (subjects: number): number => Math.max(100, Math.min(500, subjects))
/** Nobody reads so many times as many as may leave, and looking at it all, nine times, would take minutes. */
const mostTimesAllowed = 20

/**
 * What may leave of a leave-out report. Outputs that change with single people are kept back as a whole; more than one
 * such output, or nothing that remains, blocks the job as `unstable`: which numbers are missing can then hardly be used
 * to say something. Deterministic given the stream of `uniform`; the numbering of blocks does not matter.
 */
export function releaseScript(report: Report, policy: DisclosurePolicy, context: ScriptContext): Verdict {
  const { cohortSubjects } = context
  if (cohortSubjects < policy.minimumSubjects) return blocked('cohort-too-small', everything('minimum-subjects'))
  const runs = runsOf(report)
  if (runs === 'unstable') return unstable()
  if (typeof runs === 'string') return blocked(runs)
  const read = (run: RunReport): ParsedOutputs => parseOutputs(filesOf(run), { rows: policy.rows, bytes: policy.bytes })
  const all = read(runs.all)
  if (all.problems.length > 0) return unreadable(all.problems[0]!.problem)
  const size = all.outputs.reduce((numbers, output) => numbers + numbersIn(output), 0)
  if (size > mostTimesAllowed * numbersAllowed(cohortSubjects)) return blocked('output-unsafe', everything('numbers'))
  const parsed = [all, ...runs.without.map(read)]
  if (parsed.some(({ problems }) => problems.length > 0)) return unstable()
  if (parsed.every(({ outputs }) => outputs.length === 0))
    return all.files.length > 0 ? blocked('output-unsafe', everything('unknown-output')) : blocked('empty-result')
  const sheets = align(
    parsed.map(({ outputs }) => outputs),
    context.schema,
  )
  if (!sheets) return unstable()
  const subjects: Subjects = {
    all: cohortSubjects,
    without: runs.without.map((run) => (run.subjects * cohortSubjects) / runs.all.subjects),
  }
  const words = new Words(context.code, context.schema)
  return released(sheets, { subjects, policy, words }, { plots: all.files.length > 0, uniform: context.uniform })
}

const unreadable = (problem: OutputProblem): Verdict =>
  problem === 'too-large' || problem.startsWith('too-many')
    ? blocked('output-limit', everything('size'))
    : blocked('output-invalid', everything('unknown-output'))

/** About how many numbers an output has. */
function numbersIn(output: TypedOutput): number {
  switch (output.type) {
    case 'table':
      return output.rows.length * output.columns.length
    case 'model':
      return 7 * output.terms.length
    case 'histogram':
      return output.counts.length
    default:
      return 1
  }
}

/** A sheet with each of its cells judged. */
interface JudgedSheet {
  sheet: AlignedSheet
  drafts: Draft[][]
  /** Its edges, when it is a histogram, were not taken from the data. */
  edgesChosen: boolean
}

/** Lets out what can be, cell by cell; `plots` says that there are files which no rule can judge. */
function released(
  sheets: readonly AlignedSheet[],
  judging: Judging,
  { plots, uniform }: { plots: boolean; uniform: Uniform },
): Verdict {
  const units = new Units()
  const judged = judge(sheets, judging, units)
  const drafts = judged.flatMap((sheet) => sheet.drafts.flat())
  if (units.sayTooMuch() || sameBlockApart(drafts)) return unstable()
  const numbers = drafts.filter((draft) => draft.number).length
  if (numbers > numbersAllowed(judging.subjects.all)) return blocked('output-unsafe', everything('numbers'))

  const left = judged.map((sheet, i) =>
    releasedSheet(sheet, i, { ...judging, unstable: new Set(units.unstable), numbers, uniform }),
  )
  const outputs = left.map(({ output }) => output)
  const findings = left.flatMap((sheet) => sheet.findings)
  if (plots) findings.push({ output: '(plots)', rule: 'unknown-output', outcome: 'suppress' })
  if (outputs.some(hasNumbers)) return { outcome: 'release', outputs, findings, guarantee }
  if (units.unstable.length > 0) return unstable()
  const failed = findings.filter(({ outcome }) => outcome !== 'round').map(asFailed)
  return blocked('output-unsafe', failed.slice(0, mostFailed))
}
/** More findings of a job that failed say nothing more. */
const mostFailed = 200
const asFailed = (finding: Finding): Finding => ({ ...finding, outcome: 'fail' })
const hasNumbers = ({ columns, rows }: ReleasedOutput): boolean =>
  rows.some((row) => row.some(({ value }, at) => columns[at]!.kind !== 'group' && value !== null))

function judge(sheets: readonly AlignedSheet[], judging: Judging, units: Units): JudgedSheet[] {
  const { subjects, policy, words } = judging
  const models = modelsThatBreakRules(sheets, policy, subjects.all)
  return sheets.map((sheet) => {
    const rule = models.get(sheet.name)
    const drafts = sheet.rows.map((row) =>
      sheet.columns.map((column, at) => {
        const draft = draftOf(sheet, at, row, rule, judging)
        units.add(unitOf(sheet, isOrder(column.name, labelOf(sheet, row))), draft.rule === 'stability')
        return draft
      }),
    )
    if (sheet.mismatched) units.add(unitOf(sheet, false), true)
    withholdRows(sheet, drafts)
    return { sheet, drafts, edgesChosen: edgesChosen(sheet, words) }
  })
}
function draftOf(sheet: AlignedSheet, at: number, row: AlignedRow, rule: Rule | undefined, judging: Judging): Draft {
  if (sheet.columns[at]!.kind === 'group') return draftKey(row.runs[0]![at]!, judging.words)
  return rule ? kept(rule) : draftCell(sheet, at, row, judging)
}

/** Medians and quantiles, whose values are those of single people. */
const isOrder = (column: string, label: string): boolean => nameSays.order(column) || nameSays.order(label)

/** The unit of medians and quantiles of the whole job. */
const orderUnit = '(order)'
/**
 * Outputs that stand or fall together: each table or model by itself, all single numbers together, and medians and
 * quantiles of the whole job.
 */
function unitOf(sheet: AlignedSheet, isOfOrder: boolean): string {
  if (isOfOrder) return orderUnit
  return isSingle(sheet) ? '(single)' : sheet.name.replace(/ fit$/, '')
}
/** Among more of them, which one is kept back would say too much; quantiles may be missing from any job. */
const mostUnits = 3

/** The units of a job, and which of them change with single people. */
class Units {
  readonly #changes = new Map<string, boolean>()

  add(unit: string, changes: boolean): void {
    this.#changes.set(unit, changes || this.#changes.get(unit) === true)
  }

  get unstable(): string[] {
    return [...this.#changes].filter(([, changes]) => changes).map(([unit]) => unit)
  }

  /** Whether it would say too much which units are kept back. */
  sayTooMuch(): boolean {
    const [first, ...others] = this.unstable
    if (others.length > 0) return true
    return first !== undefined && first !== orderUnit && this.#changes.size > mostUnits
  }
}

/** So many numbers of one job have to hang on one block before that says something. */
const fewestTogether = 3
/**
 * Whether one block stands apart in at least three numbers and a quarter of all: a jitter that hides one number does
 * not hide a person behind many.
 */
function sameBlockApart(drafts: readonly Draft[]): boolean {
  const varying = drafts.flatMap(({ number }) => (number?.kind === 'varying' ? [number] : []))
  const times = new Map<number, number>()
  for (const { apart } of varying) if (apart !== undefined) times.set(apart, (times.get(apart) ?? 0) + 1)
  return Math.max(0, ...times.values()) >= Math.max(fewestTogether, varying.length / 4)
}

/**
 * When the count of a row is kept, so are the statistics of its people; a lone kept count of a column is joined by the
 * next smallest, as margins are known.
 */
function withholdRows(sheet: AlignedSheet, drafts: Draft[][]): void {
  const counts = [...sheet.columns.keys()].filter((column) => sheet.columns[column]!.kind === 'count')
  for (const column of counts) withholdSecond(column, drafts)
  if (counts.length !== 1 || sheet.rows.length <= 1) return
  for (const row of drafts) {
    const rule = row[counts[0]!]!.rule
    if (!rule) continue
    for (const [column, { kind }] of sheet.columns.entries())
      if (kind === 'value' && row[column]!.number) row[column] = kept(rule)
  }
}
function withholdSecond(column: number, drafts: Draft[][]): void {
  const hidden = drafts.filter((row) => row[column]!.rule !== undefined)
  if (hidden.length !== 1 || drafts.length <= 1) return
  const centre = (row: Draft[]): number => row[column]!.number!.centre
  const open = drafts.filter((row) => row[column]!.number !== undefined)
  const smallest = open.toSorted((first, second) => centre(first) - centre(second))[0]
  if (smallest) smallest[column] = kept('complementary')
}

/**
 * Edges of a histogram were chosen, not taken from the data: the outer two are known numbers, those between known or
 * evenly spaced. True for every other output.
 */
function edgesChosen(sheet: AlignedSheet, words: Words): boolean {
  if (sheet.type !== 'histogram' || sheet.rows.length === 0) return true
  if (!sheet.rows.every((row) => row.key.every((key) => typeof key === 'number'))) return false
  const keys = [...sheet.rows.map((row) => row.key[0]), sheet.rows.at(-1)!.key[1]] as number[]
  const edges = keys.toSorted((first, second) => first - second)
  const first = edges[0]!
  const last = edges.at(-1)!
  const width = (last - first) / (edges.length - 1)
  const isEven = (edge: number, i: number): boolean =>
    Math.abs(edge - first - i * width) <= 1e-9 * Math.abs(last - first)
  return words.number(first) && words.number(last) && edges.every((edge, i) => words.number(edge) || isEven(edge, i))
}

interface Releasing extends Judging {
  /** Units that change with single people, and stay. */
  unstable: ReadonlySet<string>
  /** How many numbers leave together. */
  numbers: number
  uniform: Uniform
}

/** A sheet as it leaves, called by its place (from 0) when its name may not be shown, and what was done to it. */
function releasedSheet(
  judged: JudgedSheet,
  place: number,
  releasing: Releasing,
): { output: ReleasedOutput; findings: Finding[] } {
  const { sheet, drafts } = judged
  const { words } = releasing
  const name = words.text(sheet.name) ? sheet.name : `output ${place + 1}`
  const titles = sheet.columns.map((column, at) => (words.text(column.name) ? column.name : `column ${at + 1}`))
  const findings: Finding[] = []
  if (name !== sheet.name || titles.some((title, at) => title !== sheet.columns[at]!.name))
    findings.push({ output: name, rule: 'names', outcome: 'suppress' })
  /** Rules that had a say somewhere; where would say too much. */
  const anywhere = new Set<Rule>()
  const rows: ReleasedCell[][] = []
  for (const [index, row] of sheet.rows.entries()) {
    const label = labelOf(sheet, row)
    const cells = drafts[index]!.map((draft, at): ReleasedCell => {
      const rule = ruleKeeping(judged, at, label, draft, releasing.unstable)
      if (rule === undefined) {
        if (!draft.number) return { value: draft.value }
        const number = shownNumber(draft, releasing.numbers, releasing.policy, releasing.uniform)
        if (number.rule) anywhere.add(number.rule)
        return number.cell
      }
      if (rule === 'stability') anywhere.add(rule)
      else findings.push({ output: name, cell: `${index + 1}/${at + 1}`, rule, outcome: 'suppress' })
      return { value: null, suppressed: true }
    })
    if (!isUnmentioned(sheet, row, cells, words)) rows.push(cells)
  }
  if (sheet.dropped) anywhere.add('stability')
  for (const rule of anywhere)
    findings.push({ output: name, rule, outcome: rule === 'rounding' ? 'round' : 'suppress' })
  const columns = sheet.columns.map(({ kind, unit }, at) => ({
    name: titles[at]!,
    kind,
    unit: unit !== undefined && words.text(unit) ? unit : undefined,
  }))
  return { output: { name, type: sheet.type, columns, rows }, findings }
}

/** The rule that keeps a cell: its own, or one that keeps everything it belongs to. */
function ruleKeeping(
  { sheet, edgesChosen: chosen }: JudgedSheet,
  at: number,
  label: string,
  draft: Draft,
  unstableUnits: ReadonlySet<string>,
): Rule | undefined {
  const { kind, name } = sheet.columns[at]!
  const isUnstable = !chosen || unstableUnits.has(unitOf(sheet, isOrder(name, label)))
  if (kind !== 'group' && isUnstable && draft.rule !== 'extreme') return 'stability'
  return chosen ? draft.rule : 'names'
}

/** A group that nobody declared or wrote down, and of which nothing may be said, is not mentioned. */
function isUnmentioned(sheet: AlignedSheet, row: AlignedRow, cells: readonly ReleasedCell[], words: Words): boolean {
  const saysNothing = sheet.columns.every(({ kind }, at) => kind === 'group' || cells[at]!.suppressed)
  if (sheet.type === 'histogram' || !saysNothing) return false
  return !sheet.columns.every(({ kind }, at) => kind !== 'group' || words.chosen(row.runs[0]![at]!))
}
