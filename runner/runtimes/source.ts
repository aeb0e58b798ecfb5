/** The analyst's code as the files a run finds in its `job` folder. */
import type { ScriptRuntime } from '../../domain/jobs/manifest.ts'
import type { Interpreter } from '../confine/task.ts'
import { readNotebook } from './notebook.ts'

export interface Source {
  interpreter: Interpreter
  source: string
  files: { file: string; bytes: string }[]
}

/** `NotANotebook` when a notebook is none. */
export function sourceOf(runtime: ScriptRuntime, code: string, parameters: unknown): Source {
  const told = { file: 'parameters.json', bytes: JSON.stringify(parameters ?? {}) }
  if (runtime === 'python')
    return { interpreter: 'python', source: 'script.py', files: [{ file: 'script.py', bytes: code }, told] }
  if (runtime === 'r') return { interpreter: 'r', source: 'script.R', files: [{ file: 'script.R', bytes: code }, told] }
  const notebook = readNotebook(code)
  const cells = { file: 'cells.json', bytes: JSON.stringify(notebook.cells) }
  // R reads its cells as files: it has no JSON parser of its own.
  const files =
    notebook.language === 'r' ? notebook.cells.map((c) => ({ file: `cell-${c.cell}.R`, bytes: c.source })) : []
  return { interpreter: notebook.language, source: 'cells.json', files: [cells, ...files, told] }
}
