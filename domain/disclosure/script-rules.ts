/**
 * The gate for scripts under `rules`: what of a report may leave, by agreement of the runs (agreement.ts) and the rules
 * of the policy.
 */
import type { DatasetSchema } from '../datasets/schema.ts'
import { fromBase64url } from '../hash.ts'
import type { JobCode } from '../release/job-codes.ts'
import type { Report, RunReport } from '../release/run-report.ts'
import type { ReleasedCell, ReleasedOutput, Scalar } from '../release/outputs.ts'
import { parseOutputs } from '../release/parse-outputs.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { type Agreement, agree, roundTo, stepOf } from './agreement.ts'
import { type AlignedSheet, align } from './alignment.ts'
import { modelsThatBreakRules } from './model-rules.ts'
import { shownCount } from './rounding.ts'
import type { Verdict } from '../release/verdict.ts'
import type { DisclosurePolicy, Finding, Rule } from '../release/policy.ts'
import { says, Words } from './words.ts'

export interface ScriptContext {
  code: string
  schema: DatasetSchema
  /** Distinct subjects in the cohort, counted by the platform. */
  cohortSubjects: number
  /** Decides where between two steps a number is rounded; must not be known to the analyst. */
  uniform: Uniform
}

const none = (outcome: 'block', code: JobCode, findings: Finding[] = []): Verdict => ({
  outcome,
  code,
  outputs: [],
  findings,
  guarantee: 'Nothing left.',
})
/** Findings that stop a whole job name no output: which one it was would say something about people. */
const everything = (rule: Rule): Finding[] => [{ output: '(all)', rule, outcome: 'fail' }]

/** Files of a run, from the report's base64. */
export const filesOf = (run: RunReport): { file: string; bytes: Uint8Array }[] =>
  run.outputs.map((o) => ({ file: o.file, bytes: fromBase64url(o.bytes) }))

/** The most numbers one job may take away: as many as people, between 100 and 500. */
export const numbersAllowed = (subjects: number): number => Math.max(100, Math.min(500, subjects))
/** Runs that leave somebody out; with fewer, one person's block could not be told from the others. */
const leastRuns = 5

/**
 * How the run on all failed, if it did: told when every other run failed alike, as which failure it is could be chosen
 * by looking at one person. A time limit is the end of all runs; a report of one run alone failed before any code ran.
 */
export function failureOf(report: Report): JobCode | undefined {
  if (report.refused) return report.refused
  const all = report.runs.find((r) => r.run === 'all')
  // Runs beside one that met its time limit were ended, and are not in the report.
  if (!all) return report.runs.some((r) => r.end === 'time-limit') ? 'time-limit' : 'infrastructure'
  if (all.end === 'killed') return 'infrastructure'
  if (all.end === 'finished' || all.end === 'time-limit') return all.end === 'finished' ? undefined : all.end
  return report.runs.every((r) => r.end === all.end) ? all.end : 'unstable'
}

/** Class and line of a script's error, as far as every run says the same. */
export function errorPlace(report: Report): Pick<RunReport, 'errorClass' | 'line' | 'cell'> {
  const [first, ...others] = report.runs
  const same = (key: 'errorClass' | 'line' | 'cell'): boolean =>
    first?.[key] !== undefined && others.every((r) => r[key] === first[key])
  return {
    ...(same('errorClass') ? { errorClass: first!.errorClass! } : {}),
    ...(same('line') ? { line: first!.line! } : {}),
    ...(same('line') && same('cell') ? { cell: first!.cell! } : {}),
  }
}

/**
 * The runs of a leave-out report, or why there is nothing to compare. A failure of a run that only some people are
 * missing from says something about those.
 */
function runsOf(report: Report): { all: RunReport; without: RunReport[] } | JobCode {
  const failure = failureOf(report)
  if (failure) return failure
  const all = report.runs.find((r) => r.run === 'all')!
  const without = report.runs.filter((r) => r.run !== 'all')
  if (new Set(without.map((r) => r.run)).size !== without.length) return 'infrastructure'
  if (without.length < leastRuns) return 'unstable'
  if (without.some((r) => r.end !== 'finished')) return 'unstable'
  if (without.some((r) => !(r.subjects > 0 && r.subjects < all.subjects))) return 'infrastructure'
  return { all, without: without.toSorted((a, b) => Number(a.run) - Number(b.run)) }
}

/** A cell on its way: what is released, what its number is judged by, or the rule that keeps it. */
interface Draft {
  value: Scalar
  rule?: Rule
  number?: Agreement
  count?: boolean
  chance?: boolean
  /** Written down beforehand, or the number of people. */
  known?: boolean
}
const kept = (rule: Rule): Draft => ({ value: null, rule })
const leastChance = 1e-4

