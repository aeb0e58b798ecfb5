/**
 * Notebooks as text: cells under `# %%` lines (the percent format that editors know), so that a notebook is edited like
 * a script. Outputs are dropped on the way: they could hold data, and they are no part of a question.
 */
interface Cell {
  cell_type: string
  source: string | string[]
  [more: string]: unknown
}
interface Notebook {
  cells: Cell[]
  nbformat: number
  nbformat_minor: number
  metadata: Record<string, unknown>
}

const sourceOf = (c: Cell): string => (Array.isArray(c.source) ? c.source.join('') : c.source)
const divider = /^# ?%%.*$/
/** First line of the text of a notebook in R. */
const kernelR = '# kernel: R'
const isR = (notebook: Partial<Notebook>): boolean => {
  const metadata = notebook.metadata as
    | { kernelspec?: { language?: string; name?: string }; language_info?: { name?: string } }
    | undefined
  return /^(r|ir)$/i.test(
    metadata?.kernelspec?.language ?? metadata?.language_info?.name ?? metadata?.kernelspec?.name ?? '',
  )
}

/** The text of a notebook's JSON. Throws an error that a person can read. */
export function textOfNotebook(json: string): string {
  let notebook: Partial<Notebook>
  try {
    notebook = JSON.parse(json) as Partial<Notebook>
  } catch (cause) {
    throw new Error('This is not a notebook: it is not JSON.', { cause })
  }
  if (!Array.isArray(notebook.cells)) throw new Error('This is not a notebook of format 4: it has no cells.')
  const head = isR(notebook) ? `${kernelR}\n` : ''
  return (
    head +
    notebook.cells
      .filter((c) => c.cell_type === 'code' || c.cell_type === 'markdown')
      .map((cell) => {
        const source = withoutLastBreaks(sourceOf(cell))
        return cell.cell_type === 'markdown'
          ? `# %% [markdown]\n${source
              .split('\n')
              .map((l) => `# ${l}`.trimEnd())
              .join('\n')}`
          : `# %%\n${source}`
      })
      .join('\n\n') +
    '\n'
  )
}

/** A text without the line breaks at its end. */
function withoutLastBreaks(text: string): string {
  let end = text.length
  while (text[end - 1] === '\n') end--
  return text.slice(0, end)
}

/**
 * Cells of the text with the line (from 1) at which each one's source begins. Lines before the first divider are a cell
 * as well.
 */
export function cellsOf(text: string): { kind: 'code' | 'markdown'; source: string; line: number }[] {
  const cells: { kind: 'code' | 'markdown'; lines: string[]; line: number }[] = []
  text.split('\n').forEach((line, index) => {
    if (divider.test(line))
      cells.push({ kind: line.includes('[markdown]') ? 'markdown' : 'code', lines: [], line: index + 2 })
    else if (cells.length > 0) cells.at(-1)!.lines.push(line)
    else if (line.trim() && line !== kernelR) cells.push({ kind: 'code', lines: [line], line: index + 1 })
  })
  return cells.map(({ kind, lines, line }) => {
    const plain = kind === 'markdown' ? lines.map((l) => l.replace(/^# ?/, '')) : lines
    return { kind, source: withoutLastBreaks(plain.join('\n')), line }
  })
}

/** The notebook's JSON of such a text. */
export function notebookOfText(text: string): string {
  const cells = cellsOf(text)
    .filter((c) => c.source.trim())
    .map((cell, index) => ({
      cell_type: cell.kind,
      id: `cell-${index + 1}`,
      metadata: {},
      source: cell.source.split('\n').map((l, j, all) => (j < all.length - 1 ? `${l}\n` : l)),
      ...(cell.kind === 'code' ? { execution_count: null, outputs: [] } : {}),
    }))
  const metadata = text.startsWith(kernelR)
    ? { kernelspec: { display_name: 'R', language: 'R', name: 'ir' }, language_info: { name: 'R' } }
    : {
        kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
        language_info: { name: 'python' },
      }
  return JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 })
}

/** The line of the text that a line of a cell is; cells are counted from 1 over code cells, as the runner does. */
export function lineOfCell(text: string, cell: number, line: number): number {
  const found = cellsOf(text).filter((c) => c.kind === 'code' && c.source.trim())[cell - 1]
  return found ? found.line + line - 1 : line
}
