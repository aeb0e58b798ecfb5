/** A question that a person puts to a dataset: its words, what it costs, and what an approval of it is for. */
import type { z } from 'zod'
import type { Ask } from '../../contracts/jobs.ts'
import { pinOf } from '../../domain/jobs/pin.ts'
import { rhoWithin } from '../../domain/privacy/accounting.ts'
import { stored } from '../../domain/privacy/ledger.ts'
import { scriptCharge } from '../../domain/privacy/sample-and-aggregate.ts'
import type { Deps } from '../kernel/deps.ts'
import type { DatasetVersionItem } from '../kernel/items.ts'

/** As it was asked, and as the object `jobs/<id>/ask.json` keeps it. */
export type Question = z.output<typeof Ask>

const searched = new Map<string, number>()
/** The largest charge within (epsilon, delta); the search is the same for the same wish. */
function nanoRhoWithin(epsilon: number, delta: number): number {
  const key = `${epsilon}/${delta}`
  const known = searched.get(key)
  if (known !== undefined) return known
  if (searched.size > 1000) searched.clear()
  const found = stored(rhoWithin(epsilon, delta))
  searched.set(key, found)
  return found
}

/** Epsilon of a question that names none. */
export const usualEpsilon = 1
/**
 * Nano-rho that a question is charged: nothing without noise; a script's medians are purely epsilon-private, a query's
 * noise is counted at the dataset's delta.
 */
export function chargeOf(
  question: Pick<Question, 'mode' | 'epsilon' | 'language'>,
  { delta }: { delta: number },
): number {
  if (question.mode !== 'noise') return 0
  const epsilon = question.epsilon ?? usualEpsilon
  return question.language === 'sql' ? nanoRhoWithin(epsilon, delta) : stored(scriptCharge(epsilon))
}

/** What an approval is for: any change of what would run, on what, and how its answer leaves, is another pin. */
export const pinFor = (
  deps: Pick<Deps, 'settings'>,
  question: Question,
  version: DatasetVersionItem,
): Promise<string> =>
  pinOf({
    language: question.language,
    code: question.code,
    parameters: question.parameters,
    cohort: question.cohort,
    mode: question.mode,
    declared: question.declared,
    epsilon: question.epsilon,
    image: deps.settings.version,
    dataset: version.datasetId,
    version: version.version,
    hash: version.hash,
  })
