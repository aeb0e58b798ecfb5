/** How the command line words and lays out what it shows. */

/** Text from elsewhere without the control characters that would steer a terminal; each becomes U+FFFD. */
export const tame = (text: string): string =>
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')

/** Columns padded to the widest cell, in characters; the last is not padded. Cells are tamed. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => tame(String(cell))))
  const widths = head.map((_, i) => Math.max(...lines.map((line) => [...(line[i] ?? '')].length)))
  const padded = (cell: string, i: number): string =>
    i === head.length - 1 ? cell : cell + ' '.repeat(widths[i]! - [...cell].length)
  return lines.map((line) => line.map(padded).join('  ').trimEnd()).join('\n')
}

/** "1 run", "2 runs", "1,000 runs". */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`

/** Bytes in MB of a million: "1.5 MB". */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** Bytes in kB of a thousand, from a million on in MB. */
export const byteSize = (bytes: number): string => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : megabytes(bytes))

/** The day of an ISO time in UTC: "2026-03-01". */
export const day = (time: string): string => time.slice(0, 10)

/** The minute of an ISO time in UTC: "2026-03-01 09:05". */
export const minute = (time: string): string => time.slice(0, 16).replace('T', ' ')

/** The second of an ISO time in UTC: "2026-03-01 09:05:07". */
export const second = (time: string): string => time.slice(0, 19).replace('T', ' ')

/** A fault of a file, by its place in it. */
export interface Fault {
  /** JSON pointer into the file. */
  path: string
  message: string
  expected?: string | undefined
}

/** Each fault with its place in the file, and what was expected there. */
export function faultLines(file: string, faults: readonly Fault[]): string {
  const expected = (fault: Fault): string => (fault.expected ? `\n    Expected: ${tame(fault.expected)}` : '')
  return faults.map((fault) => `  ${file}#${tame(fault.path)}\n    ${tame(fault.message)}${expected(fault)}`).join('\n')
}

/** Faults of a table's columns; a fault of no column stands alone. */
export const columnFaultLines = (faults: readonly { column?: string | undefined; message: string }[]): string[] =>
  faults.map(({ column, message }) => `  ${column === undefined ? '' : `${tame(column)}: `}${tame(message)}`)
