/** Following a run of a pipeline: its log as it is written, and its end. */
import { pipelines } from '../../../contracts/pipelines.ts'
import { isOver } from '../../../domain/pipelines/life.ts'
import { readEvents } from '../../events.ts'
import { tokenFor } from '../config.ts'
import { exits, show } from '../io.ts'
import { jobPauses, poll } from '../poll.ts'
import type { Session } from '../session.ts'
import { logLine, runText, standingOf } from './run-text.ts'

/**
 * Shows a run's log from its beginning until the run is over. Progress lines replace each other.
 *
 * @param out Where a line goes that stays.
 * @throws {ProblemError} when the server refuses the log, and an `AbortError` when the person stops it.
 */
export async function watchRun({ io, server }: Session, jobId: string, out: (text: string) => void): Promise<void> {
  const events = readEvents({ baseUrl: server, token: () => tokenFor(io, server) }, pipelines.routes.logEvents, {
    params: { jobId },
    signal: io.signal,
    connection: (state) => {
      if (state === 'lost') io.progress('Connection lost; going on where it was …')
    },
  })
  for await (const { data: record } of events) {
    if (record.u) continue
    if (record.p === 1) io.progress(logLine(record.x))
    else if (record.x !== '') out(logLine(record.x))
  }
  io.signal.throwIfAborted()
}

/**
 * Says how a run stands, or how it ended. Answers the exit code: 1 when it ended without success.
 *
 * @param wait Whether to wait for the end first.
 * @throws {ProblemError} when the server refuses to tell, and an `AbortError` when the person stops it.
 */
export async function tellRun({ io, client }: Session, jobId: string, wait: boolean): Promise<number> {
  const run = await poll(
    io,
    jobPauses,
    () => client.pipelines.run({ params: { jobId } }),
    ({ state }) => !wait || isOver(state),
    standingOf,
  )
  show(io, run, () => runText(run))
  return isOver(run.state) && run.state !== 'succeeded' ? exits.no : exits.done
}
