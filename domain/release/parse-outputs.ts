/**
 * Files of a run as typed outputs. They come from code that nobody vouches for: what does not fit is a problem, never
 * an exception.
 */
import { readLenientJson } from './lenient-json.ts'
import { BadOutput, type OutputProblem } from './output-problem.ts'
import type { TypedOutput } from './outputs.ts'
import { csvTable, jsonOutputs, nameOf, type TableLimits } from './typed-outputs.ts'

export type { OutputProblem }
export interface ParsedOutputs {
  outputs: TypedOutput[]
  /** Plots and what else is only for people to look at; `type` is a media type. */
  files: { file: string; type: string; bytes: Uint8Array }[]
  problems: { file: string; problem: OutputProblem }[]
}
export interface OutputLimits {
  /** Rows of one table. */
  rows: number
  /** Of all files together. */
  bytes: number
  /** Columns of one table; 200 when not given. */
  columns?: number
  /** Outputs of all files; 2,000 when not given. */
  outputs?: number
}
/** A file that a run wrote, as the report has it. */
export interface OutputFile {
  file: string
  bytes: Uint8Array
}

const mostColumns = 200
const mostOutputs = 2000
/** Files that no rule can judge, by the ending of their names. */
const mediaTypes: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['svg', 'image/svg+xml'],
])

/**
 * Typed outputs of the files of one run. `result.json` holds `{ outputs: [...] }`, one typed output, or any object;
 * other JSON files lend their name to what they hold; each CSV file is a table. Names are distinct over all files,
 * otherwise the second one is a problem. It does not throw.
 */
export function parseOutputs(files: readonly OutputFile[], limits: OutputLimits): ParsedOutputs {
  const parsed: ParsedOutputs = { outputs: [], files: [], problems: [] }
  const names = new Set<string>()
  const tables: TableLimits = { rows: limits.rows, columns: limits.columns ?? mostColumns }
  let size = 0
  for (const { file, bytes } of files.toSorted(resultFirst))
    try {
      size += bytes.length
      if (size > limits.bytes) throw new BadOutput('too-large')
      const type = mediaTypes.get(endingOf(file))
      if (type) {
        parsed.files.push({ file, type, bytes })
        continue
      }
      const found = outputsOf(file, textOf(bytes), tables)
      for (const { name } of found) {
        if (names.has(name)) throw new BadOutput('duplicate-name')
        names.add(name)
      }
      if (parsed.outputs.length + found.length > (limits.outputs ?? mostOutputs))
        throw new BadOutput('too-many-outputs')
      parsed.outputs.push(...found)
    } catch (error) {
      // A stack that runs out on hostile nesting is a RangeError: a problem of the file like any other.
      parsed.problems.push({ file, problem: error instanceof BadOutput ? error.problem : 'bad-shape' })
    }
  return parsed
}

const resultFile = 'result.json'
/** `result.json`, then by name. */
const resultFirst = (first: OutputFile, second: OutputFile): number =>
  Number(second.file === resultFile) - Number(first.file === resultFile) || (first.file < second.file ? -1 : 1)

const endingOf = (file: string): string => file.slice(file.lastIndexOf('.') + 1).toLowerCase()

function outputsOf(file: string, text: string, limits: TableLimits): TypedOutput[] {
  const stem = file.slice(0, file.lastIndexOf('.'))
  if (endingOf(file) === 'csv') return [csvTable(nameOf(stem), text, limits)]
  const prefix = file === resultFile ? '' : nameOf(stem)
  return jsonOutputs(prefix, readLenientJson(text), limits)
}

const decoder = new TextDecoder('utf-8', { fatal: true })
function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new BadOutput('not-text')
  }
}
