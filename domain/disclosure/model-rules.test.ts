import { expect, it } from 'vitest'
import { type DisclosurePolicy, defaultPolicy, type Rule } from '../release/policy.ts'
import { reviewVerdict } from './findings.ts'
import { modelRules } from './model-rules.ts'
import { cohort, leaveOut, result, schema } from './testing/cohorts.ts'

interface Fitted {
  /** What the script says; nothing when undefined. */
  said?: number
  subjects: number
  terms: number
  policy?: Partial<DisclosurePolicy>
}
/** The rule that checkers are told a model of so many terms breaks. */
function judged({ said, subjects, terms, policy }: Fitted): Rule | 'kept' {
  const model = {
    type: 'model',
    name: 'model',
    n: said,
    terms: Array.from({ length: terms }, (_, i) => ({ term: `x${i}`, estimate: 1 })),
  }
  const report = leaveOut(cohort(20, 1), () => result({ outputs: [model] }), 1)
  const context = { code: 'model', schema, cohortSubjects: subjects }
  const { findings } = reviewVerdict(report, { ...defaultPolicy, ...policy }, context)
  return findings.find((f) => f.output === 'model' && f.outcome === 'fail')?.rule ?? 'kept'
}

// At the default policy 10 degrees must be left, and there is at most a third of a parameter per person.
const many = { parametersPerSubject: 1 }
const table: [what: string, model: Fitted, rule: Rule | 'kept'][] = [
  ['11 degrees left', { subjects: 100, terms: 89, policy: many }, 'kept'],
  ['10 degrees left', { subjects: 100, terms: 90, policy: many }, 'kept'],
  ['9 degrees left', { subjects: 100, terms: 91, policy: many }, 'residual-degrees'],
  ['32 parameters of 100 people', { subjects: 100, terms: 32 }, 'kept'],
  ['33 parameters of 100 people', { subjects: 100, terms: 33 }, 'kept'],
  ['34 parameters of 100 people', { subjects: 100, terms: 34 }, 'parameters'],
  ['a script that says fewer people', { said: 50, subjects: 100, terms: 41, policy: many }, 'residual-degrees'],
  ['a script that says more people', { said: 1000, subjects: 100, terms: 91, policy: many }, 'residual-degrees'],
  ['a script that says nobody', { said: 0, subjects: 100, terms: 90, policy: many }, 'kept'],
]

it.each(table)('a model with %s', (_, model, rule) => expect(judged(model)).toBe(rule))

it('every rule for models has fired, and has a sentence', () => {
  const fired = new Set(table.map(([, model]) => judged(model)))
  expect([...fired].filter((rule) => rule !== 'kept').sort()).toEqual(modelRules.map((rule) => rule.name).sort())
  for (const rule of modelRules) expect(rule.words(defaultPolicy)).toMatch(/^[A-Z].*\.$/)
})
