/**
 * The rules of `rules` on an aggregate query's answer: what the platform counted decides, cell by cell, and whatever
 * leaves is a number that nobody can take apart. Rules of a cell: cell-rules.ts; rounding after OpenSAFELY;
 * complementary suppression over every total that could be asked for.
 */
import type { ReleasedCell, ReleasedOutput } from '../release/outputs.ts'
import type { DisclosurePolicy, Finding, Rule } from '../release/policy.ts'
import type { Verdict } from '../release/verdict.ts'
import { arranged, total } from '../sql/answer.ts'
import { evaluate } from '../sql/formula.ts'
import type { QueryColumn, QueryResult, QueryRow } from '../sql/result.ts'
import { rulesBrokenBy } from './cell-rules.ts'
import { type DraftRow, groupsOf, missingGroups, showsAllGroups, withNobody } from './declared-groups.ts'
import { factsOf, isMeasured } from './query-facts.ts'
import { shownNumber } from './query-numbers.ts'
import { type Hidden, hiddenCells } from './query-suppression.ts'

/** The one table of an answer. */
const output = 'result'
const guarantee =
  'Every number is made of at least the policy’s minimum of people, counted by the platform; small, dominated and recomputable cells were taken out.'
/** More findings say nothing more. */
const mostFindings = 1000

const blocked = (code: NonNullable<Verdict['code']>, rule: Rule): Verdict => ({
  outcome: 'block',
  code,
  outputs: [],
  findings: [{ output, rule, outcome: 'fail' }],
  guarantee,
})

/**
 * Judges the answer of a statement under `policy`: what may leave of it, and what was hidden, named by position and
 * rule. Deterministic; it does not throw.
 */
export function releaseQuery(found: QueryResult, policy: DisclosurePolicy): Verdict {
  const result = withNobody(found)
  const { columns, rows } = result
  if (result.cohort.subjects < policy.minimumSubjects) return blocked('cohort-too-small', 'minimum-subjects')
  if (result.truncated || rows.length > policy.rows) return blocked('output-limit', 'size')
  const measured = [...columns.keys()].filter((column) => isMeasured(columns[column]!))
  const broken = rows.map((row) => brokenIn(row, columns, measured, policy))
  const hidden = hiddenCells(result, measured, broken, policy)
  if (!hidden) return blocked('output-unsafe', 'complementary')

  const shown = rows.flatMap((row, i) =>
    isUnseen(row, result, policy) ? [] : [draft(row, columns, hidden[i]!, policy)],
  )
  const drafts = showsAllGroups(result) ? [...shown, ...missingGroups(result, shown)] : shown
  const visible = [...columns.keys()].filter((column) => !columns[column]!.hidden)
  const released = arranged(drafts, result)
  const isAnything = released.some(({ cells }) =>
    visible.some((column) => columns[column]!.kind !== 'group' && !cells[column]!.suppressed),
  )
  if (!isAnything) return blocked(found.rows.length === 0 ? 'cohort-too-small' : 'output-unsafe', 'minimum-subjects')
  return {
    outcome: 'release',
    outputs: [tableOf(released, columns, visible)],
    findings: [...findingsOf(released, columns, visible, rows.length > shown.length), ...roundingOf(columns, policy)],
    guarantee,
    told: toldOf(rows, shown, columns, measured),
  }
}

/** The first rule that each measured column of a row breaks. */
function brokenIn(
  row: QueryRow,
  columns: readonly QueryColumn[],
  measured: readonly number[],
  policy: DisclosurePolicy,
): Hidden {
  const broken: Hidden = new Map()
  for (const column of measured) {
    const [rule] = rulesBrokenBy(factsOf(row, column, columns[column]!), policy)
    if (rule) broken.set(column, rule)
  }
  return broken
}

/** A group that is there only because of a few people must not be seen to be there. */
function isUnseen(row: QueryRow, result: QueryResult, policy: DisclosurePolicy): boolean {
  if (row.subjects >= policy.minimumSubjects) return false
  const lacksKey = groupsOf(result.columns).some((group) => row.values[group] === null && !row.rolledUp.includes(group))
  return lacksKey || !showsAllGroups(result)
}

/** A row with what may be shown of it; formulas are made of what is shown. */
function draft(row: QueryRow, columns: readonly QueryColumn[], hidden: Hidden, policy: DisclosurePolicy): DraftRow {
  const cells = columns.map((column, at): ReleasedCell => {
    if (column.kind === 'group') return { value: row.rolledUp.includes(at) ? total : (row.values[at] ?? null) }
    if (column.formula) return { value: null }
    return hidden.has(at) ? { value: null, suppressed: true } : shownNumber(row, at, column, policy)
  })
  for (const [at, { formula }] of columns.entries()) if (formula) cells[at] = evaluate(formula, cells)
  return { cells, rules: columns.map(({ formula }, at) => (formula ? undefined : hidden.get(at))), row }
}

function tableOf(
  released: readonly DraftRow[],
  columns: readonly QueryColumn[],
  visible: readonly number[],
): ReleasedOutput {
  return {
    name: output,
    type: 'table',
    columns: visible.map((column) => ({ name: columns[column]!.name, kind: columns[column]!.kind })),
    rows: released.map(({ cells }) => visible.map((column) => cells[column]!)),
  }
}

/** What was taken out: whole rows without a place, cells by row and column, counted from 1. */
function findingsOf(
  released: readonly DraftRow[],
  columns: readonly QueryColumn[],
  visible: readonly number[],
  rowsDropped: boolean,
): Finding[] {
  const findings: Finding[] = rowsDropped ? [{ output, rule: 'minimum-subjects', outcome: 'suppress' }] : []
  for (const [row, { cells, rules }] of released.entries())
    for (const [place, column] of visible.entries()) {
      if (!cells[column]!.suppressed) continue
      if (findings.length >= mostFindings) return findings
      const rule = rules[column] ?? (columns[column]!.formula ? 'complementary' : 'minimum-subjects')
      findings.push({ output, cell: `${row + 1}/${place + 1}`, rule, outcome: 'suppress' })
    }
  return findings
}
const roundingOf = (columns: readonly QueryColumn[], policy: DisclosurePolicy): Finding[] =>
  policy.roundTo > 1 && columns.some((column) => column.kind === 'count')
    ? [{ output, rule: 'rounding', outcome: 'round' }]
    : []

/** Row by row, which of its sets are shown; -1 is the whole row. */
function toldOf(
  rows: readonly QueryRow[],
  shown: readonly DraftRow[],
  columns: readonly QueryColumn[],
  measured: readonly number[],
): number[][] {
  const drafts = new Map(shown.map((draft) => [draft.row, draft]))
  return rows.map((row) => {
    const cells = drafts.get(row)?.cells
    if (!cells) return []
    return measured.filter((column) => !cells[column]!.suppressed).map((column) => columns[column]!.set ?? -1)
  })
}
