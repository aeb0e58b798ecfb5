/** What comes round by itself: what EventBridge's schedules are in AWS, and the care of a home's files. */
import { join } from 'node:path'
import { createSweep } from '../../functions/runs/sweep.ts'
import { createRecoverJobs } from '../../functions/workflow/recover-jobs.ts'
import { sweepLeftovers } from '../../runner/own-folders.ts'
import { lookAtSizes, noteNewFiles } from '../care/at-start.ts'
import { every } from '../scheduler.ts'
import type { Ends } from './ends.ts'
import { type Kept, logsErrors } from './kept.ts'
import type { Parts } from './parts.ts'

const visitMilliseconds = 60_000
/** The sweep comes more often: figures of a run that has fallen quiet wait for it. */
const sweepMilliseconds = 10_000

/** Begins every chore, and takes up the jobs that a host before this one has left. */
export async function startChores({ home, seal, table, lastWords }: Kept, parts: Parts, ends: Ends): Promise<void> {
  const { deps, objects, inside, work, pipelines, jobs } = parts
  const failed = (at: string): ((e: unknown) => void) => logsErrors(deps.log, at)
  const during =
    (what: string, chore: () => Promise<unknown>): (() => Promise<unknown>) =>
    () =>
      chore().finally(lastWords.doing(what))
  const release = (): Promise<unknown> => Promise.all([objects, inside].map((one) => one.release()))

  ends.add(every(sweepMilliseconds, during('sweep', createSweep(deps)), failed('sweep')).close)
  const removeGone = during('gone', () => table.removeGone(deps.now()))
  ends.add(every(visitMilliseconds, removeGone, failed('gone')).close)
  ends.add(every(visitMilliseconds, async () => void sweepLeftovers(work), failed('work')).close)
  ends.add(release)
  ends.add(every(visitMilliseconds, release, failed('objects')).close)
  ends.add(every(visitMilliseconds, () => noteNewFiles(home, table), failed('files')).close)
  const tell = (sentence: string): void => void process.stderr.write(`\n${sentence}\n`)
  void lookAtSizes({ folder: join(home, 'objects'), seal }, table, tell).catch(failed('look'))
  // Pipelines that a host before this one has left go on where they are, as the same attempt.
  await Promise.all((await pipelines.left()).map(({ runId, attempt }) => jobs.start(runId, attempt)))
  // At the start, too: it takes up what a kill has interrupted. The gateway is open by then, and runners fetch their
  // inputs through it.
  ends.add(every(visitMilliseconds, during('watch', createRecoverJobs(deps)), failed('watch'), true).close)
}
