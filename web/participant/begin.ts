/** What the frame of a study is given to begin, or to go on after a reload. */
import type { Begin } from '../study/protocol.ts'
import type { Queue } from './queue.ts'
import type { Own } from './receipt.ts'
import { openOwn } from './run-sealing.ts'

/** `assetsBase`: the address of the study's files. Waits until what was recorded so far is on the device. */
export async function beginOf(
  queue: Queue,
  configuration: Record<string, unknown>,
  assetsBase: string,
): Promise<Begin> {
  const { run } = queue
  const declared = (
    configuration['conditions'] as ({ name: string; weight?: number } & Record<string, unknown>)[] | undefined
  )?.find((c) => c.name === run.condition)
  const { name: _, weight: _w, ...variables } = declared ?? { name: '' }
  const own = (await openOwn(run.key, run.runId, 'own', run.own)) as Own
  await queue.settled()
  const checkpoint = await queue.lastCheckpoint()
  return {
    kind: configuration['kind'] === 'web' ? 'web' : 'timeline',
    configuration,
    assetsBase,
    condition: declared ? run.condition : '',
    variables,
    seed: run.seed,
    parameters: own.parameters,
    finished: await queue.finished(),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    language: run.study.language,
    ...(run.preview ? { preview: true } : {}),
  }
}
