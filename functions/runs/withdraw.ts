/**
 * Withdrawal: by the participant's receipt, or by a researcher on request. The key goes first, then the records; a
 * tombstone stays.
 */
import type { Who } from '../../domain/audit/chain.ts'
import type { Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { runs } from './area.ts'
import { runIdOf, same, typed, withdrawalCode } from './codes.ts'
import { endWithoutData } from './end-run.ts'

type Routes = (typeof runs)['routes']

/** Repeating it finishes what was interrupted and answers the first instant. */
async function destroy(deps: Deps, run: Item<RunItem>, who: Who, reason: string): Promise<{ withdrawn: string }> {
  if (run.state !== 'withdrawn')
    await record(deps, run.organisationId, who, [
      { act: 'run.withdrawn', object: `run ${run.runId}`, detail: { study: run.studyId, reason } },
    ])
  const after = await endWithoutData(deps, run, 'withdrawn')
  return { withdrawn: after.withdrawn! }
}

const withdraw: Implementation<Routes['withdraw']> = async ({ body }, deps) => {
  const runId = runIdOf(body.runCode)
  const unknown = (): Failure =>
    new Failure(
      'not-found',
      'These two codes do not belong together. Copy both from the receipt that the study showed at its end.',
    )
  // The code of a run that does not exist is computed too: time tells nothing about which codes exist.
  const [run, expected] = await Promise.all([
    runId === undefined ? undefined : deps.table.get<RunItem>(keyOf.run(runId)),
    withdrawalCode(deps, runId ?? 'run_'),
  ])
  const right = same(typed(expected), typed(body.withdrawalCode))
  if (!run || run.pending || !right) throw unknown()
  return destroy(deps, run, { kind: 'participant', id: run.runId }, 'By the codes of the receipt')
}

const withdrawRun: Implementation<Routes['withdrawRun']> = async ({ run, caller, body }, deps) => {
  if (run.pending) throw notFound()
  return destroy(deps, run, whoOf(caller), body.reason)
}

/** The handler of withdrawals. */
export const createWithdraw = (deps: Deps): LambdaHandler => lambda(runs, 'withdraw', deps, { withdraw, withdrawRun })
