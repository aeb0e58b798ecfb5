/** What people are told when a command fails. */
import { ProblemError } from '../api.ts'
import { UploadFailed } from '../publish.ts'
import { CliError, exits, type Io } from './io.ts'
import { tame } from './text.ts'

/** An exit code, a sentence, what to do next, and for a problem of the server its kind. */
interface Failure {
  exit: number
  message: string
  hint?: string | undefined
  kind?: string
}

/**
 * A failure as exit code, sentence and hint. Never a stack trace, never a value that the server did not mean for
 * people.
 */
export function explained(error: unknown, io: Io): Failure {
  if (io.signal.aborted) return { exit: exits.cancelled, message: 'Stopped.' }
  if (error instanceof CliError) return { exit: error.exit, message: error.message, hint: error.hint }
  if (error instanceof UploadFailed) return { exit: exits.unreachable, message: error.message }
  if (error instanceof ProblemError) return refused(error, io)
  if (isOfFile(error))
    return { exit: exits.no, message: `A file could not be read or written (${error.code}): ${error.path ?? ''}` }
  return {
    exit: exits.no,
    message: `Something unexpected went wrong (${error instanceof Error ? error.name : typeof error}).`,
    hint: 'If it stays, report it with the command you ran.',
  }
}

const isOfFile = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && typeof (error as NodeJS.ErrnoException).code === 'string'

function refused(problem: ProblemError, io: Io): Failure {
  const { kind } = problem
  if (kind === 'unreachable')
    return {
      exit: exits.unreachable,
      kind,
      message: 'The server cannot be reached.',
      hint: 'Check the address (--server) and the connection.',
    }
  if (kind === 'sign-in-required')
    return {
      exit: exits.signIn,
      kind,
      message: 'The sign-in has ended or was revoked.',
      hint: io.env['CLOISTER_TOKEN'] ? 'Put a valid token into CLOISTER_TOKEN.' : 'Run "cloister login".',
    }
  const { instance } = problem.problem
  const hints = [
    ...problem.errors.map(({ path, message }) => `  ${tame(path)} ${tame(message)}`),
    ...(instance ? [`Request ${tame(instance)}`] : []),
  ]
  return { exit: exits.refused, kind, message: tame(problem.message), hint: hints.join('\n') || undefined }
}
