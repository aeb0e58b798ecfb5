/** Which runs of a study are meant. */
import { type RunState, runStates } from '../../../domain/runs/life.ts'
import { CliError, exits } from '../io.ts'

export const previewsOption = { type: 'boolean', help: 'previews too, which are left out otherwise' } as const

/**
 * The state of runs that `--state` names.
 *
 * @throws {CliError} when there is no such state.
 */
export function runStateOf(value: string | undefined): RunState | undefined {
  if (value !== undefined && !(runStates as readonly string[]).includes(value))
    throw new CliError(exits.usage, `There is no state "${value}".`, `States: ${runStates.join(', ')}`)
  return value as RunState | undefined
}
