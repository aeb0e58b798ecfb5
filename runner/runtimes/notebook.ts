/** A Jupyter notebook (nbformat 4) as the cells that run: code only, in order. */

export interface Cell {
  /** 1 for the first code cell, as an analyst counts them. */
  cell: number
  source: string
}
export interface Notebook {
  language: 'python' | 'r'
  cells: Cell[]
}

export class NotANotebook extends Error {
  override name = 'NotANotebook'
}

/** Magics that set up a session and mean nothing here; a line of theirs is left empty so that line numbers stay. */
const idle =
  /^[ \t]*%(matplotlib|config|load_ext|reload_ext|autoreload|precision|pylab|colors|xmode|autosave|store)\b.*$/gm
const timed = /^([ \t]*)%time(?:it)?[ \t]+(?!=)(?=\S)/gm
const cellMagic = /^\s*%%(time|capture|timeit)\b.*(\n|$)/

/**
 * Python of a cell as IPython would run it: known magics fall away; `!command` and unknown ones stay and are a
 * SyntaxError at their line.
 */
const plain = (source: string): string => source.replace(cellMagic, '\n').replaceAll(idle, '').replaceAll(timed, '$1')

interface Raw {
  nbformat?: unknown
  cells?: unknown
  metadata?: { kernelspec?: { language?: unknown; name?: unknown }; language_info?: { name?: unknown } }
}

function languageOf(named: string): Notebook['language'] | undefined {
  if (named.startsWith('python')) return 'python'
  return /^i?r$/.test(named) ? 'r' : undefined
}

/** A cell's text, kept as one string or as its lines; empty when it is neither. */
function sourceOf(source: unknown): string {
  if (Array.isArray(source)) return source.filter((s) => typeof s === 'string').join('')
  return typeof source === 'string' ? source : ''
}

/**
 * Parses a notebook. `NotANotebook` when the text is not one of nbformat 4, or its language is neither Python nor R.
 */
export function readNotebook(text: string): Notebook {
  let raw: Raw
  try {
    raw = JSON.parse(text) as Raw
  } catch {
    throw new NotANotebook('not JSON')
  }
  if (typeof raw !== 'object' || raw === null || raw.nbformat !== 4 || !Array.isArray(raw.cells))
    throw new NotANotebook('not a notebook of nbformat 4')
  const named =
    [raw.metadata?.kernelspec?.language, raw.metadata?.language_info?.name, raw.metadata?.kernelspec?.name]
      .find((n): n is string => typeof n === 'string')
      ?.toLowerCase() ?? 'python'
  const language = languageOf(named)
  if (language === undefined) throw new NotANotebook('neither Python nor R')
  const cells: Cell[] = []
  for (const cell of raw.cells as { cell_type?: unknown; source?: unknown }[]) {
    if (cell?.cell_type !== 'code') continue
    const source = sourceOf(cell.source)
    cells.push({ cell: cells.length + 1, source: language === 'python' ? plain(source) : source })
  }
  return { language, cells }
}
