/**
 * What the rules would say of an output that people are going to check (`review`): for the checkers, beside the output
 * itself. One run on all is enough for it.
 */
import type { DatasetSchema } from '../datasets/schema.ts'
import type { Report } from '../release/run-report.ts'
import type { ReleasedOutput, Scalar } from '../release/outputs.ts'
import { type ParsedOutputs, parseOutputs } from '../release/parse-outputs.ts'
import { align, type AlignedSheet } from './alignment.ts'
import type { Verdict } from '../release/verdict.ts'
import type { DisclosurePolicy, Finding, Outcome, Rule } from '../release/policy.ts'
import { modelsThatBreakRules } from './model-rules.ts'
import { failureOf, filesOf } from './script-rules.ts'
import { says, Words } from './words.ts'

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

const read = (report: Report, policy: DisclosurePolicy): ParsedOutputs | undefined => {
  const all = report.runs.find((r) => r.run === 'all')
  return all && all.end === 'finished'
    ? parseOutputs(filesOf(all), { rows: policy.rows, bytes: policy.bytes })
    : undefined
}

/** At most this many findings are listed of one output and rule; a checker who sees fifty does not need the rest. */
const mostPerRule = 50

/**
 * Findings on every output and file of the run on all; positions count from 1, as row/column. Empty when nothing was
 * put out.
 */
export function machineFindings(report: Report, policy: DisclosurePolicy, context: ReviewContext): Finding[] {
  const parsed = read(report, policy)
  if (!parsed) return []
  const out: Finding[] = []
  const times = new Map<string, number>()
  const add = (output: string, rule: Rule, outcome: Outcome, cell?: string): void => {
    const n = (times.get(`${output}#${rule}`) ?? 0) + 1
    times.set(`${output}#${rule}`, n)
    if (n <= mostPerRule) out.push({ output, ...(cell === undefined ? {} : { cell }), rule, outcome })
  }
  for (const p of parsed.problems)
    add(p.file, p.problem === 'too-large' || p.problem.startsWith('too-many') ? 'size' : 'unknown-output', 'fail')
  for (const f of parsed.files) add(f.file, 'unknown-output', 'review')
  const sheets = align([parsed.outputs], context.schema)
  if (!sheets) return [...out, { output: '(all)', rule: 'names', outcome: 'fail' }]
  const words = new Words(context.code, context.schema)
  const models = modelsThatBreakRules(sheets, policy, context.cohortSubjects)
  let numbers = 0
  for (const s of sheets) {
    const before = out.length
    if (models.has(s.name)) add(s.name, models.get(s.name)!, 'fail')
    if (!words.text(s.name) || s.columns.some((c) => !words.text(c.name))) add(s.name, 'names', 'review')
    s.rows.forEach((row, r) =>
      s.columns.forEach((c, at) => {
        const v = row.runs[0]![at]!
        if (typeof v === 'number' && c.kind !== 'group') numbers++
        const rule = cellRule(s, c, v, row.key, policy, context.cohortSubjects, words)
        if (rule) add(s.name, rule, rule === 'minimum-subjects' ? 'fail' : 'review', `${r + 1}/${at + 1}`)
      }),
    )
    if (s.columns.filter((c) => c.kind === 'value').length > 0 && s.rows.length >= context.cohortSubjects)
      add(s.name, 'size', 'review')
    if (out.length === before) add(s.name, 'minimum-subjects', 'pass')
  }
  if (numbers > context.cohortSubjects) add('(all)', 'numbers', 'review')
  return out
}

function cellRule(
  s: AlignedSheet,
  c: AlignedSheet['columns'][number],
  v: Scalar,
  key: readonly Scalar[],
  policy: DisclosurePolicy,
  subjects: number,
  words: Words,
): Rule | undefined {
  if (typeof v === 'string') return words.text(v) ? undefined : 'names'
  if (typeof v !== 'number' || c.kind === 'group') return undefined
  const label =
    s.type === 'scalar' || s.type === 'estimate' ? s.name : key.filter((k) => typeof k === 'string').join(' ')
  if (says.extreme(c.name) || says.extreme(label)) return 'extreme'
  const counts = c.kind === 'count' || says.count(label)
  if (counts && v >= 0 && v < policy.minimumSubjects) return 'minimum-subjects'
  return counts && v < subjects && subjects - v < policy.minimumSubjects ? 'complementary' : undefined
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
  const outputs = sheets.map((s): ReleasedOutput => ({
    name: s.name,
    type: s.type,
    columns: s.columns,
    rows: s.rows.map((r) => r.runs[0]!.map((value) => ({ value }))),
  }))
  return { outputs, files: parsed.files, findings: machineFindings(report, policy, context) }
}

/**
 * Holds a report for two checkers, or ends the job when there is nothing to check. A cohort under the minimum is not
 * shown to checkers either.
 */
export function reviewVerdict(report: Report, policy: DisclosurePolicy, context: ReviewContext): Verdict {
  const block = (code: NonNullable<Verdict['code']>, findings: Finding[] = []): Verdict => ({
    outcome: 'block',
    code,
    outputs: [],
    findings,
    guarantee: 'Nothing left.',
  })
  const failure = failureOf(report)
  if (failure) return block(failure)
  if (context.cohortSubjects < policy.minimumSubjects)
    return block('cohort-too-small', [{ output: '(all)', rule: 'minimum-subjects', outcome: 'fail' }])
  const parsed = read(report, policy)!
  if (parsed.problems.some((p) => p.problem === 'too-large'))
    return block('output-limit', [{ output: '(all)', rule: 'size', outcome: 'fail' }])
  if (parsed.outputs.length === 0 && parsed.files.length === 0)
    return block(parsed.problems.length ? 'output-invalid' : 'empty-result')
  return {
    outcome: 'hold',
    outputs: [],
    findings: machineFindings(report, policy, context),
    guarantee:
      'Two output checkers, neither of them the author, looked at the output and at what the rules say of it, and each approved it.',
  }
}
