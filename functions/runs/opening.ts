/**
 * Opening: hands out run keys after writing it into the chain, and the sealed records. The server decrypts no record.
 */
import { base64url, fromBase64url } from '../../domain/hash.ts'
import { runLife } from '../../domain/runs/life.ts'
import type { Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { runs } from './area.ts'
import { rowsFor } from './rows.ts'
import { highestSeq, objectKey, readRecords } from '../stores/run-records.ts'
import { linkSeconds } from '../kernel/links.ts'

type Routes = (typeof runs)['routes']
/** A page of sealed records, in bytes of ciphertext: an answer of a function may have 6 MB. */
const pageBytes = 4_000_000

const gone = (): Failure =>
  new Failure('run-withdrawn', 'A run was withdrawn or aborted: its key is destroyed and it cannot be opened any more.')

async function runsOf(deps: Deps, studyId: string, runIds: readonly string[]): Promise<Item<RunItem>[]> {
  const found = await Promise.all(runIds.map((id) => deps.table.get<RunItem>(keyOf.run(id))))
  return found.map((run) => {
    if (!run || run.studyId !== studyId || run.pending) throw notFound()
    if (!runLife[run.state].hasData || run.wrappedKey === undefined) throw gone()
    return run
  })
}

const open: Implementation<Routes['open']> = async ({ study, subject, caller, body }, deps) => {
  const runIds = [...new Set(body.runIds)]
  await runsOf(deps, study.studyId, runIds)
  await record(
    deps,
    study.organisationId,
    whoOf(caller),
    runIds.map((runId) => ({
      act: 'run.opened' as const,
      object: `run ${runId}`,
      detail: { study: study.studyId, purpose: body.purpose },
    })),
  )
  // Read again: a run that was withdrawn while the chain was written stays closed.
  const held = await runsOf(deps, study.studyId, runIds)
  const row = rowsFor(deps, subject)
  return {
    runs: await Promise.all(
      held.map(async (run) => ({
        runId: run.runId,
        key: base64url(await deps.keys.unwrap(run.kid, fromBase64url(run.wrappedKey!))),
        row: await row(run),
      })),
    ),
  }
}

const sealed: Implementation<Routes['sealed']> = async ({ run, query }, deps) => {
  if (run.pending) throw notFound()
  if (!runLife[run.state].hasData) throw gone()
  // Of a finished run exactly its sequence; what a defective client sent beyond its end is not part of it.
  const to = run.state === 'completed' ? run.endSeq! : highestSeq
  const { records, next } = await readRecords(deps, run.runId, query.from, to, pageBytes)
  return {
    records: await Promise.all(
      records.map(async (record) => ({
        ...record,
        ...(record.object
          ? {
              download: await deps.objects.signedGet(
                'sealed',
                objectKey(run.runId, record.object.sha256),
                linkSeconds.transfer,
              ),
            }
          : {}),
      })),
    ),
    next,
  }
}

/** The handler that opens results. */
export const createOpening = (deps: Deps): LambdaHandler => lambda(runs, 'opening', deps, { open, sealed })
