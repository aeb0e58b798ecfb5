/** What `cloister help` and `cloister help COMMAND` print. */
import { type Command, type Group, isGroup } from './command.ts'
import { table } from './commands.ts'

/** What is typed after the program's name: `dataset list | show DATASET`. */
export function usageOf(entry: Command | Group): string {
  if (!isGroup(entry)) return entry.usage
  return entry.usage ?? `${entry.name} ${entry.commands.map(({ usage }) => usage).join(' | ')}`
}

/** All commands, one a line, and what holds for each of them. */
export const overview =
  (): string => `cloister: publish studies, fetch results, ask datasets, run pipelines, verify the audit chain

${table.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join('\n')}

Everywhere: --server URL (or CLOISTER_SERVER), --json for programs, --help.
CLOISTER_TOKEN is used instead of the stored sign-in.
Exit codes: 0 done, 1 the answer is no (an error in the study, a broken chain, nothing to open), 2 wrong use, 3 sign in first, 4 refused, 5 server not reached.
"cloister help COMMAND" says more.`

/** Usage, summary and details of a command or a group. */
export const helpOf = (entry: Command | Group): string =>
  [`cloister ${usageOf(entry)}\n`, `${entry.summary}.`, ...rowsOf(entry), ...(entry.detail ? [entry.detail] : [])].join(
    '\n',
  )

/** The lines of a group's commands: what to type on the left; its meaning, maybe of several lines, in one column. */
function rowsOf(entry: Command | Group): string[] {
  if (!isGroup(entry)) return []
  const column = entry.column ?? 0
  return entry.commands
    .flatMap(({ rows }) => rows ?? [])
    .map(([typed, meaning]) =>
      meaning === undefined
        ? `  ${typed}`
        : `  ${typed}`.padEnd(column) + meaning.replaceAll('\n', `\n${' '.repeat(column)}`),
    )
}
