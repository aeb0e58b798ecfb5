/** The study that a command is about. */
import { oneOf } from '../command.ts'
import { CliError, exits } from '../io.ts'

export const studyArgument = oneOf('study', 'the id of a study, as "cloister studies" lists it')

/**
 * The id of a study, which is the argument.
 *
 * @throws {CliError} when it does not look like one.
 */
export function studyIdOf({ argument }: { argument: string }): string {
  if (!/^std_[a-z2-7]{16,32}$/.test(argument))
    throw new CliError(
      exits.usage,
      `"${argument}" is not the id of a study.`,
      'Ids look like std_… and are listed by "cloister studies".',
    )
  return argument
}
