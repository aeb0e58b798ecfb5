/** What a participant's page calls: what is behind a link, start, records, standing, objects. */
import { sealedLinkSeconds } from '../../domain/runs/life.ts'
import type { Deps } from '../kernel/deps.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { runs } from './area.ts'
import { append, withdrawn } from './append.ts'
import { count, finished } from './chunks.ts'
import { takePlace } from './sealed-objects.ts'
import { runStatusOf } from './run-status.ts'
import { participation, start } from './start.ts'
import { objectKey } from '../stores/run-records.ts'

type Routes = (typeof runs)['routes']

const standing: Implementation<Routes['standing']> = async ({ run }, deps) => {
  if (run.state === 'withdrawn') throw withdrawn()
  return runStatusOf(deps, run, await count(deps, run))
}

const uploads: Implementation<Routes['uploads']> = async ({ run, body: { sha256, size } }, deps) => {
  if (run.state === 'withdrawn') throw withdrawn()
  if (run.state === 'completed' || run.state === 'aborted') throw finished()
  const key = objectKey(run.runId, sha256)
  if ((await deps.objects.head('sealed', key))?.size === size) return { present: true }
  await takePlace(deps, run, { sha256, size })
  return {
    present: false,
    upload: await deps.objects.signedPut(
      'sealed',
      key,
      { sha256, size, type: 'application/octet-stream' },
      sealedLinkSeconds,
    ),
  }
}

/** The handler behind participants' pages. */
export const createIngest = (deps: Deps): LambdaHandler =>
  lambda(runs, 'ingest', deps, { participation, start, append, standing, uploads })
