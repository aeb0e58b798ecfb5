/**
 * The release card: what was asked, of what, how it was allowed to leave, and what was left out. It goes with every
 * release, and says nothing that was not released.
 */
import type { ReleaseMode } from '../datasets/policy.ts'
import { csvLine } from '../datasets/csv.ts'
import type { DisclosurePolicy, Finding, Rule } from '../release/policy.ts'
import { canonical, sha256Hex } from '../hash.ts'
import type { Cohort, Filter } from '../datasets/cohort.ts'
import type { ReleasedOutput } from '../release/outputs.ts'

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
  const to = Math.max(10, policy.roundTo)
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(subjects)) - 1)
  const step = Math.max(to, digits)
  return `about ${Math.max(step, Math.round(subjects / step) * step)}`
}

/** Cells left out, by rule. A finding without a position stands for an output and counts once. */
function suppressedBy(findings: readonly Finding[]): Card['suppressed'] {
  const out = new Map<Rule, number>()
  for (const f of findings)
    if (f.outcome === 'suppress' || f.outcome === 'fail') out.set(f.rule, (out.get(f.rule) ?? 0) + 1)
  return [...out].map(([rule, cells]) => ({ rule, cells }))
}

/** The card of a release; hashes are SHA-256 over the code's text and over canonical JSON. */
export async function releaseCard(i: CardInput): Promise<Card> {
  const [code, parameters, result] = await Promise.all([
    sha256Hex(i.code),
    sha256Hex(canonical(i.parameters ?? {})),
    sha256Hex(canonical(i.outputs)),
  ])
  return {
    jobId: i.jobId,
    asked: i.asked,
    purpose: i.purpose,
    dataset: i.dataset,
    cohort: i.cohort,
    mode: i.mode,
    guarantee: i.guarantee,
    cost: i.cost,
    suppressed: suppressedBy(i.findings),
    released: i.released,
    subjects:
      i.mode === 'twin'
        ? 'nobody: the rows are synthetic'
        : i.mode === 'noise'
          ? 'not said under noise'
          : subjectsShown(i.cohortSubjects, i.policy),
    hashes: { code, parameters, image: i.image, result },
    confinement: i.confinement,
    ...(i.checkers === undefined ? {} : { checkers: i.checkers }),
  }
}

/** A filter in words: `subjects: age between 50 and 70`. */
export function filterText(f: Filter & { table: string }): string {
  const column = `${f.table}: ${f.column}`
  switch (f.is) {
    case 'equal':
      return `${column} is ${f.value}`
    case 'not-equal':
      return `${column} is not ${f.value}`
    case 'in':
      return `${column} is one of ${f.values.join(', ')}`
    case 'not-in':
      return `${column} is none of ${f.values.join(', ')}`
    case 'between':
      return f.from === undefined
        ? `${column} at most ${f.to}`
        : f.to === undefined
          ? `${column} at least ${f.from}`
          : `${column} between ${f.from} and ${f.to}`
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
/** A text that may hold anything, on one line of Markdown. */
const line = (text: string): string => text.replace(/[\r\n]+/g, ' ').replace(/([\\`*_{}[\]<>|#])/g, '\\$1')
/** A fence longer than any in the text. */
const fenced = (text: string): string => {
  const ticks = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((m) => m[0].length + 1)))
  return `${ticks}\n${text}\n${ticks}`
}

/** The card as a page for people. */
export function cardMarkdown(c: Card): string {
  const modes: Record<Card['mode'], string> = {
    twin: 'a trial on the synthetic twin',
    rules: 'disclosure rules',
    noise: 'differential privacy',
    review: 'two output checkers',
  }
  return [
    `# Release card of ${c.jobId}`,
    '',
    `- **Dataset**: ${line(c.dataset.title)} (${c.dataset.name}, version ${c.dataset.version})`,
    `- **People**: ${c.cohort.length ? c.cohort.map((f) => line(filterText(f))).join('; ') : 'everybody'} (${c.subjects})`,
    ...(c.purpose ? [`- **Purpose**: ${line(c.purpose)}`] : []),
    `- **Released**: ${c.released}, by ${modes[c.mode]}${c.checkers === undefined ? '' : ` (${c.checkers} approvals)`}`,
    `- **Guarantee**: ${line(c.guarantee)}`,
    ...(c.cost.nanoRho > 0
      ? [
          `- **Privacy budget**: ε = ${Number(c.cost.epsilon.toPrecision(4))} at δ = ${c.cost.delta} (${c.cost.nanoRho} nano-ρ)`,
        ]
      : []),
    `- **Left out**: ${c.suppressed.length ? c.suppressed.map((s) => `${s.cells} × ${ruleWords[s.rule] ?? s.rule}`).join(', ') : 'nothing'}`,
    `- **Ran in**: ${line(c.confinement)}`,
    '',
    '## What was asked',
    '',
    fenced(c.asked),
    '',
    '## Hashes',
    '',
    '| of | SHA-256 |',
    '|---|---|',
    `| dataset version | ${c.dataset.hash} |`,
    `| code | ${c.hashes.code} |`,
    `| parameters | ${c.hashes.parameters} |`,
    `| image | ${line(c.hashes.image)} |`,
    `| result | ${c.hashes.result} |`,
    '',
  ].join('\n')
}

/** Text that a spreadsheet would take for a formula gets a leading apostrophe; numbers stay numbers. */
const guarded = (v: string | number | boolean | null): string | number | boolean | null =>
  typeof v === 'string' && /^[=+\-@\t\r]/.test(v) ? `'${v}` : v
/**
 * A released output as CSV: suppressed cells are empty. Where any is, a last column `not shown` names those columns;
 * where numbers were rounded differently, `rounded to` gives each step.
 */
export function releasedCsv(o: ReleasedOutput): string {
  const hidden = o.rows.some((r) => r.some((c) => c.suppressed))
  const rounded = o.rows.some((r) => r.some((c) => c.precision !== undefined))
  const names = o.columns.map((c) => (c.unit ? `${c.name} [${c.unit}]` : c.name))
  const head = [...names.map(guarded), ...(hidden ? ['not shown'] : []), ...(rounded ? ['rounded to'] : [])]
  const rows = o.rows.map((r) => [
    ...r.map((c) => (c.suppressed ? null : guarded(c.value))),
    ...(hidden ? [guarded(r.flatMap((c, i) => (c.suppressed ? [o.columns[i]!.name] : [])).join('; '))] : []),
    ...(rounded
      ? [
          guarded(
            r
              .flatMap((c, i) => (c.precision === undefined ? [] : [`${o.columns[i]!.name}: ${c.precision}`]))
              .join('; '),
          ),
        ]
      : []),
  ])
  return [head, ...rows].map(csvLine).join('')
}
