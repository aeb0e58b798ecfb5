/** Waiting until the server has read a file, or made a synthetic table. */
import { CliError, exits } from '../io.ts'
import { poll, tablePauses } from '../poll.ts'
import type { Session } from '../session.ts'
import { columnFaultLines, tame } from '../text.ts'
import type { Synthesis } from './plan.ts'

/**
 * How a synthesis stands now.
 *
 * @throws {ProblemError} when it is not there.
 */
export const fresh = ({ client, io }: Session, synthesisId: string): Promise<Synthesis> =>
  client.synthesis.get({ params: { synthesisId }, signal: io.signal })

function progressOf({ synthesisId, state, rounds }: Synthesis): string {
  const last = rounds.at(-1)
  if (!last) return `${synthesisId}: ${state}`
  const columns = last.columns.map(tame).join(' × ')
  return `${synthesisId}: ${state}, round ${last.round} of at most ${last.rounds}, ${columns}, error about ${last.error.toFixed(3)}`
}

/**
 * Waits until a synthesis rests: it is neither being read nor made.
 *
 * @throws {CliError} why it failed, column by column.
 */
export async function rested(session: Session, synthesisId: string): Promise<Synthesis> {
  const isResting = ({ state }: Synthesis): boolean => state !== 'reading' && state !== 'running'
  const synthesis = await poll(session.io, tablePauses, () => fresh(session, synthesisId), isResting, progressOf)
  if (synthesis.state !== 'failed') return synthesis
  throw new CliError(
    exits.no,
    tame(synthesis.problem ?? 'It could not be made.'),
    columnFaultLines(synthesis.faults ?? []).join('\n') || undefined,
  )
}
