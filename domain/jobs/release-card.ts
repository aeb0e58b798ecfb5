/**
 * The release card: what was asked, of what, how it was allowed to leave, and what was left out. It goes with every
 * release, and says nothing that was not released.
 */
import type { ReleaseMode } from '../datasets/policy.ts'
import { csvLine } from '../datasets/csv.ts'
import type { DisclosurePolicy, Finding, Rule } from '../release/policy.ts'
import { canonical, sha256Hex } from '../hash.ts'
import type { Cohort, Filter } from '../datasets/cohort.ts'
import type { ReleasedCell, ReleasedOutput, Scalar } from '../release/outputs.ts'

/** The shape of contracts/jobs.ts ReleaseCard. */
export interface Card {
  jobId: string
  asked: string
  purpose: string
  dataset: { datasetId: string; name: string; title: string; version: number; hash: string }
  cohort: Cohort
  /** `twin`: computed from synthetic rows. */
  mode: ReleaseMode | 'twin'
  guarantee: string
  cost: { nanoRho: number; epsilon: number; delta: number }
  suppressed: { rule: Rule; cells: number }[]
  released: string
  subjects: string
  hashes: { code: string; parameters: string; image: string; result: string }
  confinement: string
  checkers?: number
}
export interface CardInput extends Omit<Card, 'suppressed' | 'subjects' | 'hashes'> {
  code: string
  parameters: unknown
  image: string
  outputs: readonly ReleasedOutput[]
  findings: readonly Finding[]
  /** Counted by the platform; the card says it only as the policy lets it be shown. */
  cohortSubjects: number
  policy: Pick<DisclosurePolicy, 'minimumSubjects' | 'roundTo'>
}

/**
 * A cohort's size in words: to the policy's multiple, at least to 10, and never exact, as two cohorts may differ by one
 * person.
 */
export function subjectsShown(subjects: number, policy: Pick<DisclosurePolicy, 'minimumSubjects' | 'roundTo'>): string {
  if (subjects < policy.minimumSubjects) return `fewer than ${policy.minimumSubjects}`
  const ofTwoDigits = 10 ** Math.max(0, Math.floor(Math.log10(subjects)) - 1)
  const step = Math.max(10, policy.roundTo, ofTwoDigits)
  return `about ${Math.max(step, Math.round(subjects / step) * step)}`
}

/** Cells left out, by rule. A finding without a position stands for an output and counts once. */
function suppressedBy(findings: readonly Finding[]): Card['suppressed'] {
  const cells = new Map<Rule, number>()
  for (const { rule, outcome } of findings)
    if (outcome === 'suppress' || outcome === 'fail') cells.set(rule, (cells.get(rule) ?? 0) + 1)
  return [...cells].map(([rule, number]) => ({ rule, cells: number }))
}

/** How many people, in words; nothing where that is no fact, or would spend of the budget. */
function peopleOf({ mode, cohortSubjects, policy }: CardInput): string {
  if (mode === 'twin') return 'nobody: the rows are synthetic'
  return mode === 'noise' ? 'not said under noise' : subjectsShown(cohortSubjects, policy)
}

/** The card of a release; hashes are SHA-256 over the code's text and over canonical JSON. */
export async function releaseCard(input: CardInput): Promise<Card> {
  const [code, parameters, result] = await Promise.all([
    sha256Hex(input.code),
    sha256Hex(canonical(input.parameters ?? {})),
    sha256Hex(canonical(input.outputs)),
  ])
  return {
    jobId: input.jobId,
    asked: input.asked,
    purpose: input.purpose,
    dataset: input.dataset,
    cohort: input.cohort,
    mode: input.mode,
    guarantee: input.guarantee,
    cost: input.cost,
    suppressed: suppressedBy(input.findings),
    released: input.released,
    subjects: peopleOf(input),
    hashes: { code, parameters, image: input.image, result },
    confinement: input.confinement,
    checkers: input.checkers,
  }
}

/** A filter in words: `subjects: age between 50 and 70`. */
export function filterText(filter: Filter & { table: string }): string {
  const column = `${filter.table}: ${filter.column}`
  switch (filter.is) {
    case 'equal':
      return `${column} is ${filter.value}`
    case 'not-equal':
      return `${column} is not ${filter.value}`
    case 'in':
      return `${column} is one of ${filter.values.join(', ')}`
    case 'not-in':
      return `${column} is none of ${filter.values.join(', ')}`
    case 'between':
      if (filter.from === undefined) return `${column} at most ${filter.to}`
      return filter.to === undefined
        ? `${column} at least ${filter.from}`
        : `${column} between ${filter.from} and ${filter.to}`
    case 'known':
      return `${column} is known`
    case 'missing':
      return `${column} is missing`
  }
}

