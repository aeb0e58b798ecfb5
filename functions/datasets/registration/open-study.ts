/**
 * Opening a study's completed runs inside the registration function, for a dataset. What is decrypted stays in this
 * process until it is written into the bucket `protected`: no text here enters an error or a log.
 */
import { may } from '../../../domain/access/permissions.ts'
import type { StudyRun } from '../../../domain/datasets/study-tables.ts'
import { fromBase64url } from '../../../domain/hash.ts'
import { type OpenedRecord, openWhole, trialsOf } from '../../../domain/runs/opened.ts'
import { importRunKey } from '../../../domain/runs/sealing.ts'
import { ObjectMissing } from '../../../ports/objects.ts'
import { type Item, queryAll } from '../../../ports/table.ts'
import { record } from '../../kernel/audit.ts'
import type { Deps } from '../../kernel/deps.ts'
import {
  indexKeyOf,
  keyOf,
  type MemberItem,
  type RunItem,
  type StudyItem,
  type StudyPersonItem,
} from '../../kernel/items.ts'
import { rightsOf } from '../../kernel/membership.ts'
import { objectKey, readRecords } from '../../stores/run-records.ts'

/** The person who asked may not open this study's results (any more). */
export class MayNotOpen extends Error {
  override name = 'MayNotOpen'
}

const pageBytes = 4_000_000
/** Events written between two looks at the chain. */
const eventsAtOnce = 200

async function mayOpen(deps: Deps, study: StudyItem, userId: string): Promise<boolean> {
  const [member, person] = await Promise.all([
    deps.table.get<MemberItem>(keyOf.member(study.organisationId, userId)),
    deps.table.get<StudyPersonItem>(keyOf.studyPerson(study.studyId, userId)),
  ])
  return member !== undefined && may({ roles: member.roles, rights: rightsOf(member, person) }, 'runs.open')
}

const holds = (r: Item<RunItem> | undefined): r is Item<RunItem> =>
  r !== undefined && !r.preview && !r.pending && r.state === 'completed' && r.wrappedKey !== undefined

/**
 * The sealed bytes of a record's object; undefined when they are not there. A store that cannot be reached is an error,
 * not a missing object.
 */
const sealedObject = async (deps: Deps, runId: string, sha256: string): Promise<Uint8Array | undefined> => {
  try {
    return await deps.objects.get('sealed', objectKey(runId, sha256))
  } catch (e) {
    if (e instanceof ObjectMissing) return undefined
    throw e
  }
}

/** Decrypts one run. A record that its key does not open is counted and left out. */
async function openRun(deps: Deps, run: Item<RunItem>): Promise<{ run: StudyRun; unopenable: number }> {
  const key = await importRunKey(await deps.keys.unwrap(run.kid, fromBase64url(run.wrappedKey!)))
  const records: OpenedRecord[] = []
  let unopenable = 0
  for (let from: number | undefined = 1; from !== undefined;) {
    const page: Awaited<ReturnType<typeof readRecords>> = await readRecords(
      deps,
      run.runId,
      from,
      run.endSeq!,
      pageBytes,
    )
    for (const record of page.records) {
      // Participants' files have no place in a table, so they are not even fetched.
      if (record.op !== 'append' && record.op !== 'replace') continue
      const place = { runId: run.runId, seq: record.seq, op: record.op, part: record.part }
      const sealed = record.object && (await sealedObject(deps, run.runId, record.object.sha256))
      if (record.object && !sealed) {
        unopenable++
        continue
      }
      try {
        records.push(await openWhole(key, record.jwe, place, sealed))
      } catch {
        unopenable++
      }
    }
    from = page.next
  }
  const seconds = Math.max(0, Math.round((Date.parse(run.last) - Date.parse(run.started)) / 1000))
  return {
    run: {
      who: run.pseudonym ? `pseudonym ${run.pseudonym}` : `run ${run.runId}`,
      started: run.started,
      seconds,
      condition: run.condition,
      version: run.version,
      trials: trialsOf(run, records),
    },
    unopenable,
  }
}

/**
 * Opens every completed run of the study: one audit event each, in the asker's name and with the stated purpose, before
 * its key is unwrapped. Previews, unfinished and withdrawn runs are left out, also those that are withdrawn while this
 * goes on. Throws `MayNotOpen`.
 */
export async function openStudy(
  deps: Deps,
  opening: { studyId: string; datasetId: string; userId: string; purpose: string },
): Promise<{ runs: StudyRun[]; unopenable: number }> {
  const study = await deps.table.get<StudyItem>(keyOf.study(opening.studyId))
  if (!study || !(await mayOpen(deps, study, opening.userId))) throw new MayNotOpen()
  const ids: string[] = []
  for await (const run of queryAll<Pick<RunItem, 'runId' | 'state' | 'preview'>>(
    deps.table,
    indexKeyOf.run.ofStudy.partition(opening.studyId),
    {
      index: true,
      prefix: indexKeyOf.run.ofStudy.prefix(),
      attributes: ['runId', 'state', 'preview'],
    },
  ))
    if (run.state === 'completed' && !run.preview) ids.push(run.runId)
  const opened: { runId: string; run: StudyRun; unopenable: number }[] = []
  for (let i = 0; i < ids.length; i += eventsAtOnce) {
    const some = (
      await Promise.all(ids.slice(i, i + eventsAtOnce).map((id) => deps.table.get<RunItem>(keyOf.run(id))))
    ).filter(holds)
    await record(
      deps,
      study.organisationId,
      { kind: 'person', id: opening.userId },
      some.map((run) => ({
        act: 'run.opened' as const,
        object: `run ${run.runId}`,
        detail: { study: opening.studyId, dataset: opening.datasetId, purpose: opening.purpose },
      })),
    )
    for (const { runId } of some) {
      const run = await deps.table.get<RunItem>(keyOf.run(runId))
      if (holds(run)) opened.push({ runId, ...(await openRun(deps, run)) })
    }
  }
  const still = await Promise.all(
    opened.map(async ({ runId }) => holds(await deps.table.get<RunItem>(keyOf.run(runId)))),
  )
  const kept = opened.filter((_, i) => still[i])
  return { runs: kept.map((k) => k.run), unopenable: kept.reduce((n, k) => n + k.unopenable, 0) }
}
