/** The job that a command is about: an analysis, or a run of a pipeline. */
import type { Call } from '../command.ts'
import { CliError, exits } from '../io.ts'
import { connect, type Session } from '../session.ts'
import { tame } from '../text.ts'

/**
 * Signs in, and answers the job that the argument names.
 *
 * @param what What people call it; the group of commands has the same name.
 * @throws {CliError} when the argument does not look like the id of a job, or without a sign-in.
 */
export async function jobMeant(
  { io, options, argument }: Call,
  what: 'job' | 'run',
): Promise<{ session: Session; jobId: string }> {
  if (!/^job_[a-z2-7]{16,32}$/.test(argument))
    throw new CliError(
      exits.usage,
      `"${tame(argument)}" is not the id of a ${what}.`,
      `"cloister ${what} list" lists them.`,
    )
  return { session: await connect(io, options.server), jobId: argument }
}
