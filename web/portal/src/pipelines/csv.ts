/**
 * The head of a table as text: quotes of RFC 4180, commas, semicolons or tabs, whichever the first line has most of. A
 * line that was cut off is left out.
 */
export function parseCsv(text: string, whole: boolean, most = 5000): { columns: string[]; rows: string[][] } {
  const head = text.slice(0, text.indexOf('\n') < 0 ? undefined : text.indexOf('\n'))
  const separator = [',', ';', '\t'].toSorted((a, b) => head.split(b).length - head.split(a).length)[0]!
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  const end = (): void => {
    row.push(cell)
    cell = ''
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  for (let i = text.charCodeAt(0) === 0xfeff ? 1 : 0; i < text.length && rows.length <= most; i++) {
    const char = text[i]!
    if (quoted) {
      if (char === '"') {
        if (text[i + 1] === '"') {
          cell += char
          i++
        } else quoted = false
      } else cell += char
    } else if (char === '"') quoted = true
    else if (char === separator) {
      row.push(cell)
      cell = ''
    } else if (char === '\n') end()
    else if (char !== '\r') cell += char
  }
  if (whole && rows.length <= most && (cell !== '' || row.length > 0)) end()
  return { columns: rows[0] ?? [], rows: rows.slice(1) }
}
