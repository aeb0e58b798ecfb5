/** One pass over the table's rows: what the rules of `domain/care` and the other looks want to know. */
import { type ChainEvent, emptyHead, walk } from '../../domain/audit/chain.ts'
import { budgetFaults, type ChargedJob, type LedgerEntry } from '../../domain/care/budget.ts'
import type { Finding } from '../../domain/care/finding.ts'
import { runFault, type RunView } from '../../domain/care/runs.ts'
import { isOfObjects, type ObjectRecord, recordedObject } from '../../adapters/local/object-records.ts'
import type { TableFile } from '../../adapters/local/table-file.ts'
import { isWhole, itemOf } from '../../adapters/local/table-row.ts'
import {
  type ChargeItem,
  type ChunkItem,
  type DatasetVersionItem,
  type JobItem,
  keyOf,
  type OrganisationItem,
  type RunItem,
} from '../../functions/kernel/items.ts'
import { objectKey } from '../../functions/stores/run-records.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { Bucket } from '../../ports/objects.ts'
import type { Item } from '../../ports/table.ts'
import { asHomeItem, isOfHome } from './home-files.ts'

/** An object that an item names, by what it must hold. */
export interface NamedObject {
  bucket: Bucket
  key: string
  sha256: string
  size: number
}
export interface RecordedObject {
  bucket: Bucket
  key: string
  record: ObjectRecord
}
/** What is kept of a pass; the rows themselves are not. */
export interface Seen {
  items: number
  organisations: OrganisationItem[]
  budgets: Map<string, Item>
  entries: Map<string, LedgerEntry[]>
  jobs: Map<string, ChargedJob[]>
  runs: Map<string, Omit<RunView, 'chunks'> & Pick<RunItem, 'kid' | 'wrappedKey' | 'tokenHash' | 'state'>>
  chunks: Map<string, [number, number][]>
  chains: Set<string>
  objects: RecordedObject[]
  named: NamedObject[]
  home: ReturnType<typeof asHomeItem> | undefined
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const before = map.get(key)
  if (before) before.push(value)
  else map.set(key, [value])
}

type Look = (item: Item, seen: Seen) => void
/** What is looked at of each kind of item, by what reads its key. */
const looks: readonly (readonly [(key: Item) => unknown, Look])[] = [
  [isOfHome, (item, seen) => void (seen.home = asHomeItem(item))],
  [
    isOfObjects,
    (item, seen) => {
      const object = recordedObject(item)
      if (object) seen.objects.push(object)
    },
  ],
  [keyOf.auditEvent.read, (item, seen) => void seen.chains.add(item.pk)],
  [keyOf.organisation.read, (item, seen) => void seen.organisations.push(item as unknown as OrganisationItem)],
  [keyOf.budget.read, (item, seen) => void seen.budgets.set((item as unknown as ChargeItem).datasetId, item)],
  [
    keyOf.charge.read,
    (item, seen) => {
      const { datasetId, jobId, what, nanoRho } = item as unknown as ChargeItem
      push(seen.entries, datasetId, { jobId, what, nanoRho })
    },
  ],
  [
    keyOf.job.read,
    (item, seen) => {
      const { jobId, datasetId, charge, charged, state } = item as unknown as JobItem
      if (charge === undefined || charged === undefined) return
      push(seen.jobs, datasetId, {
        jobId,
        charge,
        charged,
        succeeded: state === 'succeeded',
        live: jobLife[state].live,
      })
    },
  ],
  [
    keyOf.run.read,
    (item, seen) => {
      const { runId, state, through, received, endSeq, kid, wrappedKey, tokenHash } = item as unknown as RunItem
      const key = wrappedKey === undefined ? {} : { wrappedKey }
      seen.runs.set(runId, { state, through, received, endSeq, kid, tokenHash, ...key })
    },
  ],
  [
    keyOf.chunk.read,
    (item, seen) => {
      const runId = keyOf.chunk.read(item)!.runId
      const { first, last, records } = item as unknown as ChunkItem
      push(seen.chunks, runId, [first, last])
      for (const { object } of records)
        if (object) seen.named.push({ bucket: 'sealed', key: objectKey(runId, object.sha256), ...object })
    },
  ],
  [
    keyOf.datasetVersion.read,
    (item, seen) => {
      for (const { parquet } of (item as unknown as DatasetVersionItem).data.tables)
        seen.named.push({ bucket: 'protected', ...parquet })
    },
  ],
]

/** Reads every row that is whole. */
export function seenIn(table: TableFile): Seen {
  const seen: Seen = {
    items: 0,
    organisations: [],
    budgets: new Map(),
    entries: new Map(),
    jobs: new Map(),
    runs: new Map(),
    chunks: new Map(),
    chains: new Set(),
    objects: [],
    named: [],
    home: undefined,
  }
  for (const row of table.all()) {
    seen.items++
    if (!isWhole(row)) continue
    const item = itemOf(row)
    looks.find(([reads]) => reads(item))?.[1](item, seen)
  }
  return seen
}

const damage = (part: Finding['part'], says: string, todo: string): Finding => ({ part, says, todo, grade: 'damage' })
const fromBackup = 'Restore a backup from before, beside this home, and compare.'

/** Budgets whose parts do not add up. */
export function lookAtBudgets({ budgets, jobs, entries }: Seen): Finding[] {
  return [...budgets].flatMap(([datasetId, budget]) =>
    budgetFaults({ budget, jobs: jobs.get(datasetId) ?? [], entries: entries.get(datasetId) ?? [] }).map((fault) =>
      damage('privacy budget', `The privacy budget of dataset ${datasetId} does not add up: ${fault}.`, fromBackup),
    ),
  )
}

/** Runs that lack records they had. */
export function lookAtRuns({ runs, chunks }: Seen): Finding[] {
  return [...runs].flatMap(([runId, run]) => {
    const fault = runFault({ ...run, chunks: chunks.get(runId) ?? [] })
    return fault === undefined ? [] : [damage('runs', `Run ${runId} lacks records: ${fault}.`, fromBackup)]
  })
}

const breaks = { altered: 'was altered', missing: 'is missing', relinked: 'does not continue the one before it' }

/** Audit chains that are broken, each with its first break. */
export async function lookAtChains(table: TableFile, { chains }: Seen): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const pk of chains) {
    const events: ChainEvent[] = []
    for (const row of table.rows({ pk, index: false, backwards: false }))
      if (isWhole(row)) events.push(itemOf(row) as unknown as ChainEvent)
    const { firstBreak } = await walk(emptyHead, events)
    const organisationId = keyOf.auditEvent.read({ pk, sk: keyOf.auditEvent('', 1).sk })?.organisationId ?? pk
    if (firstBreak)
      findings.push(
        damage(
          'audit chain',
          `Event ${firstBreak.seq} of organisation ${organisationId} ${breaks[firstBreak.reason]}.`,
          'Compare with the last head that "cloister audit verify" remembered, and restore a backup from before.',
        ),
      )
  }
  return findings
}
