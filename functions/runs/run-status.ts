/** How a run stands, as its own page is told. */
import type { z } from 'zod'
import type { RunStanding } from '../../contracts/runs.ts'
import { stateAt } from '../../domain/runs/figures.ts'
import type { Range } from '../../domain/runs/records.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { keyOf, type LinkItem, type RunItem } from '../kernel/items.ts'
import type { Count } from './chunks.ts'
import { runCode, withdrawalCode } from './codes.ts'

type Standing = z.input<typeof RunStanding>

/**
 * The receipt: where to go next, and the codes. Placeholders are filled in the browser, which alone knows the outside
 * id.
 */
async function finish(deps: Deps, run: RunItem): Promise<NonNullable<Standing['finish']>> {
  const [link, withdrawal] = await Promise.all([
    deps.table.get<LinkItem>(keyOf.link(run.code), ['completionUrl', 'abortUrl']),
    withdrawalCode(deps, run.runId),
  ])
  const redirect = run.state === 'aborted' ? link?.abortUrl : link?.completionUrl
  return { ...(redirect ? { redirect } : {}), runCode: runCode(run.runId), withdrawalCode: withdrawal }
}

/** With a count the answer is exact. Without one, `also` is what this request stored: the rest stays a lower bound. */
export async function runStatusOf(deps: Deps, run: Item<RunItem>, counted?: Count, also?: Range): Promise<Standing> {
  const joins = also !== undefined && also[0] <= run.through + 1
  const acked = counted
    ? { through: counted.through, ranges: counted.ranges.slice(0, 500) }
    : { through: joins ? Math.max(run.through, also[1]) : run.through, ranges: also && !joins ? [also] : [] }
  return {
    state: stateAt(run, deps.now()),
    acked,
    ...(run.state === 'incomplete' && run.endSeq !== undefined
      ? { missing: Math.max(0, run.endSeq - (counted?.received ?? run.received)) }
      : {}),
    ...(run.state === 'completed' || run.state === 'aborted' ? { finish: await finish(deps, run) } : {}),
  }
}