const ruleWords: Partial<Record<Rule, string>> = {
  'minimum-subjects': 'too few people',
  dominance: 'one or two people make up most of it',
  'p-ratio': 'one person could be worked out',
  'single-value': 'everybody has the same value',
  'residual-degrees': 'too few degrees of freedom',
  parameters: 'too many parameters',
  extreme: 'the value of a single person',
  complementary: 'would give away another cell',
  differencing: 'would single out people together with an earlier result',
  stability: 'hangs on too few people',
  names: 'words that nobody declared',
  'unknown-output': 'plots and files need review',
}
const modeWords: Record<Card['mode'], string> = {
  twin: 'a trial on the synthetic twin',
  rules: 'disclosure rules',
  noise: 'differential privacy',
  review: 'two output checkers',
}
/** A text that may hold anything, on one line of Markdown. */
const line = (text: string): string => text.replace(/[\r\n]+/g, ' ').replace(/([\\`*_{}[\]<>|#])/g, '\\$1')
/** A fence longer than any in the text. */
const fenced = (text: string): string => {
  const ticks = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([found]) => found.length + 1)))
  return `${ticks}\n${text}\n${ticks}`
}

/** The facts of a card, one line each. */
function factsOf(card: Card): string[] {
  const { dataset, cohort, cost } = card
  const people = cohort.length > 0 ? cohort.map((filter) => line(filterText(filter))).join('; ') : 'everybody'
  const approvals = card.checkers === undefined ? '' : ` (${card.checkers} approvals)`
  const leftOut = card.suppressed.map(({ rule, cells }) => `${cells} × ${ruleWords[rule] ?? rule}`)
  const facts = [
    `- **Dataset**: ${line(dataset.title)} (${dataset.name}, version ${dataset.version})`,
    `- **People**: ${people} (${card.subjects})`,
  ]
  if (card.purpose) facts.push(`- **Purpose**: ${line(card.purpose)}`)
  facts.push(
    `- **Released**: ${card.released}, by ${modeWords[card.mode]}${approvals}`,
    `- **Guarantee**: ${line(card.guarantee)}`,
  )
  if (cost.nanoRho > 0)
    facts.push(
      `- **Privacy budget**: ε = ${Number(cost.epsilon.toPrecision(4))} at δ = ${cost.delta} (${cost.nanoRho} nano-ρ)`,
    )
  facts.push(
    `- **Left out**: ${leftOut.length > 0 ? leftOut.join(', ') : 'nothing'}`,
    `- **Ran in**: ${line(card.confinement)}`,
  )
  return facts
}

/** The card as a page for people, in Markdown. */
export function cardMarkdown(card: Card): string {
  return [
    `# Release card of ${card.jobId}`,
    '',
    ...factsOf(card),
    '',
    '## What was asked',
    '',
    fenced(card.asked),
    '',
    '## Hashes',
    '',
    '| of | SHA-256 |',
    '|---|---|',
    `| dataset version | ${card.dataset.hash} |`,
    `| code | ${card.hashes.code} |`,
    `| parameters | ${card.hashes.parameters} |`,
    `| image | ${line(card.hashes.image)} |`,
    `| result | ${card.hashes.result} |`,
    '',
  ].join('\n')
}

/** Text that a spreadsheet would take for a formula gets a leading apostrophe; numbers stay numbers. */
const guarded = (value: Scalar): Scalar =>
  typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value

/**
 * A released output as CSV: suppressed cells are empty. Where any is, a last column `not shown` names those columns;
 * where numbers were rounded differently, `rounded to` gives each step.
 */
export function releasedCsv(output: ReleasedOutput): string {
  const { columns, rows } = output
  const hasHidden = rows.some((row) => row.some((cell) => cell.suppressed))
  const hasRounded = rows.some((row) => row.some((cell) => cell.precision !== undefined))
  const head = columns.map(({ name, unit }) => guarded(unit ? `${name} [${unit}]` : name))
  if (hasHidden) head.push('not shown')
  if (hasRounded) head.push('rounded to')
  const lines = rows.map((row) => {
    const cells = row.map((cell) => (cell.suppressed ? null : guarded(cell.value)))
    if (hasHidden) cells.push(guarded(namesOfHidden(row, columns)))
    if (hasRounded) cells.push(guarded(stepsOf(row, columns)))
    return cells
  })
  return [head, ...lines].map(csvLine).join('')
}
const namesOfHidden = (row: readonly ReleasedCell[], columns: ReleasedOutput['columns']): string =>
  columns
    .filter((_, at) => row[at]!.suppressed)
    .map(({ name }) => name)
    .join('; ')
const stepsOf = (row: readonly ReleasedCell[], columns: ReleasedOutput['columns']): string =>
  row.flatMap(({ precision }, at) => (precision === undefined ? [] : [`${columns[at]!.name}: ${precision}`])).join('; ')