const plain = (v: Scalar): number | null => (typeof v === 'number' ? v : typeof v === 'boolean' ? Number(v) : null)

/**
 * One cell, from its value in every run. Only `stability` depends on single people; every other rule says the same
 * whatever block is left out.
 */
function draft(
  sheet: AlignedSheet,
  at: number,
  runs: readonly Scalar[],
  label: string,
  subjects: { all: number; without: number[] },
  policy: DisclosurePolicy,
  words: Words,
): Draft {
  const column = sheet.columns[at]!
  if (runs.some((v) => typeof v === 'string')) {
    if (runs.some((v) => v !== runs[0])) return kept('stability')
    return words.text(runs[0] as string) ? { value: runs[0]! } : kept('names')
  }
  if (says.extreme(column.name) || says.extreme(label)) return kept('extreme')
  // -2 ln p is about the square of a test statistic and grows with the number of subjects; on its root's scale a
  // p-value is fair.
  const chance = says.chance(column.name) || (sheet.columns.length <= 2 && says.chance(label))
  const values = runs.map((v, i) => {
    const n = plain(v)
    return chance && n !== null && n > 0 && n <= 1
      ? Math.max(leastChance, i === 0 ? n : n ** (subjects.all / subjects.without[i - 1]!))
      : chance && n === 0
        ? leastChance
        : n
  })
  const counts = column.kind === 'count'
  if (counts && values.every((v) => v === null || (v >= 0 && v < policy.minimumSubjects)))
    return kept('minimum-subjects')
  const shape =
    chance && runs.every((v) => typeof v === 'number' && v >= 0 && v <= 1)
      ? runs.slice(1).map((v) => Math.sqrt(-Math.log(Math.max(v as number, 1e-300))))
      : undefined
  const a = agree(values[0]!, values.slice(1), subjects.all, subjects.without, shape)
  if (a.kind === 'missing') return { value: null }
  if (a.kind === 'alone' || a.kind === 'mixed') return kept('stability')
  if (
    a.whole &&
    a.centre >= 0 &&
    (counts
      ? a.centre < policy.minimumSubjects
      : a.kind === 'varying' && values.every((v) => v! < policy.minimumSubjects))
  )
    return kept('minimum-subjects')
  const people = counts && a.whole
  // All but a few: the few are as visible as if they had been counted.
  if (people && a.centre < subjects.all && subjects.all - a.centre < policy.minimumSubjects)
    return kept('complementary')
  const known = words.chosen(a.extensive ? a.centre / subjects.all : a.centre)
  return { value: null, number: a, count: people, chance, known }
}

/**
 * When the count of a row is kept, so are the statistics of its people; a lone kept count of a column is joined by the
 * next smallest, as margins are known.
 */
function withholdRows(sheet: AlignedSheet, drafts: Draft[][]): void {
  for (const [c, column] of sheet.columns.entries()) {
    if (column.kind !== 'count') continue
    const hidden = drafts.filter((r) => r[c]!.rule !== undefined)
    const open = drafts
      .filter((r) => r[c]!.number !== undefined)
      .sort((a, b) => a[c]!.number!.centre - b[c]!.number!.centre)
    if (hidden.length === 1 && drafts.length > 1 && open.length > 0) open[0]![c] = kept('complementary')
  }
  const single = sheet.columns.filter((c) => c.kind === 'count').length === 1
  const at = sheet.columns.findIndex((c) => c.kind === 'count')
  if (single && sheet.rows.length > 1)
    for (const row of drafts)
      if (row[at]!.rule)
        sheet.columns.forEach((c, i) => {
          if (c.kind === 'value' && row[i]!.number) row[i] = kept(row[at]!.rule!)
        })
}

/**
 * Outputs that stand or fall together: each table or model by itself, all single numbers together, and medians and
 * quantiles of the whole job.
 */
const unitOf = (s: AlignedSheet, ordered: boolean): string =>
  ordered ? '(order)' : s.type === 'scalar' || s.type === 'estimate' ? '(single)' : s.name.replace(/ fit$/, '')
/** Among more of them, which one is kept back would say too much; quantiles may be missing from any job. */
const mostUnits = 3

const guarantee =
  'Every number was computed again eight times, each time without another eighth of the people, and rounded until it no longer showed who was missing; small counts, extremes and words from the data were left out. ' +
  'This makes it very unlikely that a released number tells something about one person, but it is no mathematical guarantee as `noise` gives it.'

/**
 * What may leave of a leave-out report. Outputs that change with single people are kept back as a whole; more than one
 * such output, or nothing that remains, blocks the job as `unstable`: which numbers are missing can then hardly be used
 * to say something. Deterministic given the stream of `uniform`; the numbering of blocks does not matter.
 */
