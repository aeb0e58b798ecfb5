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
  return member !== undefined && may({ roles: member.roles, rights: person?.rights ?? [] }, 'runs.open')
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
async function openRun(deps: Deps, r: Item<RunItem>): Promise<{ run: StudyRun; unopenable: number }> {
  const key = await importRunKey(await deps.keys.unwrap(r.kid, fromBase64url(r.wrappedKey!)))
  const records: OpenedRecord[] = []
  let unopenable = 0
  for (let from: number | undefined = 1; from !== undefined;) {
    const page: Awaited<ReturnType<typeof readRecords>> = await readRecords(deps, r.runId, from, r.endSeq!, pageBytes)
    for (const s of page.records) {
      // Participants' files have no place in a table, so they are not even fetched.
      if (s.op !== 'append' && s.op !== 'replace') continue
      const place = { runId: r.runId, seq: s.seq, op: s.op, part: s.part }
      const sealed = s.object && (await sealedObject(deps, r.runId, s.object.sha256))
      if (s.object && !sealed) {
        unopenable++
        continue
      }
      try {
        records.push(await openWhole(key, s.jwe, place, sealed))
      } catch {
        unopenable++
      }
    }
    from = page.next
  }
  const seconds = Math.max(0, Math.round((Date.parse(r.last) - Date.parse(r.started)) / 1000))
  return {
    run: {
      who: r.pseudonym ? `pseudonym ${r.pseudonym}` : `run ${r.runId}`,
      started: r.started,
      seconds,
      condition: r.condition,
      version: r.version,
      trials: trialsOf(r, records),
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
  o: { studyId: string; datasetId: string; userId: string; purpose: string },
): Promise<{ runs: StudyRun[]; unopenable: number }> {
  const study = await deps.table.get<StudyItem>(keyOf.study(o.studyId))
  if (!study || !(await mayOpen(deps, study, o.userId))) throw new MayNotOpen()
  const ids: string[] = []
  for await (const r of queryAll<Pick<RunItem, 'runId' | 'state' | 'preview'>>(
    deps.table,
    indexKeyOf.run.ofStudy.partition(o.studyId),
    {
      index: true,
      prefix: indexKeyOf.run.ofStudy.prefix(),
      attributes: ['runId', 'state', 'preview'],
    },
  ))
    if (r.state === 'completed' && !r.preview) ids.push(r.runId)
  const opened: { runId: string; run: StudyRun; unopenable: number }[] = []
  for (let i = 0; i < ids.length; i += eventsAtOnce) {
    const some = (
      await Promise.all(ids.slice(i, i + eventsAtOnce).map((id) => deps.table.get<RunItem>(keyOf.run(id))))
    ).filter(holds)
    await record(
      deps,
      study.organisationId,
      { kind: 'person', id: o.userId },
      some.map((r) => ({
        act: 'run.opened' as const,
        object: `run ${r.runId}`,
        detail: { study: o.studyId, dataset: o.datasetId, purpose: o.purpose },
      })),
    )
    for (const { runId } of some) {
      const r = await deps.table.get<RunItem>(keyOf.run(runId))
      if (holds(r)) opened.push({ runId, ...(await openRun(deps, r)) })
    }
  }
  const still = await Promise.all(
    opened.map(async ({ runId }) => holds(await deps.table.get<RunItem>(keyOf.run(runId)))),
  )
  const kept = opened.filter((_, i) => still[i])
  return { runs: kept.map((k) => k.run), unopenable: kept.reduce((n, k) => n + k.unopenable, 0) }
}
