/** Whether a question can be tried on the synthetic twin of its dataset, and which synthetic tables that is. */
import { may, type Subject } from '../../domain/access/permissions.ts'
import { type Advice, adviseScript } from '../../domain/jobs/advice.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import {
  type DatasetItem,
  type DatasetVersionItem,
  indexKeyOf,
  type SynthesisItem,
  type TwinTable,
} from '../kernel/items.ts'
import { statusOf } from '../stores/synthesis-status.ts'
import type { Question } from '../release/question.ts'

/** Pages of an organisation's syntheses, newest first, that are looked through for a dataset's. */
const pagesLooked = 10

/** For each table of the version its newest synthetic one that is there and that this person may have. */
async function twinOf(
  deps: Pick<Deps, 'table' | 'now'>,
  { organisationId, datasetId }: Pick<DatasetItem, 'organisationId' | 'datasetId'>,
  version: DatasetVersionItem,
  subject: Subject,
): Promise<TwinTable[]> {
  const wanted = new Map(version.data.schema.tables.map((t) => [t.name, t.file]))
  const found: TwinTable[] = []
  let after: string | undefined
  for (let looked = 0; looked < pagesLooked && wanted.size > 0; looked++) {
    const page: { items: Item<SynthesisItem>[]; next?: string } = await deps.table.query<SynthesisItem>(
      indexKeyOf.synthesis.ofOrganisation.partition(organisationId),
      { index: true, prefix: indexKeyOf.synthesis.ofOrganisation.prefix(), backwards: true, limit: 100, after },
    )
    for (const synthesis of page.items) {
      const file = synthesis.datasetId === datasetId ? wanted.get(synthesis.table) : undefined
      if (
        file === undefined ||
        !may({ ...subject, shared: synthesis.shared }, 'synthesis.read') ||
        (await statusOf(deps, synthesis)).state !== 'ready'
      )
        continue
      found.push({
        synthesisId: synthesis.synthesisId,
        madeBy: synthesis.jobId!,
        table: synthesis.table,
        file,
        epsilon: synthesis.plan!.epsilon,
      })
      wanted.delete(synthesis.table)
    }
    if (page.next === undefined) break
    after = page.next
  }
  return found
}

const by = (path: string, message: string, detail: string): Failure =>
  new Failure('invalid-request', detail, [{ path, message }])
interface TwinTerms {
  twin: TwinTable[]
  faults: Failure[]
  advice: { level: 'warning' | 'hint'; message: string; line?: number; cell?: number }[]
}

/** What is to be said of a script's text; nothing of a statement, which the engine reads. */
export async function scriptAdvice(deps: Deps, { language, code }: Question): Promise<Advice[]> {
  if (language === 'sql') return []
  return deps.aside ? deps.aside('adviseScript', language, code) : adviseScript(language, code)
}

/** Whether a question can be tried on the twin, and what it will not find there. */
export async function trialTerms(
  deps: Deps,
  question: Question,
  place: { dataset: DatasetItem; version: DatasetVersionItem; subject: Subject },
): Promise<TwinTerms> {
  const twin = await twinOf(deps, place.dataset, place.version, place.subject)
  const { schema } = place.version.data
  const faults: Failure[] = []
  const advice: TwinTerms['advice'] = []
  if (question.language === 'sql')
    faults.push(
      by(
        '/body/language',
        'Not on the twin',
        'Scripts and notebooks are tried on the twin. A query in SQL is checked against the declared schema before it runs, and costs nothing under rules.',
      ),
    )
  const runs = deps.settings.languages?.()
  if (runs && !runs.includes(question.language))
    faults.push(
      new Failure(
        'policy-forbids',
        `This installation has nothing that confines ${question.language}, so it does not run it. It runs ${runs.join(', ')}.`,
      ),
    )
  if (twin.length === 0)
    faults.push(
      by(
        '/body/on',
        'No twin',
        'No synthetic version of this dataset is shared with you. Its custodian can make one and share it.',
      ),
    )
  const without = schema.tables.filter((t) => !twin.some((s) => s.table === t.name)).map((t) => t.file)
  if (twin.length > 0 && (without.length > 0 || schema.images.length > 0))
    advice.push({
      level: 'warning',
      message: `The twin lacks ${[...without, ...(schema.images.length > 0 ? ['images'] : [])].join(', ')}.`,
    })
  if (question.cohort.length > 0)
    advice.push({
      level: 'warning',
      message: 'The cohort’s filters are not applied: the script sees all rows of the twin.',
    })
  if (twin.length > 0)
    advice.push({
      level: 'hint',
      message: `Rows are synthetic (${twin.map((t) => `${t.file}: ${t.synthesisId}, epsilon ${t.epsilon}`).join('; ')}). What comes back is no answer about the data.`,
    })
  const remarks = await scriptAdvice(deps, question)
  return {
    twin,
    faults,
    advice: [...advice, ...remarks.map(({ message, line, cell }) => ({ level: 'hint' as const, message, line, cell }))],
  }
}
