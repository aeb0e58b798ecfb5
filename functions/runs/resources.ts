/** How a run that routes are about is found: by a researcher, and by the participant’s page. */
import type { Needs } from '../../contracts/route.ts'
import type { Item } from '../../ports/table.ts'
import { bearerOf } from '../kernel/bearer.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import { hashNow } from '../kernel/hash.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { inStudy, type InStudy } from '../kernel/resources.ts'

export interface InRun extends InStudy {
  run: Item<RunItem>
}
declare module '../kernel/resources.ts' {
  interface Contexts {
    run: InRun
    'run-token': { run: Item<RunItem> }
  }
}

/** Of a run's token: 256 bits in base64url. */
const tokenLength = 43

/** A run is seen by whom its study is seen. */
export async function inRun(deps: Deps, caller: Caller, runId: string, needs: Needs): Promise<InRun> {
  const run = await deps.table.get<RunItem>(keyOf.run(runId))
  if (!run) throw notFound()
  return { ...(await inStudy(deps, caller, run.studyId, needs)), run }
}

/** The participant's page: a run's own token and nothing else. An unknown run and a wrong token answer the same. */
export async function withRunToken(
  deps: Deps,
  runId: string,
  authorization: string | undefined,
): Promise<{ run: Item<RunItem> }> {
  const token = bearerOf(authorization)
  const run = token?.length === tokenLength ? await deps.table.get<RunItem>(keyOf.run(runId)) : undefined
  if (!run || hashNow(token!) !== run.tokenHash)
    throw new Failure('run-token-invalid', 'Records are accepted only with the token this run was started with.')
  return { run }
}
