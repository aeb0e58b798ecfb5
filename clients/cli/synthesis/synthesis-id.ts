/** The synthetic table that a command is about. */
import type { Argument } from '../command.ts'

export const synthesisArgument: Argument = {
  name: 'ID',
  help: 'the id of a synthetic table, as "cloister synthesis list" lists it',
  missing: 'Say which synthesis, by its id.',
  tooMany: 'Only one at a time.',
}
