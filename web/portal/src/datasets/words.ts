/** Datasets, policies and schemas in a person's words. */
import { floorSubjects } from '../../../../domain/release/policy.ts'
import type { Column as ColumnShape } from '../../../../domain/datasets/schema.ts'
import type { Language, ReleaseMode } from '../../../../domain/datasets/policy.ts'
import type { Policy } from './data.ts'

export const languageName: Record<Language, string> = { sql: 'SQL', python: 'Python', r: 'R', notebook: 'Notebook' }
export const languageMeaning: Record<Language, string> = {
  sql: 'Aggregate queries, answered in about a second',
  python: 'Scripts with pandas, statsmodels, scikit-learn, nibabel',
  r: 'Scripts with R’s recommended packages',
  notebook: 'Jupyter notebooks in Python',
}
export const modeName: Record<ReleaseMode, string> = {
  rules: 'Disclosure rules',
  noise: 'Noise',
  review: 'Review by people',
}
/** In lists and tables. */
export const modeShort: Record<ReleaseMode, string> = { rules: 'rules', noise: 'noise', review: 'review' }
export const modeMeaning: Record<ReleaseMode, string> = {
  rules:
    'Released at once when it is safe: the platform counts people itself, suppresses what could single somebody out and rounds the rest.',
  noise:
    'Released with exact random noise that gives differential privacy; it spends some of the dataset’s budget before it runs.',
  review: 'Held until two output checkers have looked at it: for plots, models and everything that rules cannot judge.',
}

/** A small number as people read it: up to three significant digits. */
export const short = (n: number): string =>
  Number.isInteger(n)
    ? n.toLocaleString('en')
    : Number(n.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 12 })
const list = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`

/** What a policy means, in sentences; each stands alone. */
export function policySentences(p: Policy): string[] {
  const minimum = Math.max(floorSubjects, p.disclosure.minimumSubjects ?? 10)
  const out: string[] = []
  out.push(
    p.people.kind === 'analysts'
      ? 'Analysts, researchers and custodians of the organisation may ask questions.'
      : p.people.userIds.length === 0
        ? 'Nobody may ask questions yet: no person is named.'
        : `Only ${p.people.userIds.length === 1 ? 'one named person' : `${p.people.userIds.length} named people`} may ask questions.`,
  )
  out.push(
    p.languages.length === 0
      ? 'No language is allowed, so nothing can be asked.'
      : `Questions are asked in ${list(p.languages.map((l) => languageName[l]))}.`,
  )
  out.push(
    p.modes.length === 0
      ? 'Nothing can leave: no way of release is allowed.'
      : `Answers leave by ${list(p.modes.map((m) => modeName[m].toLowerCase()))}.`,
  )
  out.push(`No number is shown that stands for fewer than ${minimum} people.`)
  const { roundTo = 1, redactUpTo = 0 } = p.disclosure
  if (redactUpTo > 0) out.push(`Counts of ${redactUpTo} or fewer are left out.`)
  if (roundTo > 1) out.push(`Counts are rounded to multiples of ${roundTo}.`)
  if (p.modes.includes('noise'))
    out.push(
      `All answers with noise together may spend a privacy budget of epsilon ${short(p.budget.epsilon)} at delta ${p.budget.delta.toExponential(0)}; when it is gone, only the other ways remain.`,
    )
  out.push(
    p.approval
      ? 'A custodian approves each analysis before it runs; changing its code asks for approval again.'
      : 'Analyses run at once, without asking a custodian first.',
  )
  if (p.expires) out.push(`No question is accepted from ${p.expires} on.`)
  out.push(
    p.listed
      ? 'Anybody can find its description and schema; never a value.'
      : 'Only members of the organisation can find it.',
  )
  return out
}

/** Bounds or categories of a column, as text. */
export function allowed(c: Pick<ColumnShape, 'categories' | 'minimum' | 'maximum' | 'type'>): string {
  if (c.categories?.length)
    return c.categories.length > 12
      ? `${c.categories.slice(0, 12).join(', ')} and ${c.categories.length - 12} more`
      : c.categories.join(', ')
  if (c.minimum !== undefined && c.maximum !== undefined) return `${c.minimum} to ${c.maximum}`
  if (c.minimum !== undefined) return `at least ${c.minimum}`
  if (c.maximum !== undefined) return `at most ${c.maximum}`
  return ''
}
export const roleMeaning = {
  subject: 'Says whose row it is',
  visit: 'Orders a subject’s rows',
  identifier: 'Never handed to anybody’s code',
} as const
