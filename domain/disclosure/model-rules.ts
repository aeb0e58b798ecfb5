/** The rules for fitted models, from the platform's own number of subjects. */
import type { Scalar } from '../release/outputs.ts'
import type { DisclosurePolicy, Rule } from '../release/policy.ts'
import type { AlignedSheet } from './alignment.ts'
import { type ReleaseRule, residualDegrees } from './cell-rules.ts'

export interface ModelFacts {
  /** Distinct subjects that the model was fitted to, at most those of the cohort. */
  subjects: number
  /** Terms of the model. */
  parameters: number
}
export type ModelRule = ReleaseRule<ModelFacts>

/** Few parameters for many people (DataSHIELD, nfilter.glm): a model with one for each would give everybody back. */
export const parameters: ModelRule = {
  name: 'parameters',
  words: (policy) => `A model has at most ${policy.parametersPerSubject} parameters per person.`,
  isBroken: (facts, policy) => facts.parameters > policy.parametersPerSubject * facts.subjects,
}

/** In the order in which they are named when a model breaks both. */
export const modelRules: readonly ModelRule[] = [residualDegrees, parameters]

/** The sheet with a model's figures of fit lies beside that of its terms, under this name. */
const fitOf = (model: string): string => `${model} fit`

/**
 * Names of the sheets that may not leave because their model breaks a rule, with the first rule that it breaks: the
 * model's own sheet, and that of its fit. `subjects` are those of the cohort; the number of a script is believed only
 * where it is smaller.
 */
export function modelsThatBreakRules(
  sheets: readonly AlignedSheet[],
  policy: DisclosurePolicy,
  subjects: number,
): Map<string, Rule> {
  const broken = new Map<string, Rule>()
  for (const sheet of sheets) {
    if (sheet.type !== 'model' || sheet.columns[0]?.name !== 'term') continue
    const said = numberOfFit(sheets, sheet.name)
    const facts: ModelFacts = {
      subjects: typeof said === 'number' && said > 0 ? Math.min(said, subjects) : subjects,
      parameters: sheet.rows.length,
    }
    const rule = modelRules.find((candidate) => candidate.isBroken(facts, policy))
    if (!rule) continue
    broken.set(sheet.name, rule.name)
    broken.set(fitOf(sheet.name), rule.name)
  }
  return broken
}

/** What a script says of how many a model was fitted to: `n` of its figures of fit, in the run on all. */
function numberOfFit(sheets: readonly AlignedSheet[], model: string): Scalar | undefined {
  const fit = sheets.find((sheet) => sheet.name === fitOf(model))
  return fit?.rows.find((row) => row.key[0] === 'n')?.runs[0]?.[1]
}
