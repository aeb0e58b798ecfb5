/** After a restore, before anybody is served: data that went since the backup goes again. */
import { existsSync } from 'node:fs'
import { endWithoutData } from '../../functions/runs/end-run.ts'
import type { Deps } from '../../functions/kernel/deps.ts'
import { keyOf, type RunItem } from '../../functions/kernel/items.ts'
import { record } from '../../functions/kernel/audit.ts'
import { readRestored, unknownWithdrawals, writeRestored } from './restored.ts'
import { goneBy, listOf } from './withdrawals.ts'

const reason = 'Withdrawn before this home was restored from a backup'

async function again(deps: Deps, list: string): Promise<number> {
  let count = 0
  for (const { run: runId, as } of await goneBy(list, deps.keys)) {
    const run = await deps.table.get<RunItem>(keyOf.run(runId))
    if (!run || run.state === as || run.state === 'withdrawn') continue
    if (as === 'withdrawn')
      await record(deps, run.organisationId, { kind: 'platform', id: 'restore' }, [
        { act: 'run.withdrawn', object: `run ${runId}`, detail: { study: run.studyId, reason } },
      ])
    await endWithoutData(deps, run, as)
    count++
  }
  return count
}

/** Does what a restore has left to do, and says what it cannot. Safe to be killed, and done again. */
export async function replayGone(home: string, deps: Deps, say: (text: string) => void): Promise<void> {
  const restored = await readRestored(home)
  if (restored?.withdrawals === 'unknown') {
    const { says, todo } = unknownWithdrawals(restored)
    say(`\n${says}\n${todo}\n`)
  }
  if (restored?.withdrawals !== 'due') return
  const list = listOf(home)
  const count = existsSync(list) ? await again({ ...deps, noteGone: async () => {} }, list) : 0
  await writeRestored(home, { ...restored, withdrawals: 'done' })
  say(`This home was restored from a backup of ${restored.backup}: ${count} runs were withdrawn again.`)
}