export function releaseScript(report: Report, policy: DisclosurePolicy, context: ScriptContext): Verdict {
  if (context.cohortSubjects < policy.minimumSubjects)
    return none('block', 'cohort-too-small', everything('minimum-subjects'))
  const runs = runsOf(report)
  if (typeof runs === 'string') return none('block', runs, runs === 'unstable' ? everything('stability') : [])
  const read = (r: RunReport): ReturnType<typeof parseOutputs> =>
    parseOutputs(filesOf(r), { rows: policy.rows, bytes: policy.bytes })
  const first = read(runs.all)
  const problem = first.problems[0]?.problem
  if (problem)
    return problem === 'too-large' || problem.startsWith('too-many')
      ? none('block', 'output-limit', everything('size'))
      : none('block', 'output-invalid', everything('unknown-output'))
  // Nobody reads so much, and looking at it all, nine times, would take minutes.
  const size = first.outputs.reduce(
    (s, o) =>
      s +
      (o.type === 'table'
        ? o.rows.length * o.columns.length
        : o.type === 'model'
          ? 7 * o.terms.length
          : o.type === 'histogram'
            ? o.counts.length
            : 1),
    0,
  )
  if (size > 20 * numbersAllowed(context.cohortSubjects)) return none('block', 'output-unsafe', everything('numbers'))
  const parsed = [first, ...runs.without.map(read)]
  if (parsed.some((p) => p.problems.length > 0)) return none('block', 'unstable', everything('stability'))
  if (parsed.every((p) => p.outputs.length === 0))
    return parsed[0]!.files.length
      ? none('block', 'output-unsafe', everything('unknown-output'))
      : none('block', 'empty-result')
  const sheets = align(
    parsed.map((p) => p.outputs),
    context.schema,
  )
  if (!sheets) return none('block', 'unstable', everything('stability'))
  return verdict(
    sheets,
    {
      all: context.cohortSubjects,
      without: runs.without.map((r) => (r.subjects * context.cohortSubjects) / runs.all.subjects),
    },
    parsed[0]!.files.length > 0,
    policy,
    context,
  )
}

function verdict(
  sheets: readonly AlignedSheet[],
  subjects: { all: number; without: number[] },
  plots: boolean,
  policy: DisclosurePolicy,
  context: ScriptContext,
): Verdict {
  const most = numbersAllowed(subjects.all)
  const words = new Words(context.code, context.schema)
  const whole = modelsThatBreakRules(sheets, policy, subjects.all)
  const units = new Map<string, boolean>()
  const drafts = sheets.map((s) => {
    const table = s.rows.map((row) =>
      s.columns.map((c, at) => {
        const label =
          s.type === 'scalar' || s.type === 'estimate' ? s.name : row.key.filter((k) => typeof k === 'string').join(' ')
        const d =
          c.kind === 'group'
            ? groupCell(row.runs[0]![at]!, words)
            : whole.has(s.name)
              ? kept(whole.get(s.name)!)
              : draft(
                  s,
                  at,
                  row.runs.map((r) => r[at]!),
                  label,
                  subjects,
                  policy,
                  words,
                )
        const unit = unitOf(s, says.order(c.name) || says.order(label))
        units.set(unit, units.get(unit) === true || d.rule === 'stability')
        return d
      }),
    )
    if (s.broken) units.set(unitOf(s, false), true)
    withholdRows(s, table)
    return table
  })
  const edges = sheets.map(
    (s) =>
      s.type !== 'histogram' ||
      s.rows.length === 0 ||
      (s.rows.every((r) => r.key.every((k) => typeof k === 'number')) && edgesChosen(s, words)),
  )
  const unstable = [...units].filter(([, bad]) => bad).map(([u]) => u)
  if (unstable.length > 1 || (unstable.length === 1 && unstable[0] !== '(order)' && units.size > mostUnits))
    return none('block', 'unstable', everything('stability'))
  if (sameBlockApart(drafts.flat(2).flatMap((d) => (d.number?.kind === 'varying' ? [d.number] : []))))
    return none('block', 'unstable', everything('stability'))
  const numbers = drafts.flat(2).filter((d) => d.number).length
  if (numbers > most) return none('block', 'output-unsafe', everything('numbers'))

  const outputs: ReleasedOutput[] = []
  const findings: Finding[] = []
  for (const [i, s] of sheets.entries()) {
    const table = drafts[i]!
    const name = words.text(s.name) ? s.name : `output ${i + 1}`
    const titles = s.columns.map((c, at) => (words.text(c.name) ? c.name : `column ${at + 1}`))
    if (name !== s.name || titles.some((t, at) => t !== s.columns[at]!.name))
      findings.push({ output: name, rule: 'names', outcome: 'suppress' })
    const bad = (ordered: boolean): boolean => unstable.includes(unitOf(s, ordered)) || !edges[i]
    const seen = new Set<Rule>()
    const rows = s.rows.flatMap((row, r) => {
      const label =
        s.type === 'scalar' || s.type === 'estimate' ? s.name : row.key.filter((k) => typeof k === 'string').join(' ')
      const cells = s.columns.map((c, at): ReleasedCell => {
        const d = table[r]![at]!
        const rule =
          c.kind !== 'group' && bad(says.order(c.name) || says.order(label)) && d.rule !== 'extreme'
            ? 'stability'
            : !edges[i]
              ? 'names'
              : d.rule
        if (rule) {
          if (rule === 'stability') seen.add(rule)
          else findings.push({ output: name, cell: `${r + 1}/${at + 1}`, rule, outcome: 'suppress' })
          return { value: null, suppressed: true }
        }
        return d.number ? shown(d, numbers, policy, context.uniform, seen) : { value: d.value }
      })
      // A group that nobody declared or wrote down, and of which nothing may be said, is not mentioned.
      const silent = s.type !== 'histogram' && s.columns.every((c, at) => c.kind === 'group' || cells[at]!.suppressed)
      return silent && !s.columns.every((c, at) => c.kind !== 'group' || words.chosen(row.runs[0]![at]!)) ? [] : [cells]
    })
    if (s.dropped) seen.add('stability')
    for (const rule of seen) findings.push({ output: name, rule, outcome: rule === 'rounding' ? 'round' : 'suppress' })
    outputs.push({
      name,
      type: s.type,
      columns: s.columns.map((c, at) => ({
        name: titles[at]!,
        kind: c.kind,
        ...(c.unit !== undefined && words.text(c.unit) ? { unit: c.unit } : {}),
      })),
      rows,
    })
  }
  if (plots) findings.push({ output: '(plots)', rule: 'unknown-output', outcome: 'suppress' })
  if (
    !outputs.some((o) => o.rows.some((r) => r.some((c, at) => o.columns[at]!.kind !== 'group' && c.value !== null)))
  ) {
    return unstable.length
      ? none('block', 'unstable', everything('stability'))
      : none(
          'block',
          'output-unsafe',
          findings
            .filter((f) => f.outcome !== 'round')
            .map((f) => ({ ...f, outcome: 'fail' as const }))
            .slice(0, 200),
        )
  }
  return { outcome: 'release', outputs, findings, guarantee }
}

