/**
 * What the rules would say of an output that people are going to check (`review`): for the checkers, beside the output
 * itself. One run on all is enough for it.
 */
import type { DatasetSchema } from '../datasets/schema.ts'
import type { ReleasedOutput, Scalar } from '../release/outputs.ts'
import { type OutputProblem, type ParsedOutputs, parseOutputs } from '../release/parse-outputs.ts'
import type { DisclosurePolicy, Finding, Outcome, Rule } from '../release/policy.ts'
import type { Report } from '../release/run-report.ts'
import type { Verdict } from '../release/verdict.ts'
import { type AlignedColumn, type AlignedSheet, align } from './alignment.ts'
import { modelsThatBreakRules } from './model-rules.ts'
import { labelOf } from './script-cells.ts'
import { failureOf, filesOf, runOnAll } from './script-runs.ts'
import { nameSays, Words } from './words.ts'

export interface ReviewContext {
  code: string
  schema: DatasetSchema
  /** Distinct subjects in the cohort, counted by the platform. */
  cohortSubjects: number
}
export interface ReviewMaterial {
  /** The outputs as they would leave after two approvals: unchanged. */
  outputs: ReleasedOutput[]
  files: ParsedOutputs['files']
  findings: Finding[]
}

/** What the run on all put out; undefined when it did not finish. */
function read(report: Report, policy: DisclosurePolicy): ParsedOutputs | undefined {
  const all = runOnAll(report)
  if (all?.end !== 'finished') return undefined
  return parseOutputs(filesOf(all), { rows: policy.rows, bytes: policy.bytes })
}

/** At most this many findings are listed of one output and rule; a checker who sees fifty does not need the rest. */
const mostPerRule = 50

/** Findings as they are made, the first of each output and rule. */
class Findings {
  readonly all: Finding[] = []
  readonly #times = new Map<string, number>()

  add(output: string, rule: Rule, outcome: Outcome, cell?: string): void {
    const key = `${output}#${rule}`
    const times = (this.#times.get(key) ?? 0) + 1
    this.#times.set(key, times)
    if (times <= mostPerRule) this.all.push({ output, cell, rule, outcome })
  }
}

/** Findings on every output and file of the run on all; positions count from 1, as row/column. */
function findingsOn(parsed: ParsedOutputs, policy: DisclosurePolicy, context: ReviewContext): Finding[] {
  const findings = new Findings()
  for (const { file, problem } of parsed.problems) findings.add(file, ruleOf(problem), 'fail')
  for (const { file } of parsed.files) findings.add(file, 'unknown-output', 'review')
  const sheets = align([parsed.outputs], context.schema)
  if (!sheets) return [...findings.all, { output: '(all)', rule: 'names', outcome: 'fail' }]
  const looking: Looking = { policy, words: new Words(context.code, context.schema), subjects: context.cohortSubjects }
  const models = modelsThatBreakRules(sheets, policy, context.cohortSubjects)
  for (const sheet of sheets) {
    const before = findings.all.length
    lookAt(sheet, models.get(sheet.name), looking, findings)
    if (findings.all.length === before) findings.add(sheet.name, 'minimum-subjects', 'pass')
  }
  const numbers = sheets.reduce((sum, sheet) => sum + numbersIn(sheet), 0)
  if (numbers > context.cohortSubjects) findings.add('(all)', 'numbers', 'review')
  return findings.all
}

const ruleOf = (problem: OutputProblem): Rule =>
  problem === 'too-large' || problem.startsWith('too-many') ? 'size' : 'unknown-output'
const numbersIn = ({ columns, rows }: AlignedSheet): number =>
  rows.flatMap((row) => row.runs[0]!.filter((value, at) => typeof value === 'number' && columns[at]!.kind !== 'group'))
    .length

interface Looking {
  policy: DisclosurePolicy
  words: Words
  /** Distinct subjects in the cohort. */
  subjects: number
}

/** Findings on one output; `broken` is the rule that its model breaks. */
function lookAt(sheet: AlignedSheet, broken: Rule | undefined, looking: Looking, findings: Findings): void {
  const { words, subjects } = looking
  if (broken) findings.add(sheet.name, broken, 'fail')
  if (!words.text(sheet.name) || sheet.columns.some(({ name }) => !words.text(name)))
    findings.add(sheet.name, 'names', 'review')
  for (const [place, row] of sheet.rows.entries()) {
    const label = labelOf(sheet, row)
    for (const [at, column] of sheet.columns.entries()) {
      const rule = ruleOfCell(column, row.runs[0]![at]!, label, looking)
      if (!rule) continue
      findings.add(sheet.name, rule, rule === 'minimum-subjects' ? 'fail' : 'review', `${place + 1}/${at + 1}`)
    }
  }
  // As long as the cohort, it may be a row a person.
  if (sheet.columns.some(({ kind }) => kind === 'value') && sheet.rows.length >= subjects)
    findings.add(sheet.name, 'size', 'review')
}

/** The rule that checkers should think of at a cell. */
function ruleOfCell(
  { name, kind }: AlignedColumn,
  value: Scalar,
  label: string,
  { policy, words, subjects }: Looking,
): Rule | undefined {
  if (typeof value === 'string') return words.text(value) ? undefined : 'names'
  if (typeof value !== 'number' || kind === 'group') return undefined
  if (nameSays.extreme(name) || nameSays.extreme(label)) return 'extreme'
  if (kind !== 'count' && !nameSays.count(label)) return undefined
  if (value >= 0 && value < policy.minimumSubjects) return 'minimum-subjects'
  return value < subjects && subjects - value < policy.minimumSubjects ? 'complementary' : undefined
}

/** What checkers see and would release. Undefined when the run on all did not finish. */
export function reviewMaterial(
  report: Report,
  policy: DisclosurePolicy,
  context: ReviewContext,
): ReviewMaterial | undefined {
  const parsed = read(report, policy)
  if (!parsed) return undefined
  const sheets = align([parsed.outputs], context.schema) ?? []
  return { outputs: sheets.map(unchanged), files: parsed.files, findings: findingsOn(parsed, policy, context) }
}
const unchanged = ({ name, type, columns, rows }: AlignedSheet): ReleasedOutput => ({
  name,
  type,
  columns,
  rows: rows.map((row) => row.runs[0]!.map((value) => ({ value }))),
})

const blocked = (code: NonNullable<Verdict['code']>, findings: Finding[] = []): Verdict => ({
  outcome: 'block',
  code,
  outputs: [],
  findings,
  guarantee: 'Nothing left.',
})
const everything = (rule: Rule): Finding[] => [{ output: '(all)', rule, outcome: 'fail' }]

/**
 * Holds a report for two checkers, or ends the job when there is nothing to check. A cohort under the minimum is not
 * shown to checkers either.
 */
export function reviewVerdict(report: Report, policy: DisclosurePolicy, context: ReviewContext): Verdict {
  const failure = failureOf(report)
  if (failure) return blocked(failure)
  if (context.cohortSubjects < policy.minimumSubjects)
    return blocked('cohort-too-small', everything('minimum-subjects'))
  const parsed = read(report, policy)!
  if (parsed.problems.some(({ problem }) => problem === 'too-large')) return blocked('output-limit', everything('size'))
  if (parsed.outputs.length === 0 && parsed.files.length === 0)
    return blocked(parsed.problems.length > 0 ? 'output-invalid' : 'empty-result')
  return {
    outcome: 'hold',
    outputs: [],
    findings: findingsOn(parsed, policy, context),
    guarantee:
      'Two output checkers, neither of them the author, looked at the output and at what the rules say of it, and each approved it.',
  }
}
