/** Datasets and policies in a person's words. */
import { floorSubjects } from '../../../../domain/release/policy.ts'
import { short } from '../parts/figures.ts'
import { languageName, modeName } from '../parts/policy-words.ts'
import type { Policy } from '../queries/datasets.ts'

const list = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`

function peopleSentence(people: Policy['people']): string {
  if (people.kind === 'analysts') return 'Analysts, researchers and custodians of the organisation may ask questions.'
  const named = people.userIds.length
  if (named === 0) return 'Nobody may ask questions yet: no person is named.'
  return `Only ${named === 1 ? 'one named person' : `${named} named people`} may ask questions.`
}

/** What a policy means, in sentences; each stands alone. */
export function policySentences(policy: Policy): string[] {
  const minimum = Math.max(floorSubjects, policy.disclosure.minimumSubjects ?? 10)
  const out: string[] = []
  out.push(peopleSentence(policy.people))
  out.push(
    policy.languages.length === 0
      ? 'No language is allowed, so nothing can be asked.'
      : `Questions are asked in ${list(policy.languages.map((l) => languageName[l]))}.`,
  )
  out.push(
    policy.modes.length === 0
      ? 'Nothing can leave: no way of release is allowed.'
      : `Answers leave by ${list(policy.modes.map((m) => modeName[m].toLowerCase()))}.`,
  )
  out.push(`No number is shown that stands for fewer than ${minimum} people.`)
  const { roundTo = 1, redactUpTo = 0 } = policy.disclosure
  if (redactUpTo > 0) out.push(`Counts of ${redactUpTo} or fewer are left out.`)
  if (roundTo > 1) out.push(`Counts are rounded to multiples of ${roundTo}.`)
  if (policy.modes.includes('noise'))
    out.push(
      `All answers with noise together may spend a privacy budget of epsilon ${short(policy.budget.epsilon)} at delta ${policy.budget.delta.toExponential(0)}; when it is gone, only the other ways remain.`,
    )
  out.push(
    policy.approval
      ? 'A custodian approves each analysis before it runs; changing its code asks for approval again.'
      : 'Analyses run at once, without asking a custodian first.',
  )
  if (policy.expires) out.push(`No question is accepted from ${policy.expires} on.`)
  out.push(
    policy.listed
      ? 'Anybody can find its description and schema; never a value.'
      : 'Only members of the organisation can find it.',
  )
  return out
}

export const roleMeaning = {
  subject: 'Says whose row it is',
  visit: 'Orders a subject’s rows',
  identifier: 'Never handed to anybody’s code',
} as const