/**
 * Whether one block stands apart in at least three numbers and a quarter of all: a jitter that hides one number does
 * not hide a person behind many.
 */
function sameBlockApart(varying: readonly Agreement[]): boolean {
  const times = new Map<number, number>()
  for (const a of varying) if (a.apart !== undefined) times.set(a.apart, (times.get(a.apart) ?? 0) + 1)
  return Math.max(0, ...times.values()) >= Math.max(3, varying.length / 4)
}

/**
 * A key that is the same in every run, as rows are matched by it: it leaves when it is a word or number that was known
 * before.
 */
const groupCell = (v: Scalar, words: Words): Draft =>
  typeof v === 'string'
    ? words.text(v)
      ? { value: v }
      : kept('names')
    : typeof v === 'number'
      ? words.number(v)
        ? { value: v }
        : kept('names')
      : { value: v }

/**
 * Edges of a histogram were chosen, not taken from the data: the outer two are known numbers, those between known or
 * evenly spaced.
 */
function edgesChosen(s: AlignedSheet, words: Words): boolean {
  const edges = [...s.rows.map((r) => r.key[0] as number), s.rows.at(-1)?.key[1] as number].sort((a, b) => a - b)
  const first = edges[0]!
  const width = (edges.at(-1)! - first) / (edges.length - 1)
  return (
    words.number(first) &&
    words.number(edges.at(-1)!) &&
    edges.every((e, i) => words.number(e) || Math.abs(e - first - i * width) <= 1e-9 * Math.abs(edges.at(-1)! - first))
  )
}

function shown(d: Draft, numbers: number, policy: DisclosurePolicy, uniform: Uniform, seen: Set<Rule>): ReleasedCell {
  const a = d.number!
  const step = stepOf(a, numbers, d.known)
  let value = roundTo(a, step, uniform)
  let precision = step
  if (d.count) {
    const count = shownCount(value, policy)
    if (count === undefined) {
      seen.add('minimum-subjects')
      return { value: null, suppressed: true }
    }
    value = count
    precision = Math.max(step, policy.roundTo)
  }
  if (d.chance && value === leastChance) precision = leastChance
  if (value !== a.centre || a.kind === 'varying') seen.add('rounding')
  return { value, ...(precision > 0 ? { precision } : {}) }
}
