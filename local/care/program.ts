/** What the programs of this folder share: how they are asked, where they speak, and how they end. */
import { examinationExits } from '../../domain/care/finding.ts'
import { Trouble } from '../trouble.ts'
import { NotUnlocked } from './seal-file.ts'

/** What a program says on the way: to people, on the error output, so that answers can be piped. */
export interface Voice {
  say: (text: string) => void
  /** A line that replaces the one before, in a terminal; and else nothing. */
  progress: (text: string) => void
  /** The answer. */
  answer: (text: string) => void
}

const betweenLines = 200

function voiceOf(quiet: boolean): Voice {
  let last = 0
  const live = process.stderr.isTTY && !quiet
  const clear = live ? '\r\u001b[2K' : ''
  return {
    say: (text) => process.stderr.write(`${clear}${text}\n`),
    progress: (text) => {
      if (!live || performance.now() - last < betweenLines) return
      last = performance.now()
      process.stderr.write(`${clear}${text}`)
    },
    answer: (text) => {
      if (live) process.stderr.write(clear)
      process.stdout.write(`${text}\n`)
    },
  }
}

/**
 * Runs a program that the command line hands its options to, as JSON in the first argument (clients/cli/home), and ends
 * with its exit code. A `Trouble` is said without a stack.
 */
export async function program<O extends { json?: boolean }>(
  run: (options: O, voice: Voice) => Promise<number>,
): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '{}') as O
  process.exitCode = await run(options, voiceOf(options.json === true)).catch((error: unknown) => {
    const trouble = error instanceof Trouble ? error : systemWords(error)
    if (!trouble) throw error
    if (options.json) process.stdout.write(`${JSON.stringify({ error: trouble.message })}\n`)
    else process.stderr.write(`${trouble.message}\n`)
    if (trouble instanceof NotUnlocked) return examinationExits.locked
    return trouble instanceof Misused ? examinationExits.usage : examinationExits.damaged
  })
}

/** The person at the keyboard asked for what cannot be. */
export class Misused extends Trouble {
  override name = 'Misused'
}

/** For a file that was to be written where its operator said: says so when it cannot be. */
export const unwritten =
  (file: string) =>
  (error: unknown): never => {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw systemWords(error, file) ?? new Misused(`${file} cannot be written (${code}).`)
  }

/** What the system may refuse on the way, in a person's words; undefined for what is a fault of ours. */
export function systemWords(error: unknown, file?: string): Trouble | undefined {
  const { code, path = 'A file' } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Trouble(
      `The disk is full${file === undefined ? '' : `: ${file} cannot be written`} (${code}). Free some space, or name a place on another disk. What was begun was removed; nothing else has changed.`,
    )
  if (code === 'EMFILE' || code === 'ENFILE')
    return new Trouble(`Too many files are open on this machine (${code}). Allow more (ulimit -n), then try again.`)
  if (file === undefined && (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'EIO'))
    return new Trouble(`${path} cannot be read or written (${code}). Look at its rights, and at its disk.`)
  return undefined
}
