/**
 * What a deleted study leaves. Runs and links are found in the index, which may show them seconds late: what a deletion
 * did not see is found by a second look, once it must be there.
 */
import type { Counter } from '../../domain/runs/assignment.ts'
import { runLife } from '../../domain/runs/life.ts'
import { queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { each } from '../kernel/each.ts'
import { indexKeyOf, keyOf, type RunItem, type StudyItem } from '../kernel/items.ts'
import { dueLooks, type Place, planLook } from '../kernel/looks.ts'
import { setDue } from './run-looks.ts'

type Stores = Pick<Deps, 'table' | 'now'>

/** Longer than the index is ever behind; runs of a deleted study are looked at so much later, too. */
const secondLookSeconds = 60
/** Deleted studies per visit: others come at the next. */
const studiesPerVisit = 100

const after = (deps: Stores): Date => new Date(deps.now().getTime() + secondLookSeconds * 1000)
const placeOf = (studyId: string, at: Date): Place => indexKeyOf.studyRest.byTime({ at: at.toISOString(), studyId })

/** Whether a study is gone, or somebody is deleting it. Asked after something of it was written. */
export async function isGoing({ table }: Pick<Deps, 'table'>, studyId: string): Promise<boolean> {
  const study = await table.get<StudyItem>(keyOf.study(studyId), ['deleting'])
  return study?.deleting !== undefined || study === undefined
}

/**
 * Whether a study holds results. A run takes its slot before it comes to light, and the counters are read as they are;
 * runs without a slot that have data fell silent an hour ago and stand in the index since.
 */
export async function holdsResults({ table }: Pick<Deps, 'table'>, studyId: string): Promise<boolean> {
  for await (const { load } of queryAll<Counter>(table, keyOf.assignment.partition(studyId), {
    prefix: keyOf.assignment.prefix(),
  }))
    if (Object.values(load).some((runs) => runs > 0)) return true
  for await (const run of runsOf({ table }, studyId)) if (!run.preview && runLife[run.state].hasData) return true
  return false
}

type Found = Pick<RunItem, 'runId' | 'preview' | 'state'>
const runsOf = ({ table }: Pick<Deps, 'table'>, studyId: string): AsyncGenerator<Found> =>
  queryAll<Found>(table, indexKeyOf.run.ofStudy.partition(studyId), {
    index: true,
    prefix: indexKeyOf.run.ofStudy.prefix(),
    attributes: ['runId', 'preview', 'state'],
  })

/** Asks the sweep to look again at what a study leaves. Before anything of it goes. */
export const planRest = (deps: Stores, studyId: string): Promise<void> =>
  planLook(deps, keyOf.studyRest(studyId), placeOf(studyId, after(deps)), { studyId })

/** Plans looks at the study's runs, removes its links, and its items but for those named: safe to run twice. */
export async function removeRest(deps: Stores, studyId: string, but: readonly string[] = []): Promise<void> {
  const runs: string[] = []
  for await (const { runId } of runsOf(deps, studyId)) runs.push(runId)
  // What previews and ended runs have left goes by the sweep, when the study is gone.
  await each(runs, (runId) => setDue(deps, runId, after(deps)))
  const { ofStudy } = indexKeyOf.link
  for await (const { pk, sk } of queryAll<object>(deps.table, ofStudy.partition(studyId), {
    index: true,
    prefix: ofStudy.prefix(),
    attributes: [],
  }))
    await deps.table.remove({ pk, sk })
  const { sk: look } = keyOf.studyRest(studyId)
  for await (const { pk, sk } of queryAll<object>(deps.table, keyOf.study.partition(studyId), { attributes: [] }))
    if (sk !== look && !but.includes(sk)) await deps.table.remove({ pk, sk })
}

/**
 * Second looks at deleted studies, also at those whose deletion was killed after it was decided; answers how many. Safe
 * to run twice.
 */
export async function sweepRests(deps: Stores): Promise<number> {
  const when = { now: deps.now(), horizonSeconds: secondLookSeconds, limit: studiesPerVisit }
  const { due, astray } = await dueLooks(deps, indexKeyOf.studyRest.byTime.partition(), when)
  for (const look of [...due, ...astray]) {
    await removeRest(deps, keyOf.studyRest.read(look)!.studyId)
    await deps.table.remove({ pk: look.pk, sk: look.sk })
  }
  return due.length + astray.length
}
