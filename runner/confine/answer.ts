/** The answer of a run's first process (inside/init.py): how the code ended, and the files that it hands over. */
import type { RunEnd } from '../../domain/release/run-report.ts'
import { looseNames, outputNames, type Outcome, type Task } from './task.ts'

export interface Head {
  cpu?: unknown
  note?: unknown
  code: number | null
  signal: number | null
  error: { class?: unknown; line?: unknown; cell?: unknown; limit?: unknown } | null
  tooMuch: boolean
  files: [string, number][]
  stdout?: unknown
  stderr?: unknown
}
const names = new RegExp(`^(${outputNames}|${looseNames})$`)

/**
 * What python.py or r.R noted of an error, as init.py passes it on: hexadecimal, so that it cannot be taken for a part
 * of the answer.
 */
function noteOf(hex: string): Head['error'] {
  try {
    const note: unknown = JSON.parse(Buffer.from(hex, 'hex').toString('utf8'))
    return typeof note === 'object' ? note : null
  } catch {
    return null
  }
}

/**
 * Reads the answer of init.py. It comes from where the code ran: anything not of its form is as if it were not there.
 */
export function readAnswer(
  bytes: Buffer,
  task: Pick<Task, 'limits'>,
): { head: Head; outputs: Outcome['outputs'] } | undefined {
  const end = bytes.indexOf(10)
  if (end < 0 || end > 13_000_000) return undefined
  let head: Head
  try {
    head = JSON.parse(bytes.toString('utf8', 0, end)) as Head
  } catch {
    return undefined
  }
  if (typeof head?.note === 'string') head.error = noteOf(head.note)
  if (
    typeof head !== 'object' ||
    head === null ||
    !Array.isArray(head.files) ||
    head.files.length > task.limits.outputFiles
  )
    return undefined
  const outputs: Outcome['outputs'] = []
  let at = end + 1
  for (const entry of head.files as unknown[]) {
    if (!Array.isArray(entry)) return undefined
    const [file, size] = entry as [unknown, unknown]
    if (
      typeof file !== 'string' ||
      !names.test(file) ||
      outputs.some((o) => o.file === file) ||
      !Number.isSafeInteger(size) ||
      (size as number) < 0 ||
      at + (size as number) > bytes.length
    )
      return undefined
    outputs.push({ file, bytes: bytes.subarray(at, at + (size as number)) })
    at += size as number
  }
  return at === bytes.length ? { head, outputs } : undefined
}

const SIGXCPU = 24
const SIGXFSZ = 25
/** How a run ended by what its first process saw, when nothing stopped it from outside. */
export function endOf(head: Head): RunEnd {
  if (head.tooMuch || head.signal === SIGXFSZ) return 'output-limit'
  if (head.signal === SIGXCPU) return 'time-limit'
  const limit = head.error?.limit
  if (limit === 'memory-limit' || limit === 'process-limit' || limit === 'output-limit') return limit
  if (head.code === 0) return 'finished'
  return head.signal === null ? 'script-error' : 'killed'
}
